"""From a source that sends a page a second, nobody gets more than 100 ms on a page, and may join at each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.page import Page
from tests.support.audio import media
from tests.support.audio.capture import Capture, is_run_of
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource, timed_pages
from tests.support.processes.server import AudiocastServer, Started

LONGEST_PAGE_SAMPLES = SAMPLE_RATE // 10
LISTEN_SECONDS = 4.0
SOURCE_PAGE_MS = 1000


@dataclass(frozen=True)
class OnAir:
    """A stream whose source is opusenc as it is without options.

    Attributes:
        stream: The stream.
        file: What the source sends, in real time.
    """

    stream: Started
    file: bytes


@pytest.fixture
def on_air(server: AudiocastServer, media: Path) -> Iterator[OnAir]:
    file = long_pages(media)
    stream = server.start_stream()
    # Six seconds at once, so that there is a backlog to join.
    with PacedSource(stream.keyed_url, file, lead_seconds=6.0):
        server.wait_for_state(stream.stream_id, "live")
        yield OnAir(stream, file)


def long_pages(folder: Path) -> bytes:
    """Give opusenc's own pages, and make sure that they are long."""
    file = media.opus_file(folder, seconds=30, encoder="opusenc", page_ms=SOURCE_PAGE_MS).read_bytes()
    assert max(round(seconds * 1000) for _, seconds in timed_pages(file)) == SOURCE_PAGE_MS
    return file


def samples(page: Page) -> int:
    return sum(packet_samples(packet, 1) for packet, _ in page.fragments())


def test_no_page_is_longer_than_100_ms(server: AudiocastServer, on_air: OnAir) -> None:
    with Listener(server.port, f"/stream/{on_air.stream.stream_id}") as listener:
        capture = listener.wait_for_audio(LISTEN_SECONDS)
    capture.check_one_stream()
    assert max(samples(page) for page in capture.audio_pages) == LONGEST_PAGE_SAMPLES
    assert is_run_of(capture.packets, Capture.parse(on_air.file).packets)


def test_a_listener_may_join_at_each_page(server: AudiocastServer, on_air: OnAir) -> None:
    path = f"/stream/{on_air.stream.stream_id}?preroll="
    begins = []
    for preroll in range(1, 16):
        # A tenth of a second more each time: one page earlier, when no new ones have come meanwhile.
        with Listener(server.port, f"{path}{preroll / 10}") as listener:
            capture = listener.wait_for_audio(preroll / 10)
        capture.check_one_stream()
        begin = capture.audio_pages[0]
        begins.append((begin.granule_position - samples(begin)) / LONGEST_PAGE_SAMPLES)
    # If only every tenth page was a place to join, they would all be on the same second.
    assert len({begin % 10 for begin in begins}) > 1
    assert all(begin == int(begin) for begin in begins)


def test_the_state_says_how_long_the_pages_of_the_source_are(server: AudiocastServer, on_air: OnAir) -> None:
    assert server.state(on_air.stream.stream_id)["page_ms"] == SOURCE_PAGE_MS
