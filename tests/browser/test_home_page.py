"""The start page in a real browser: from a click to a command that really broadcasts."""

import shlex
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.server import AudiocastServer


def test_the_command_that_is_shown_goes_on_air(
    browser: Browser, server: AudiocastServer, tmp_path: Path
) -> None:
    music = "ffmpeg -loglevel error -f lavfi -i sine=440:duration=20 music.mp3"
    subprocess.run(music.split(), cwd=tmp_path, check=True)
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(server.base)
    page.get_by_label("Title").fill("Rehearsal")
    page.get_by_role("button", name="Get a link and a key").click()
    link = page.locator("#listen-link").input_value()
    stream_id = link.rpartition("/")[2]
    page.get_by_label("Send from").select_option(label="Music file")
    command = shlex.split(page.locator("pre.command:visible").inner_text())
    command[command.index("-i") + 1] = "music.mp3"
    log = (tmp_path / "ffmpeg.log").open("wb")
    with log, subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=log) as encoder:
        try:
            assert server.wait_for_state(stream_id, "live")["title"] == "Rehearsal"
            expect(page.get_by_role("link", name="Rehearsal")).to_be_visible(timeout=20_000)
        finally:
            encoder.terminate()
    context.close()


def test_a_token_is_asked_for_when_the_server_wants_one(browser: Browser, tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", API_TOKENS="a-token-for-this-test") as server:
        page = browser.new_page(locale="ru-RU")
        page.goto(server.base)
        create = page.locator("#create-button")
        create.click()
        page.locator("#token").fill("wrong")
        create.click()
        expect(page.locator("#start-error")).not_to_be_empty()
        page.locator("#token").fill("a-token-for-this-test")
        create.click()
        expect(page.locator("#broadcast")).to_be_visible()
        assert page.locator("#ingest-key").input_value().startswith("ac1.")
        page.close()
