"""The start page and the control page in a real browser: from a click to sound on air, and to knowing it."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.http.listener import Listener
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

ON_AIR = "You are on air"
# Far more than any piece of news takes; machines are shared.
NEWS_MS = 15_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def get_link_and_key(page: Page, server: AudiocastServer) -> tuple[str, str]:
    """Ask for a broadcast; give the stream's id and the URL to send to."""
    page.goto(server.base)
    page.locator("#title").fill("Rehearsal")
    page.locator("#public").check()
    page.locator("#create-button").click()
    expect(page.locator("#broadcast")).to_be_visible()
    stream_id = page.locator("#listen-link").input_value().rpartition("/")[2]
    key = page.locator("#ingest-key").input_value()
    return stream_id, f"{server.base}/ingest/{stream_id}?key={key}"


def choose(page: Page, source: str) -> None:
    """Choose the tab of a source."""
    page.locator(f"#sources label:has([value={source}])").click()


def shown_command(page: Page, source: str, folder: Path) -> list[str]:
    """Return the command that the page shows for a source, with a tone in a file for its music."""
    choose(page, source)
    page.locator("#command-fold > summary").click()
    tone = "ffmpeg -loglevel error -y -f lavfi -i sine=440:duration=60 music.mp3"
    subprocess.run(tone.split(), cwd=folder, check=True)
    return shlex.split(page.locator("pre.command:visible").inner_text())


def expect_on_air(page: Page) -> None:
    expect(page.locator("#air")).to_have_text(ON_AIR, timeout=NEWS_MS)
    expect(page).to_have_title(f"{ON_AIR} · audiocast")


def expect_not_on_air(page: Page, words: str) -> None:
    expect(page.locator("#air")).to_contain_text(words, timeout=NEWS_MS)
    expect(page).not_to_have_title(f"{ON_AIR} · audiocast")
    expect(page.locator("#monitor[data-stream=live]")).to_have_count(0)


@pytest.mark.parametrize("source", ["file", "icecast"])
def test_the_command_that_is_shown_goes_on_air(
    page: Page, server: AudiocastServer, tmp_path: Path, source: str
) -> None:
    stream_id, _ = get_link_and_key(page, server)
    command = shown_command(page, source, tmp_path)
    log = (tmp_path / "ffmpeg.log").open("wb")
    with log, subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=log) as encoder:
        try:
            assert server.wait_for_state(stream_id, "live")["title"] == "Rehearsal"
            expect_on_air(page)
            page.goto(server.base)
            expect(page.locator("#streams").get_by_role("link", name="Rehearsal")).to_be_visible()
        finally:
            encoder.terminate()


