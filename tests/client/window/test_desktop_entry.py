"""The desktop entry and the icon: valid, and in agreement with the program."""

import configparser
import subprocess
import tomllib
from pathlib import Path

import png
import pytest

from tk_streamer.window.app import ICON_SIDES_PX, WINDOW_CLASS

ROOT = Path(__file__).parents[3]
ENTRY = ROOT / "deploy" / "desktop" / "audiocast.desktop"
ICONS = ROOT / "clients" / "tk_streamer" / "window" / "icons"


def test_the_entry_is_valid() -> None:
    done = subprocess.run(["desktop-file-validate", ENTRY], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_entry_names_the_program_and_its_window() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ENTRY, encoding="utf-8")
    entry = parser["Desktop Entry"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert entry["Exec"] in scripts
    assert entry["StartupWMClass"] == WINDOW_CLASS


@pytest.mark.parametrize("side_px", ICON_SIDES_PX)
def test_the_icon_is_there_in_every_size(side_px: int) -> None:
    width, height, _, info = png.Reader(bytes=(ICONS / f"audiocast-{side_px}.png").read_bytes()).read()
    assert (width, height, info["alpha"]) == (side_px, side_px, True)


def test_the_icon_is_of_the_servers_family() -> None:
    server = (ROOT / "audiocast" / "web" / "static" / "icon.svg").read_text()
    ground = '<rect width="64" height="64" rx="15" fill="#b5400f"/>'
    assert ground in server
    assert ground in (ICONS / "audiocast.svg").read_text()
