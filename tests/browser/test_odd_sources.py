"""The listener's page in Chromium plays sources that send much at once and then nothing for a while."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium_tab import ChromiumTab, chromium_tab
from tests.browser.live_page import recording_of
from tests.support.audio.media import opus_file
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

# Sound that a busy machine may miss of what is heard.
MISSED_MS = 500


@pytest.fixture
def tab(browser: Browser) -> Iterator[ChromiumTab]:
    with chromium_tab(browser) as tab:
        yield tab


@contextmanager
def on_air(
    server: AudiocastServer,
    folder: Path,
    *,
    page_ms: int = 20,
    burst_seconds: float = 0,
    lead_seconds: float = 0,
) -> Iterator[Started]:
    """Have a source of one tone while the `with` block runs."""
    started = server.start_stream()
    audio = opus_file(folder, seconds=40, page_ms=page_ms).read_bytes()
    with PacedSource(started.keyed_url, audio, burst_seconds=burst_seconds, lead_seconds=lead_seconds):
        server.wait_for_state(started.stream_id, "live")
        yield started


def missed_ms(tab: ChromiumTab, seconds: float) -> float:
    """Return how much of the next seconds is silent."""
    since = time.time()
    tab.page.wait_for_timeout(seconds * 1000)
    return sum(gap.lasts_ms for gap in recording_of(tab).gaps_within(since, time.time()))


def test_pages_of_five_seconds_are_heard_soon_after_the_click(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    # Two pages come at once, as if the source had been there for a while.
    with on_air(server, tmp_path, page_ms=5100, lead_seconds=6) as started:
        tab.go_to(f"{started.listen_url}?player=webcodecs")
        tab.click("#listen-button")
        tab.wait_for("document.body.dataset.player === 'playing'")
        assert missed_ms(tab, 7) <= MISSED_MS