def test_what_is_shown_for_icecast_programs_is_what_one_of_them_needs(
    page: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    stream_id, keyed_url = get_link_and_key(page, server)
    key = keyed_url.partition("?key=")[2]
    choose(page, "icecast")
    # What has the key in it is not seen before one asks.
    for hidden in ("#command", "#access-password"):
        assert key not in page.locator(hidden).inner_text()
    expect(page.locator("#ingest-key")).to_have_attribute("type", "password")
    page.locator("#copy-access-password").click()
    expect(page.locator("#copy-access-password")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.locator("#show-key").click()
    expect(page.locator("#ingest-key")).to_have_attribute("type", "text")
    shown = {}
    for field in ("host", "port", "mount", "user", "password"):
        page.locator(f"#copy-access-{field}").click()
        expect(page.locator(f"#copy-access-{field}")).to_have_text("Copied")
        shown[field] = page.evaluate("navigator.clipboard.readText()")
        assert shown[field] == page.locator(f"#access-{field}").inner_text()
    assert shown["user"] == "source"
    expect(page.locator("#access-tls")).to_be_hidden()
    tone = "ffmpeg -loglevel error -re -f lavfi -i sine -c:a libopus -page_duration 20000 -f ogg -"
    forward = ["oggfwd", shown["host"], shown["port"], shown["password"], shown["mount"]]
    with (
        (tmp_path / "oggfwd.log").open("wb") as log,
        subprocess.Popen(tone.split(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as encoder,
        subprocess.Popen(forward, stdin=encoder.stdout, stdout=log, stderr=log),
    ):
        try:
            server.wait_for_state(stream_id, "live")
            expect_on_air(page)
        finally:
            encoder.terminate()


def test_icecast_programs_are_told_of_tls_and_its_port(page: Page, tmp_path: Path) -> None:
    links = {"STREAM_SCHEME": "https", "STREAM_DOMAIN": "radio.example.org"}
    with AudiocastServer(tmp_path / "server.log", **links) as server:
        get_link_and_key(page, server)
        choose(page, "icecast")
        expect(page.locator("#access-host")).to_have_text("radio.example.org")
        expect(page.locator("#access-port")).to_have_text("443")
        expect(page.locator("#access-tls")).to_be_visible()
        assert "-tls 1" in str(page.locator("#command").text_content())
        choose(page, "file")
        expect(page.locator("#access")).to_be_hidden()


def test_the_page_says_whether_one_is_on_air(page: Page, tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", SOURCE_GRACE_SECONDS=6) as server:
        stream_id, keyed_url = get_link_and_key(page, server)
        expect_not_on_air(page, "waiting")
        heading = page.locator("#broadcast-heading")
        expect(heading).to_have_text("“Rehearsal” is ready")
        with EncoderProcess(keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
            expect_on_air(page)
            expect(heading).to_have_text("“Rehearsal” is on air")
            expect(page.locator("#air-facts")).to_contain_text("0 listeners")
            expect(page.locator("#air-delay")).to_be_hidden()
            with Listener(server.port, f"/stream/{stream_id}"):
                expect(page.locator("#air-facts")).to_contain_text("1 listener", timeout=NEWS_MS)
        expect_not_on_air(page, "listeners hear silence")
        expect_not_on_air(page, "ended")
        expect(heading).to_have_text("“Rehearsal” is over")


def test_nobody_is_called_on_air_by_a_server_that_is_silent(
    page: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    _, keyed_url = get_link_and_key(page, server)
    with EncoderProcess(keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        expect_on_air(page)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            expect_not_on_air(page, "No answer from the server")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        expect_on_air(page)
    server.stop(signal.SIGKILL)
    expect_not_on_air(page, "No answer from the server")


def test_a_broadcaster_with_long_pages_is_told_what_they_cost(
    browser: Browser, server: AudiocastServer, tmp_path: Path
) -> None:
    page = browser.new_page(locale="ru-RU")
    get_link_and_key(page, server)
    command = shown_command(page, "file", tmp_path)
    at = command.index("-page_duration")
    del command[at : at + 2]
    delay = page.locator("#air-delay")
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as encoder:
        try:
            expect(delay).to_contain_text("порциями по 1000 мс", timeout=NEWS_MS)
            page.locator("#language-switch").click()
            expect(delay).to_contain_text("1000 ms of sound at a time")
            expect(delay).to_contain_text("-page_duration 20000")
        finally:
            encoder.terminate()
    expect(delay).to_be_hidden(timeout=NEWS_MS)
    page.close()


@pytest.fixture
def opus_server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "opus.log", INGEST_FORMATS="none") as server:
        yield server


def test_a_broadcaster_whose_encoder_sends_another_format_is_told_what_to_choose(
    page: Page, opus_server: AudiocastServer, tmp_path: Path
) -> None:
    _, keyed_url = get_link_and_key(page, opus_server)
    refusal = page.locator("#air-refusal")
    expect(refusal).to_be_hidden()
    for codec, container, name in (
        ("libmp3lame", "mp3", "MP3"),
        ("aac", "adts", "AAC"),
        ("flac", "flac", "FLAC"),
        ("libvorbis", "ogg", "Vorbis"),
        ("pcm_s16le", "wav", "WAV"),
        ("libopus", "webm", "WebM"),
    ):
        tone = "ffmpeg -v quiet -re -f lavfi -i sine=440:duration=60"
        command = [*tone.split(), "-c:a", codec, "-f", container, "-method", "POST", keyed_url]
        with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL) as encoder:
            expect(refusal).to_contain_text(re.compile(f"got .*{name}", re.IGNORECASE), timeout=NEWS_MS)
            encoder.kill()
    expect(refusal).to_contain_text("Choose Ogg Opus in the encoder")
    page.locator("#language-switch").click()
    expect(refusal).to_contain_text("Выберите в кодировщике Ogg Opus")
    with EncoderProcess(keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        expect(refusal).to_be_hidden(timeout=NEWS_MS)


def test_a_token_is_asked_for_when_the_server_wants_one(browser: Browser, tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", API_TOKENS="a-token-for-this-test") as server:
        page = browser.new_page(locale="ru-RU")
        page.goto(server.base)
        create = page.locator("#create-button")
        create.click()
        page.locator("#token").fill("wrong")
        create.click()
        expect(page.locator("#start-trouble")).not_to_be_empty()
        page.locator("#token").fill("a-token-for-this-test")
        create.click()
        expect(page.locator("#broadcast")).to_be_visible()
        assert page.locator("#ingest-key").input_value().startswith("ac1.")
        # With a token an address can be chosen, and is the same every time.
        page.goto(server.base)
        create.click()
        page.locator("#token").fill("a-token-for-this-test")
        page.locator("#stream-id").fill("friday-show")
        create.click()
        expect(page.locator("#listen-link")).to_have_value(f"{server.base}/listen/friday-show")
        page.close()


def test_without_scripts_the_page_still_says_how_to_begin(browser: Browser, server: AudiocastServer) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(server.base)
    command = page.locator("noscript pre")
    expect(command).to_be_visible()
    expect(command).to_have_text(f"curl -X POST {server.base}/api/start")
    expect(page.locator("#start-form")).to_be_hidden()
    page.close()
