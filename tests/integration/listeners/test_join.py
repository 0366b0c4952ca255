"""Joining: at once, with as much backlog as was asked for, in whatever way a player asks."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.support.audio.media import opus_file
from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

BACKLOG_SECONDS = 6
LONG_PAGE_SECONDS = 2
LEAD_SECONDS = 8.0
JOINS = 20
BATCHES = 4
# What the median of joins must keep.
JOIN_SECONDS = 0.050

# What may be on its way between the test's source and the server on a busy machine.
SLACK_SECONDS = 0.6


@dataclass(frozen=True)
class OnAir:
    """A stream whose backlog is full."""

    server: AudiocastServer
    started: Started
    source: PacedSource

    @property
    def path(self) -> str:
        """Of the stream."""
        return f"/stream/{self.started.stream_id}"


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    log: Path = tmp_path_factory.mktemp("join") / "server.log"
    settings = AudiocastServer(
        log,
        BACKLOG_SECONDS=BACKLOG_SECONDS,
        FLUSH_INTERVAL_MS=500,
        LISTENER_LAG_SECONDS=60,
        HEADER_WAIT_TIMEOUT=5,
    )
    with settings as server:
        started = server.start_stream()
        audio = numbered_audio(seconds=300)
        with PacedSource(started.keyed_url, audio, lead_seconds=LEAD_SECONDS) as source:
            server.wait_for_state(started.stream_id, "live")
            deadline = time.monotonic() + 10
            while source.sent_seconds < LEAD_SECONDS + 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield OnAir(server, started, source)


def test_the_first_audio_is_there_within_50_ms_at_the_median(on_air: OnAir) -> None:
    medians = []
    for _ in range(BATCHES):
        medians.append(statistics.median(_seconds_to_audio(on_air) for _ in range(JOINS)))
        if medians[-1] < JOIN_SECONDS:
            break  # a busy machine has slow moments; one calm one shows what the server does
    print("first audio, median of joins:", ", ".join(f"{each * 1000:.1f} ms" for each in medians))
    assert min(medians) < JOIN_SECONDS


@pytest.mark.parametrize(
    ("query", "expected_seconds"),
    [
        ("?preroll=0", 0),
        ("?preroll=2", 2),
        ("", 3.5),
        ("?preroll=1000", BACKLOG_SECONDS),
        ("?preroll=1.5&latency=low", 1.5),
    ],
)
def test_preroll_gives_what_it_says(on_air: OnAir, query: str, expected_seconds: float) -> None:
    before = on_air.source.sent_seconds
    with Listener(on_air.server.port, on_air.path + query) as listener:
        capture = listener.wait_for_audio(0.02)
        after = on_air.source.sent_seconds
        capture = listener.wait_for_audio(expected_seconds + 1)
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    first_seconds = numbers[0] * PACKET_SECONDS
    earliest, latest = before - SLACK_SECONDS - expected_seconds, after - expected_seconds
    assert earliest <= first_seconds <= latest + PACKET_SECONDS


def test_a_listener_begins_with_a_burst_more_where_a_source_sends_seconds_at_once(
    on_air: OnAir, tmp_path: Path
) -> None:
    started = on_air.server.start_stream()
    audio = opus_file(tmp_path, seconds=40, page_ms=1000 * LONG_PAGE_SECONDS).read_bytes()
    with PacedSource(started.keyed_url, audio, lead_seconds=3 * LONG_PAGE_SECONDS):
        on_air.server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}"
        for query, seconds in (("", 3.5 + LONG_PAGE_SECONDS - 1), ("?preroll=2", 2)):
            with Listener(on_air.server.port, path + query) as listener:
                # In a piece or two; the source's next page may come meanwhile.
                listener.wait_for_audio(seconds - SLACK_SECONDS / 2, 1.0)
                more_seconds = listener.capture().seconds - seconds + SLACK_SECONDS / 2
                assert more_seconds % LONG_PAGE_SECONDS < SLACK_SECONDS


def test_the_preroll_comes_in_one_go(on_air: OnAir) -> None:
    with Listener(on_air.server.port, f"{on_air.path}?preroll=3") as listener:
        listener.wait(lambda: bool(listener.arrivals), "the first bytes")
        first_at = listener.arrivals[0][0]
        listener.wait_for_audio(3)
        came_at = next(at for at, size in listener.arrivals if size >= 3 * 240 / PACKET_SECONDS)
    assert came_at - first_at < 1.5, "3 s of backlog must not take 3 s"


@pytest.mark.parametrize("preroll", ["-1", "x", "nan", "inf", "", "1e9", "5" * 1000])
def test_a_preroll_that_is_no_number_of_seconds_is_refused(on_air: OnAir, preroll: str) -> None:
    answer = exchange(on_air.server.port, _get(f"{on_air.path}?preroll={preroll}"))
    assert (answer.status, answer.error) == (400, "bad_preroll")


@pytest.mark.parametrize("latency", ["none", "LOW", "19", "10001", "-80", "80.5", "8_0", "5" * 5000])
def test_a_latency_that_is_neither_low_nor_within_its_bounds_is_refused(on_air: OnAir, latency: str) -> None:
    answer = exchange(on_air.server.port, _get(f"{on_air.path}?latency={latency}"))
    assert (answer.status, answer.error) == (400, "bad_latency")


def test_low_latency_gets_each_page_and_the_others_what_has_gathered(on_air: OnAir) -> None:
    port = on_air.server.port
    with (
        Listener(port, f"{on_air.path}?preroll=0&latency=low") as low,
        Listener(port, f"{on_air.path}?preroll=0&latency=20") as least,
        Listener(port, f"{on_air.path}?preroll=0&latency=10000") as most,
        Listener(port, f"{on_air.path}?preroll=0&latency=") as buffered,
    ):
        for listener in (low, least):
            listener.wait_for_audio(3)
        for listener in (most, buffered):
            listener.wait_for_audio(2)
        pages_an_arrival = [
            len(listener.capture().audio_pages) / len(listener.arrivals)
            for listener in (low, least, most, buffered)
        ]
    # 20 ms pages, one for each arrival, against 500 ms flushes of 25 pages.
    assert max(pages_an_arrival[:2]) < 4
    assert min(pages_an_arrival[2:]) > 10


@pytest.mark.parametrize("ending", ["", ".opus", ".ogg"])
@pytest.mark.parametrize("headers", ["", "Range: bytes=0-1\r\n", "Range: bytes=1000-\r\nIcy-MetaData: 1\r\n"])
def test_the_response_is_an_endless_stream_whatever_range_is_asked_for(
    on_air: OnAir, ending: str, headers: str
) -> None:
    with Listener(on_air.server.port, on_air.path + ending, headers=headers) as listener:
        capture = listener.wait_for_audio(0.5)
        answer = listener.answer
    capture.check_one_stream()
    assert answer.status == 200
    assert answer.headers["content-type"] == "audio/ogg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not {"content-length", "content-range", "transfer-encoding"} & set(answer.headers)


def test_http_1_0_gets_no_chunks(on_air: OnAir) -> None:
    with Listener(on_air.server.port, on_air.path, version="HTTP/1.0") as listener:
        capture = listener.wait_for_audio(0.5)
        answer = listener.answer
    capture.check_one_stream()
    assert answer.status == 200
    assert "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("ending", ["", ".opus", ".ogg"])
def test_head_says_what_a_get_would_give(on_air: OnAir, ending: str) -> None:
    answer = requests.head(on_air.server.base + on_air.path + ending, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "audio/ogg"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    # RFC 9110 section 8.6: no length but the one that a GET would have, and that has none.
    assert "Content-Length" not in answer.headers


def test_head_of_a_stream_that_is_not_on_is_a_404(on_air: OnAir) -> None:
    assert requests.head(f"{on_air.server.base}/stream/nobody", timeout=10).status_code == 404


def test_options_allow_other_sites(on_air: OnAir) -> None:
    answer = requests.options(on_air.server.base + on_air.path, timeout=10)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_a_listener_waits_for_a_stream_that_is_not_on_yet(on_air: OnAir) -> None:
    server = on_air.server
    started = server.start_stream()
    with Listener(server.port, f"/stream/{started.stream_id}") as listener:
        assert server.state(started.stream_id)["state"] == "waiting"
        with PacedSource(started.keyed_url, numbered_audio(seconds=20)):
            capture = listener.wait_for_audio(0.5)
    capture.check_one_stream()
    assert number_of(capture.packets[0]) == 0


def test_a_stream_that_does_not_come_is_a_404_after_a_while(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0.5) as server:
        answer = exchange(server.port, _get("/stream/nobody"))
    assert (answer.status, answer.error) == (404, "stream_not_live")


def _seconds_to_audio(on_air: OnAir) -> float:
    with Listener(on_air.server.port, on_air.path) as listener:
        listener.wait(lambda: len(listener.body) > 1000, "the first audio page")
        sizes = iter(listener.arrivals)
        at, size = next(sizes)
        head_bytes = listener.size_bytes - len(listener.body)
        while size - head_bytes < 1000:
            at, size = next(sizes)
        return at - listener.asked_at


def _get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
