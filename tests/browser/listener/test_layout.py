"""The listener's page as it lies on all screens: nothing moves, the button is always in sight."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import png
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.late_script import LateScript
from tests.browser.page_states import StreamsInEachState, play, streams_in_each_state
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import Started

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
SIZES: tuple[ViewportSize, ...] = (
    {"width": 320, "height": 568},
    PHONE,
    {"width": 844, "height": 390},
    {"width": 1024, "height": 600},
    DESKTOP,
)
# Characters of titles, up to the most that there may be.
LENGTHS = (1, 20, 57, 130, 200)
WORDS = "Saturday night at the Philharmonic with the whole orchestra, "
LONG_TRACK = (
    "The Academy of Saint Martin in the Fields",
    "Concerto for two violins and strings in D minor " * 2,
)

LANGUAGES = {"en": "en-US", "ru": "ru-RU"}

DISC_PX = 72
MOST_TITLE_LINES = 4

NEWS_MS = 15_000

SHOWN = """Object.fromEntries(
  ["status", "listeners", "title", "now-playing-text", "listen-button-text", "note"].map((id) => {
    const element = document.getElementById(id);
    return [id, element.textContent.trim()];
  }))"""
# The disc, and whether a finger on its middle and its four sides meets the button.
DISC = """(() => {
  const { left, right, top, bottom } = document.querySelector("#listen-button .disc").getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const points = [[x, y], [left + 4, y], [right - 4, y], [x, top + 4], [x, bottom - 4]];
  const isMet = points.every((point) => document.elementFromPoint(...point)?.closest("#listen-button"));
  return { left, right, top, bottom, isMet, scrolled: scrollY };
})()"""
TITLE_LINES = """(() => {
  const title = document.getElementById("title");
  return Math.round(title.clientHeight / parseFloat(getComputedStyle(title).lineHeight));
})()"""
OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True)
class Streams:
    """A stream in each state, and held ones with titles of all lengths."""

    each: StreamsInEachState
    titled: dict[int, Started]

    @property
    def links(self) -> dict[str, str]:
        """The listen link of a stream in each state."""
        each = self.each
        states = ("waiting", "scheduled", "live", "held", "ended")
        links = {state: str(getattr(each, state).listen_url) for state in states}
        return {
            **links,
            "long": self.titled[LENGTHS[-1]].listen_url,
            "unknown": f"{each.server.base}/listen/unknown",
        }


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streams]:
    folder = tmp_path_factory.mktemp("streams")
    with streams_in_each_state(folder) as each:
        titled = {
            length: each.server.start_stream(title=(WORDS * 4)[: length - 1] + "!") for length in LENGTHS
        }
        with ExitStack() as encoders:
            for length, started in titled.items():
                log = folder / f"{length}.log"
                encoders.enter_context(EncoderProcess(started.keyed_url, tone_hz=440, log=log))
            for started in titled.values():
                each.server.wait_for_state(started.stream_id, "live")
                play(each.server, started, *LONG_TRACK)
        # A lost source takes most words.
        for started in titled.values():
            each.server.wait_for_state(started.stream_id, "held")
        yield Streams(each, titled)


def open_page(browser: Browser, language: str, size: ViewportSize, **options: Any) -> Page:
    return browser.new_context(locale=LANGUAGES[language], viewport=size, **options).new_page()


def ready(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("body[data-script=runs]")).to_be_attached(timeout=NEWS_MS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_moves_when_the_script_comes_late(
    browser: Browser, streams: Streams, language: str, size: ViewportSize
) -> None:
    page = open_page(browser, language, size)
    late = LateScript(page, "listen/page.js")
    for state, link in streams.links.items():
        with late.opened(link):
            said_by_server = page.evaluate(SHOWN)
        late.check(f"{state} {language}")
        if language == "en":
            assert page.evaluate(SHOWN) == said_by_server, state
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_button_is_in_sight_whatever_the_title(browser: Browser, streams: Streams, language: str) -> None:
    page = open_page(browser, language, PHONE)
    for length, started in streams.titled.items():
        ready(page, started.listen_url)
        for size in SIZES:
            page.set_viewport_size(size)
            check_button(page, size, f"{length} characters")
            assert page.evaluate(TITLE_LINES) <= MOST_TITLE_LINES, (length, size)
            assert page.evaluate(OVERFLOW_PX) <= 0, (length, size)
    page.context.close()


def check_button(page: Page, size: ViewportSize, about: str) -> None:
    disc = page.evaluate(DISC)
    where = f"{about}, {size}: {disc}"
    assert disc["scrolled"] == 0
    assert disc["isMet"], where
    assert disc["right"] - disc["left"] >= DISC_PX, where
    assert disc["bottom"] - disc["top"] >= DISC_PX, where
    assert disc["left"] >= 0, where
    assert disc["top"] >= 0, where
    assert disc["right"] <= size["width"], where
    assert disc["bottom"] <= size["height"], where


def test_the_button_stays_while_one_reads_on(browser: Browser, streams: Streams) -> None:
    for size in (SIZES[0], PHONE):
        page = open_page(browser, "en", size)
        ready(page, streams.titled[130].listen_url)
        page.locator("#more > summary").click()
        for share in (0, 0.5, 1):
            page.evaluate(f"scrollTo(0, {share} * document.documentElement.scrollHeight)")
            disc = page.evaluate(DISC)
            assert disc["scrolled"] > 0 or share == 0
            assert disc["isMet"], (share, disc)
            assert 0 <= disc["top"] < disc["bottom"] <= size["height"], (share, disc)
        page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_of_twice_the_size_fits(browser: Browser, streams: Streams, language: str) -> None:
    page = open_page(browser, language, PHONE)
    for started in (streams.titled[20], streams.titled[200], streams.each.waiting):
        ready(page, started.listen_url)
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        page.locator("#more > summary").evaluate("(summary) => summary.parentElement.open = true")
        assert page.evaluate(OVERFLOW_PX) <= 0, started
        switch = page.locator("#language-switch").bounding_box()
        assert switch
        assert switch["x"] + switch["width"] <= PHONE["width"]
        check_button(page, PHONE, "text of 200 %")
    page.context.close()


def middle(page: Page, selector: str) -> tuple[int, ...]:
    """Return the colour of the middle of an element, as it is painted."""
    width, height, rows, info = png.Reader(
        file=io.BytesIO(page.locator(selector).first.screenshot())
    ).asRGB8()
    assert info["planes"] == 3
    row = list(rows)[height // 2]
    return tuple(row[3 * (width // 2) : 3 * (width // 2) + 3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_the_states_apart(
    browser: Browser, streams: Streams, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(browser, "en", PHONE, color_scheme=scheme, forced_colors="active")
    dots = {}
    for state in ("live", "waiting", "ended"):
        ready(page, streams.links[state])
        dots[state] = middle(page, ".dot")
    # A full dot, and a ring.
    assert dots["live"] != dots["waiting"] != dots["ended"], dots
    ready(page, streams.links["live"])
    page.locator("#more > summary").click()
    # At the left edge, beside the words.
    chosen, other = (f"#mode label:has([value={name}])" for name in ("live", "stable"))
    colours = {edge(page, chosen), edge(page, other)}
    assert len(colours) == 2, colours
    page.context.close()


def edge(page: Page, selector: str) -> tuple[int, ...]:
    """Return the colour that an element has in itself, left of its words."""
    _, height, rows, _ = png.Reader(file=io.BytesIO(page.locator(selector).screenshot())).asRGB8()
    return tuple(list(rows)[height // 2][3 * 8 : 3 * 9])


def test_titles_have_the_lengths_that_are_asked_for(streams: Streams) -> None:
    titles = [streams.each.server.state(each.stream_id)["title"] for each in streams.titled.values()]
    assert tuple(map(len, titles)) == LENGTHS
