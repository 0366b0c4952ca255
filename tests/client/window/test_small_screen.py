"""The window on the smallest screen that people have, 1024 × 600: nothing of it is cut, in both languages."""

import time
from pathlib import Path

import pytest

from tests.client.engine.fake_server import SECONDS, STREAM_ID, FakeServer
from tests.client.pulse import PulseServer
from tests.client.window.conftest import MICROPHONE
from tests.client.window.desktop import Desktop
from tests.client.window.program import Program

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

WIDTH, HEIGHT = 1024, 600
# What desktops with a panel leave of it.
PANEL_HEIGHT = 27
# The width of a field is its own choice: it scrolls.
SCROLLING = ("TEntry", "TCombobox")


def cut(program: Program) -> list[str]:
    """Return what does not fit: into the screen, into the window, or into its own place."""
    window, *widgets = (each for each in program.widgets if each["kind"] not in ("Menu", "Listbox"))
    right, bottom = window["x"] + window["width"], window["y"] + window["height"]
    found = []
    if window["x"] < 0 or right > WIDTH or bottom > HEIGHT - PANEL_HEIGHT:
        found.append(f"the window ends at {right}, {bottom}")
    for each in widgets:
        name = f"{each['kind']} {each.get('text', each['path'])!r}"
        if each["x"] + each["width"] > right or each["y"] + each["height"] > bottom:
            found.append(f"{name} is outside of the window")
        if each["kind"] not in SCROLLING and each["width"] < each["reqwidth"]:
            found.append(f"{name} is {each['reqwidth'] - each['width']} pixels too narrow")
        if each["height"] < each["reqheight"]:
            found.append(f"{name} is {each['reqheight'] - each['height']} pixels too low")
    return found


def check(program: Program, state: str) -> None:
    """Wait until everything fits: Tk lays out a moment after a text has changed."""
    deadline = time.monotonic() + SECONDS
    while found := cut(program):
        assert time.monotonic() < deadline, f"{state}: {found}"
        time.sleep(0.1)


def test_nothing_is_cut_in_either_state_and_language(pulse: PulseServer, tmp_path: Path) -> None:
    languages = (("en", "Русский", "Settings", "Start"), ("ru", "English", "Настройки", "Начать эфир"))
    with FakeServer() as server, Desktop(tmp_path, width=WIDTH, height=HEIGHT) as desktop:
        options = ["--language", "en", "--server", server.url]
        with Program(desktop, tmp_path, *options, environment=pulse.environment) as program:
            program.choose("Input", MICROPHONE)
            for language, other, settings, start in languages:
                program.wait_for_text(start)
                check(program, f"setting up, {language}")
                program.press(settings)
                program.wait_for_text(f"{settings} ▾")
                check(program, f"with settings, {language}")
                program.press(settings)
                program.wait_for_text(f"{settings} ▸")
                program.press(other)
            program.wait_for_text("Off air")
            program.press("Start streaming")
            program.wait(lambda: program.link.endswith(STREAM_ID), "the link")
            program.wait_for_text("ON AIR")
            check(program, "on air, en")
            program.press("Русский")
            program.wait_for_text("В ЭФИРЕ")
            program.wait_for_text("English")
            check(program, "on air, ru")
            assert not any("Start" in text or "Settings" in text for text in program.texts)
