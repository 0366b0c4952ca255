"""The sound test: every way is played, and what was heard and counted is shown. No other page loads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from audiocast.web.pages.modules import modules_of
from audiocast.web.routes import FOLDER
from tests.browser.broadcaster import NEWS_MS
from tests.browser.live_page import BROKEN_DECODERS
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
HIDDEN_MS = 1_500
WAYS = ["webcodecs", "wasm", "audio", "hls"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        locale="en-US",
        viewport={"width": 390, "height": 844},
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Policy" in message.text else None)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def live(server: AudiocastServer, tmp_path: Path) -> Iterator[Started]:
    started = server.start_stream(title="Evening")
    with EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        server.wait_for_state(started.stream_id, "live")
        yield started


def answer(page: Page, *, heard: str, hidden_ms: int = 0) -> None:
    """Listen to one step, with the page out of sight for a while, and say what was heard."""
    expect(page.locator("#trial-state")).to_have_text("Playing", timeout=NEWS_MS)
    if hidden_ms:
        page.evaluate(HIDE, True)
        page.wait_for_timeout(hidden_ms)
        page.evaluate(HIDE, False)
    page.locator(f"#heard-{heard}").click()


def sections(page: Page) -> dict[str, list[str]]:
    """Return the lines of the result by way; the facts have an empty name."""
    _, *ways = page.locator("#report").input_value().split("\n\n")
    return {way.splitlines()[0]: [line.strip() for line in way.splitlines()[1:]] for way in ways}


def test_each_way_that_a_browser_has_is_played_and_counted(page: Page, live: Started) -> None:
    page.goto(live.listen_url)
    page.locator("#more > summary").click()
    page.get_by_role("link", name="Test the sound on this device").click()
    expect(page.locator("#sound")).to_have_value(live.stream_id)
    page.locator("#start").click()
    for way in WAYS:
        answer(page, heard="all")
        answer(page, heard="broken" if way == "wasm" else "all", hidden_ms=HIDDEN_MS)
        page.locator("#skip").click()
    expect(page.locator("#result-heading")).to_be_focused()
    found = sections(page)
    assert list(found) == WAYS
    for way, lines in found.items():
        assert lines[0] == "screen on: heard all of it"
        assert f"screen locked: heard {'parts' if way == 'wasm' else 'all'} of it" in lines
        (hidden,) = (line.split() for line in lines if line.startswith("hidden: "))
        # "hidden: sound for 1.5 of 1.6 s; ..."
        assert float(hidden[5]) == pytest.approx(HIDDEN_MS / 1000, abs=1)
        assert float(hidden[3]) >= 0.5 * float(hidden[5]), (way, lines)
    page.locator("#copy-report").click()
    expect(page.locator("#copy-report")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#report").input_value()


def test_without_a_stream_a_tone_is_played_by_a_context_and_by_an_element(
    page: Page, server: AudiocastServer
) -> None:
    page.goto(f"{server.base}/selftest?stream=nobody-knows-it")
    page.locator("#start").click()
    for _ in range(2):
        answer(page, heard="all", hidden_ms=HIDDEN_MS)
        page.locator("#skip").click()
        page.locator("#skip").click()
    found = sections(page)
    assert list(found) == ["tone-context", "tone-element"]
    for lines in found.values():
        (hidden,) = (line.split() for line in lines if line.startswith("hidden: "))
        assert float(hidden[3]) >= 0.5 * float(hidden[5]), lines
    assert "sound: a tone of the page" in page.locator("#report").input_value()


def test_a_way_that_fails_is_told_and_the_next_one_is_tried(page: Page, live: Started) -> None:
    page.add_init_script(BROKEN_DECODERS["throws"])
    page.goto(f"{live.listen_url.replace('/listen/', '/selftest?stream=')}")
    expect(page.locator("#sound")).to_have_value(live.stream_id)
    page.locator("#start").click()
    expect(page.locator("#trial-state")).to_have_text("This way does not play here.", timeout=NEWS_MS)
    page.locator("#heard-none").click()
    expect(page.locator("#trial-number")).to_have_text("Way 2 of 4")
    answer(page, heard="all")
    page.locator("#stop").click()
    assert [lines[0] for lines in sections(page).values()] == [
        "screen on: heard nothing",
        "screen on: heard all of it",
    ]


def test_without_the_clipboard_the_text_is_selected(page: Page, server: AudiocastServer) -> None:
    page.add_init_script("navigator.clipboard.writeText = null; document.execCommand = () => false;")
    page.goto(f"{server.base}/selftest")
    page.locator("#start").click()
    answer(page, heard="all")
    page.locator("#stop").click()
    page.locator("#copy-report").click()
    expect(page.locator("#copy-report")).to_have_text("Selected: press Ctrl+C")
    report = "document.getElementById('report')"
    assert page.evaluate(f"{report}.selectionEnd - {report}.selectionStart === {report}.value.length")


def test_a_pause_by_the_system_is_told_and_the_next_step_plays_again(
    page: Page, server: AudiocastServer
) -> None:
    page.goto(f"{server.base}/selftest")
    page.locator("#start").click()
    answer(page, heard="all")
    page.locator("#skip").click()
    page.locator("#skip").click()
    expect(page.locator("#trial-number")).to_have_text("Way 2 of 2")
    expect(page.locator("#trial-state")).to_have_text("Playing", timeout=NEWS_MS)
    page.evaluate("document.getElementById('audio').pause()")
    expect(page.locator("#trial-state")).to_have_text("The system has paused the sound.")
    page.locator("#heard-broken").click()
    expect(page.locator("#trial-state")).to_have_text("Playing", timeout=NEWS_MS)


def test_no_other_page_loads_it() -> None:
    for script in (
        "listen/page.js",
        "listen/embed.js",
        "broadcast/page.js",
        "control/page.js",
        "home/page.js",
    ):
        modules = modules_of(FOLDER / "static", script)
        assert modules
        assert [module for module in modules if module.startswith("selftest/")] == []
