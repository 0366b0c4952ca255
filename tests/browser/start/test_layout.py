"""The start page as it lies on a phone and on a desk: the server has made its tiles, and nothing moves."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.late_script import NEWS_MS, LateScript
from tests.browser.page_states import StreamsInEachState, play, streams_in_each_state

pytestmark = pytest.mark.realtime

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
LANGUAGES = {"en": "en-US", "ru": "ru-RU"}

# What a visitor who was here before has in this browser.
OWN = [{"stream_id": "abc", "ingest_key": "ac1..x", "title": "Morning", "kept_at": 1_801_422_000}]
KEPT = f"localStorage.setItem('audiocast.broadcasts', {json.dumps(json.dumps(OWN))})"

# Of each tile what it says, how many lines its title has, and whether its picture is there.
TILES = """[...document.querySelectorAll("#streams > li")].map((tile) => {
  const title = tile.querySelector(".title");
  const picture = tile.querySelector("img");
  return {
    text: [".title", ".track", ".status", ".listeners"].map((each) =>
      tile.querySelector(each).textContent.trim()),
    lines: Math.round(title.clientHeight / parseFloat(getComputedStyle(title).lineHeight)),
    hasPicture: picture.complete && picture.naturalWidth > 0,
    height: tile.getBoundingClientRect().height,
  };
})"""
OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG = "Saturday night at the Philharmonic with the whole orchestra, " * 3


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamsInEachState]:
    with streams_in_each_state(tmp_path_factory.mktemp("streams")) as streams:
        yield streams


def open_page(browser: Browser, language: str, size: ViewportSize) -> Page:
    return browser.new_context(locale=LANGUAGES[language], viewport=size).new_page()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_moves_when_the_script_comes_late(
    browser: Browser, streams: StreamsInEachState, language: str, size: ViewportSize
) -> None:
    page = open_page(browser, language, size)
    late = LateScript(page, "home/page.js")
    for about, script in (("stranger", ""), ("guest", KEPT)):
        page.add_init_script(script)
        with late.opened(streams.server.base):
            made_by_server = page.evaluate(TILES)
        expect(page.locator("#streams-remark")).to_be_empty(timeout=NEWS_MS)
        late.paint()
        late.check(f"{about} {language}")
        # Each tile says the same, except in another language, and is where it was.
        assert len(made_by_server) == 2
        if language == "en":
            said = [tile["text"] for tile in page.evaluate(TILES)]
            assert said == [tile["text"] for tile in made_by_server]
    page.context.close()


def test_tiles_have_covers_and_titles_of_two_lines_at_most(
    browser: Browser, streams: StreamsInEachState
) -> None:
    server, live = streams.server, streams.live
    page = open_page(browser, "en", PHONE)
    page.goto(server.base)
    server.edit_stream(live, title=LONG)
    play(server, live, "The Academy of Saint Martin in the Fields", "Concerto " * 15)
    try:
        page.reload()
        expect(page.locator("#streams .title").filter(has_text="Philharmonic")).to_be_visible()
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            page.locator("#streams").scroll_into_view_if_needed()
            expect(page.locator("#streams img").first).to_be_visible()
            tiles = wait_for_pictures(page)
            assert max(tile["lines"] for tile in tiles) == 2
            # A long title and a track, or neither: as high.
            assert len({tile["height"] for tile in tiles}) == 1, tiles
            assert page.evaluate(OVERFLOW_PX) <= 0
    finally:
        server.edit_stream(live, title="Evening")
    page.context.close()


def wait_for_pictures(page: Page) -> list[dict[str, int]]:
    """Return the tiles once their covers are there."""
    tiles: list[dict[str, int]] = []
    for _ in range(200):
        tiles = page.evaluate(TILES)
        if all(tile["hasPicture"] for tile in tiles):
            return tiles
        page.wait_for_timeout(50)
    raise AssertionError(f"no pictures: {tiles}")


def test_tiles_are_there_without_scripts(browser: Browser, streams: StreamsInEachState) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(streams.server.base)
    link = page.locator("#streams").get_by_role("link", name="Evening")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == f"/listen/{streams.live.stream_id}"
    page.close()
