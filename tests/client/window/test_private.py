"""A private broadcast of the window: the code is there to be read aloud, on the smallest screen too."""

import re
from pathlib import Path

import pytest
import requests

from tests.client.pulse import PulseServer
from tests.client.window.conftest import MICROPHONE
from tests.client.window.desktop import Desktop
from tests.client.window.program import Program
from tests.client.window.test_small_screen import HEIGHT, WIDTH, check
from tests.support.processes.server import AudiocastServer

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

CODE = re.compile(r"[a-z]{6}-[a-z]{6}-[a-z]{6}")


def code_of(program: Program) -> str:
    """Return the code that is shown; "" for none."""
    found = [text for text in program.texts if CODE.fullmatch(text)]
    return found[0] if found else ""


def test_the_window_shows_the_code_of_a_private_broadcast(pulse: PulseServer, tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    with (
        AudiocastServer(tmp_path / "server.log") as server,
        Desktop(tmp_path, width=WIDTH, height=HEIGHT) as desktop,
        Program(
            desktop,
            tmp_path,
            "--language",
            "en",
            "--server",
            server.base,
            environment={**pulse.environment, "BROWSER": f"{browser} %s"},
        ) as program,
    ):
        program.choose("Input", MICROPHONE)
        program.choose("For", "Private: with a code")
        check(program, "setting up, private")
        program.press("Start streaming")
        program.wait_for_text("ON AIR")
        program.wait(lambda: bool(code_of(program)), "the code")
        check(program, "on air, private, en")
        program.screenshot(tmp_path / "private.png")
        link = program.link
        assert requests.get(link, headers={"Accept": "text/html"}, timeout=10).status_code == 401
        let_in = requests.Session().post(f"{link}/code", data={"code": code_of(program)}, timeout=10)
        assert (let_in.status_code, let_in.url) == (200, link)
        # Who broadcasts it needs no code.
        program.press("Open")
        program.wait(opened.exists, "a browser")
        page = requests.get(opened.read_text().strip(), headers={"Accept": "text/html"}, timeout=10)
        assert (page.status_code, page.url) == (200, link)
        # The window knows of its listeners by its key, though the stream is hidden from others.
        program.wait(lambda: "0" in program.texts, "the number of listeners")
        program.press("Русский")
        program.wait_for_text("Эфир закрыт")
        check(program, "on air, private, ru")
        program.press("English")
        program.wait_for_text("Private: listeners")
        program.press("Stop streaming")
        program.wait_for_text("End the broadcast?")
        program.press("End it")
        program.wait_for_text("Off air")
        assert code_of(program) == ""
