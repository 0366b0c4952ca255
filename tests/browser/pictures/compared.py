"""The ten pages that are compared with how they looked, and the pictures that they are compared by."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.page_states import PAGE_STATES, StreamsInEachState
from tests.browser.pictures.looks import STILL, Look, opened, still_picture

EXPECTED = Path(__file__).parent / "expected"
MADE = Path(__file__).parents[3] / "build/pictures"

STATES = (
    "home",
    "home_more",
    "control",
    "broadcast_quiet",
    "listen_scheduled",
    "listen_live",
    "listen_ended",
    "listen_unknown",
    "embed_waiting",
    "error",
)
# Both sizes, schemes and languages, in two pictures of each page.
LOOKS = (Look("phone", "light", "en"), Look("desktop", "dark", "ru"))


@contextmanager
def opened_still(browser: Browser, streams: StreamsInEachState, state: str) -> Iterator[Page]:
    """Open a page in which nothing moves."""
    with opened(browser) as page:
        PAGE_STATES[state](page, streams)
        page.add_style_tag(content=STILL)
        yield page


def still_pictures(browser: Browser, streams: StreamsInEachState, state: str) -> Iterator[tuple[str, bytes]]:
    """Give the pictures of a page, with their names.

    Args:
        browser: Chromium.
        streams: Of its server.
        state: A key of `PAGE_STATES`.
    """
    with opened_still(browser, streams, state) as page:
        for look in LOOKS:
            yield f"{state}-{look}", still_picture(page, look)
