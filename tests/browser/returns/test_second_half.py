"""The second half of a show: what its broadcaster changes, and what listeners see and hear of it."""

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.broadcaster import NEWS_MS, end, go_live
from tests.browser.returns.conftest import TONE_HZ
from tests.client.sound import SAMPLE_RATE, time_share
from tests.programs.heard import decoded
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

MOST_OF_THE_TIME = 0.5
# Opens an address in a context of its own.
OpenPage = Callable[[str], Page]
# Of 32,768: far less than any tone of the file.
QUIET = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("half") / "server.log") as server:
        yield server


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages of different people; no script of theirs fails."""
    contexts, problems = list[BrowserContext](), list[str]()

    def open_one(url: str) -> Page:
        contexts.append(browser.new_context(locale="en-US", permissions=["microphone"]))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def shows(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_contain_text(text, timeout=NEWS_MS)


def test_the_page_that_sends_mutes_renames_and_asks_before_the_end(
    open_page: OpenPage, server: AudiocastServer
) -> None:
    page = open_page(f"{server.base}/broadcast")
    stream_id = go_live(page, "Evening")
    listens = open_page(f"{server.base}/listen/{stream_id}")
    path = f"/stream/{stream_id}?preroll=0&latency=low"
    with Listener(server.port, path) as listener, Listener(server.port, path):
        listener.wait_for_audio(0.5)
        page.locator("#mute").click()
        shows(page, "#air", "You are on air, muted")
        shows(page, "#note", "You are muted")
        shows(listens, "#note", "Back in a moment")
        expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")

        # Whatever the server knows of it, the page sends nothing of the sound, and mutes again.
        key = page.url.rpartition("/")[2]
        url = f"{server.base}/api/streams/{stream_id}"
        assert requests.patch(url, json={"muted": False}, params={"key": key}, timeout=10).ok
        listener.wait_for_audio(listener.capture().seconds + 2)
        shows(page, "#air", "You are on air, muted")
        assert server.state(stream_id)["muted"]
        assert max(map(abs, decoded(listener.body)[-SAMPLE_RATE:])) < QUIET

        page.locator("#mute").click()
        expect(page.locator("#air")).to_have_text("You are on air", timeout=NEWS_MS)
        expect(listens.locator("#note")).not_to_contain_text("Back in a moment", timeout=NEWS_MS)
        listener.wait_for_audio(listener.capture().seconds + 2)
        assert time_share(decoded(listener.body)[-SAMPLE_RATE:], TONE_HZ) > MOST_OF_THE_TIME

        page.locator("#playing-artist").fill("Artist")
        page.locator("#playing-title").fill("Track")
        page.locator("#playing-title").press("Enter")
        shows(listens, "#now-playing-text", "Artist — Track")
        page.locator("#name").fill("Late evening")
        page.get_by_role("button", name="Rename").click()
        shows(listens, "#title", "Late evening")
        shows(page, "#headline", "Late evening")
        shows(page, "#air-facts", "2 listeners · at most 2")

        page.locator("#end").click()
        page.locator("#end-no").click()
        expect(page.locator("#end-dialog")).to_be_hidden()
        listener.wait_for_audio(listener.capture().seconds + 0.5)
        assert server.state(stream_id)["state"] == "live"
        end(page)
    shows(page, "#air-recap", "Most listeners at once: 2.")
    shows(page, "#air-recap", "It was on for 0:00:")
    # The next show begins with the sound on, and nothing of the last one is told.
    page.locator("#again").click()
    assert go_live(page) == stream_id
    expect(page.locator("#air")).to_have_text("You are on air")
    expect(page.locator("#air-recap")).to_be_hidden()
    end(page)


def test_the_control_page_mutes_any_encoder(open_page: OpenPage, server: AudiocastServer) -> None:
    started = server.start_stream(title="Morning")
    control = open_page(f"{server.base}/control/{started.stream_id}#{started.ingest_key}")
    control.on("dialog", lambda dialog: dialog.accept())
    expect(control.locator("#mute")).to_be_disabled()
    listens = open_page(f"{server.base}/listen/{started.stream_id}")
    with PacedSource(started.keyed_url, numbered_audio(seconds=120)):
        expect(control.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
        control.locator("#mute").click()
        shows(control, "#mute-text", "Unmute")
        shows(listens, "#note", "Back in a moment")
        listens.locator("#language-switch").click()
        shows(listens, "#note", "Скоро вернёмся")
        control.locator("#mute").click()
        shows(control, "#mute-text", "Mute")
        expect(listens.locator("#note")).not_to_contain_text("Скоро", timeout=NEWS_MS)
        control.locator("#playing-artist").fill("Artist")
        control.locator("#playing-title").fill("Track")
        control.get_by_role("button", name="Show to listeners").click()
        shows(listens, "#now-playing-text", "Artist — Track")
        control.locator("#name").fill("Late morning")
        control.get_by_role("button", name="Rename").click()
        shows(listens, "#title", "Late morning")
        shows(control, "#broadcast-heading", "Late morning")
        control.get_by_role("button", name="End the broadcast").click()
        shows(control, "#air-recap", "It was on for 0:00:")
    # A key that is good no more: said in words, and nothing is renamed.
    control.locator("#close").click()
    control.locator("#name").fill("Never")
    control.get_by_role("button", name="Rename").click()
    shows(control, "#show-trouble", "The server refused:")
    shows(control, "#broadcast-heading", "Late morning")
