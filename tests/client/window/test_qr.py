"""The QR code as a file, read back by a program that knows nothing of ours."""

import subprocess
from pathlib import Path

import png
import pytest

from tk_streamer.window.qr import QUIET_ZONE_MODULES, dark_runs, qr_matrix, save_png

LINK = "https://radio.example.org/listen/8q9itnkhxs"


@pytest.mark.parametrize(
    "link", [LINK, "http://localhost:8000/listen/a", "https://радио.рф/listen/" + "x" * 64]
)
def test_the_saved_picture_decodes_to_the_link(link: str, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    save_png(link, path)
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == link, done.stderr


def test_the_picture_has_its_quiet_zone(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    save_png(LINK, path)
    width, height, rows, _ = png.Reader(bytes=path.read_bytes()).read()
    matrix = qr_matrix(LINK)
    assert width == height == len(matrix) * 12
    pixels = [list(row) for row in rows]
    zone = QUIET_ZONE_MODULES * 12
    assert {pixel for row in pixels[:zone] for pixel in row} == {1}
    assert {row[x] for row in pixels for x in range(zone)} == {1}
    assert pixels[zone][zone] == 0


def test_runs_cover_the_dark_modules_and_nothing_else() -> None:
    for row in qr_matrix(LINK):
        drawn = [False] * len(row)
        for first, end in dark_runs(row):
            drawn[first:end] = [True] * (end - first)
        assert drawn == row
