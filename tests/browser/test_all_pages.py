"""What holds on every page in each of its states: nothing leaves or is cut off, axe finds nothing serious."""

from collections.abc import Iterator
from itertools import product
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.broadcaster import browser_with_microphone
from tests.browser.page_states import PAGE_STATES, TONE_HZ, StreamsInEachState, streams_in_each_state
from tests.support.audio.media import wav_file
from tests.support.processes.npm import npm_file

pytestmark = pytest.mark.realtime

AXE = npm_file("axe-core/axe.min.js")
FOUND = """async () => {
  const { violations } = await axe.run();
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}"""

OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALLEST: ViewportSize = {"width": 320, "height": 640}

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    wav = wav_file(tmp_path_factory.mktemp("microphone"), seconds=10, tone_hz=TONE_HZ)
    with browser_with_microphone(wav) as browser:
        yield browser


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamsInEachState]:
    with streams_in_each_state(tmp_path_factory.mktemp("streams")) as streams:
        yield streams


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", viewport={"width": 390, "height": 844})
    context.add_init_script(AXE.read_text())
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state", PAGE_STATES)
def test_a_page_in_each_of_its_states(page: Page, streams: StreamsInEachState, state: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    PAGE_STATES[state](page, streams)
    for language, scheme in product(("en", "ru"), SCHEMES):
        # Not by the mouse: a dialog may lie over it, and the embedded player has none.
        if page.evaluate("document.documentElement.lang") != language:
            page.evaluate("document.getElementById('language-switch')?.click()")
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(FOUND) == [], (language, scheme)
    page.set_viewport_size(SMALLEST)
    assert page.evaluate(OVERFLOW_PX) <= 0
    assert requested
    assert [url for url in requested if not url.startswith((streams.server.base, "blob:", "data:"))] == []
    assert complaints == []


def test_axe_finds_what_is_serious(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.server.base)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=x>')")
    assert any(found.startswith("image-alt") for found in page.evaluate(FOUND))
