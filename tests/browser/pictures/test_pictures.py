"""Ten pages look as they did: a button that has moved is seen, and so is what lies over another thing.

What survives another machine and a Chromium update: each page is set in a font of Debian's, with the same
words, without pictures and movement (`looks`), and compared as a coarse picture (`coarse`), of which a few
squares may differ. So fonts, the smoothing of edges, and how a browser draws its ticks do not count; places,
sizes, colours, lines and what lies over what do. `make pictures PICTURES_ARGS=--expected` remakes what is
expected.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.page_states import StreamsInEachState, streams_in_each_state
from tests.browser.pictures.coarse import MOST_SQUARES, CoarsePicture, check_same
from tests.browser.pictures.compared import EXPECTED, LOOKS, MADE, STATES, opened_still, still_pictures
from tests.browser.pictures.looks import FLAG, still_picture

pytestmark = pytest.mark.realtime

# What comes late, as news of the server does, may be in the picture the next time.
TRIES = 3

MOVES = {
    "#create-button": "position: relative; top: 6px",
    "#go-live": "position: relative; left: 8px",
    ".tile": "background: #c33",
    "#language-switch": "visibility: hidden",
    "#own-command": "font-size: 60px",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, FLAG])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamsInEachState]:
    with streams_in_each_state(tmp_path_factory.mktemp("streams")) as streams:
        yield streams


@pytest.mark.parametrize("state", STATES)
def test_a_page_looks_as_it_did(browser: Browser, streams: StreamsInEachState, state: str) -> None:
    for _ in range(TRIES):
        seen = {name: CoarsePicture.of(each) for name, each in still_pictures(browser, streams, state)}
        if all(len(seen[name].differences(expected(name))) <= MOST_SQUARES for name in seen):
            break
    for name, picture in seen.items():
        print(name, len(picture.differences(expected(name))))
        check_same(picture, expected(name), name, MADE / "differences")


def expected(name: str) -> CoarsePicture:
    return CoarsePicture.read((EXPECTED / f"{name}.png").read_bytes())


def test_what_has_moved_is_seen(browser: Browser, streams: StreamsInEachState, tmp_path: Path) -> None:
    look, name = LOOKS[0], f"home-{LOOKS[0]}"
    with opened_still(browser, streams, "home") as page:
        page.evaluate("document.head.append(Object.assign(document.createElement('style'), {id: 'moved'}))")
        for selector, how in MOVES.items():
            rule = f"{selector} {{ {how} }}"
            page.locator("#moved").evaluate("(style, rule) => style.textContent = rule", rule)
            seen = CoarsePicture.of(still_picture(page, look))
            print(rule, len(seen.differences(expected(name))))
            with pytest.raises(AssertionError, match="squares"):
                check_same(seen, expected(name), name, tmp_path)
            assert (tmp_path / f"{name}-marked.png").exists()


def test_a_picture_is_the_same_as_itself_and_as_itself_read_again() -> None:
    squares = CoarsePicture(2, (bytes(6), bytes([255] * 6)))
    assert CoarsePicture.read(squares.as_png()) == squares
    assert squares.differences(squares) == []
    longer = CoarsePicture(2, (*squares.rows, bytes(6)))
    assert squares.differences(longer) == [(0, 2), (1, 2)]
    paler = CoarsePicture(2, (bytes([16] * 6), bytes([255] * 6)))
    assert squares.differences(paler) == []
    assert squares.differences(CoarsePicture(2, (bytes([17] * 6), bytes([255] * 6)))) == [(0, 0), (1, 0)]
