"""The crowd counts what it is given: pages, holes, delays, and those who are turned away."""

import time
from itertools import islice
from pathlib import Path

import pytest

from loadtest.bench.listener_crowd import ListenerCrowd, Target
from loadtest.source import paged_noise
from tests.loadtest.page_server import HEAD, PageServer
from tests.loadtest.tally import Tally, tally
from tests.support.network.certificates import make_pair

LISTENERS = 3
PAGES = 10
PAGE_MS = 20
JOIN_SECONDS = 20.0
LATE_SECONDS = 5.0


def stream(*, without: int | None = None) -> bytes:
    """Give header pages and `PAGES` audio pages, one of them left out if wanted."""
    headers, *pages = islice(paged_noise(PAGE_MS, 96), 1 + PAGES)
    return headers + b"".join(page for number, page in enumerate(pages) if number != without)


def chunked(body: bytes, chunk_bytes: int) -> bytes:
    """Give a body as nginx sends one that has no length (RFC 9112 section 7.1), without the last chunk."""
    chunks = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


def counted_by_crowd(folder: Path, server: PageServer, start_ns: int = 0, *, tls: bool = False) -> Tally:
    """Listen to the end; give the count of all that came."""
    target = Target(start_ns or time.monotonic_ns(), "/")
    with ListenerCrowd(
        folder, server.port, [target], listeners=LISTENERS, pause_ms=1, page_ms=PAGE_MS, tls=tls
    ) as crowd:
        assert crowd.wait_until_joined(JOIN_SECONDS).joined == LISTENERS
        server.close()
        return tally(crowd)


@pytest.mark.parametrize("cut_bytes", [1, 7, 300, 65_536])
def test_every_page_is_seen_however_the_bytes_are_cut(folder: Path, cut_bytes: int) -> None:
    with PageServer(stream(), cut_bytes=cut_bytes) as server:
        counted = counted_by_crowd(folder, server)
    assert (counted.pages, counted.gaps, counted.missing_pages) == (LISTENERS * PAGES, 0, 0)
    assert counted.disconnects == LISTENERS


@pytest.mark.parametrize("chunk_bytes", [1, 27, 300])
@pytest.mark.parametrize("cut_bytes", [1, 7, 65_536])
def test_every_page_is_seen_in_chunks_of_any_size(folder: Path, chunk_bytes: int, cut_bytes: int) -> None:
    head = HEAD.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\nServer: nginx\r\n\r\n")
    body = chunked(stream(without=4), chunk_bytes)
    with PageServer(body, head=head, cut_bytes=cut_bytes) as server:
        counted = counted_by_crowd(folder, server)
    assert (counted.pages, counted.missing_pages) == (LISTENERS * (PAGES - 1), LISTENERS)


def test_the_last_chunk_ends_a_listener(folder: Path) -> None:
    head = HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    target = Target(time.monotonic_ns(), "/")
    with (
        PageServer(chunked(stream(), 300) + b"0\r\n\r\n", head=head) as server,
        ListenerCrowd(
            folder, server.port, [target], listeners=LISTENERS, pause_ms=0, page_ms=PAGE_MS
        ) as crowd,
    ):
        assert crowd.wait_until_joined(JOIN_SECONDS).joined == LISTENERS
        counted = tally(crowd)
    assert (counted.pages, counted.disconnects) == (LISTENERS * PAGES, LISTENERS)


@pytest.mark.parametrize("cut_bytes", [7, 300, 65_536])
def test_every_page_is_seen_through_tls(folder: Path, cut_bytes: int) -> None:
    with PageServer(stream(), cut_bytes=cut_bytes, pair=make_pair(folder)) as server:
        counted = counted_by_crowd(folder, server, tls=True)
    assert (counted.pages, counted.gaps, counted.missing_pages) == (LISTENERS * PAGES, 0, 0)
    assert counted.disconnects == LISTENERS


def test_a_missing_page_is_a_gap(folder: Path) -> None:
    with PageServer(stream(without=4)) as server:
        counted = counted_by_crowd(folder, server)
    assert (counted.gaps, counted.missing_pages) == (LISTENERS, LISTENERS)


def test_a_place_to_join_is_no_gap(folder: Path) -> None:
    # Icecast's listeners get page 0, page 1, and then whatever page the stream has come to.
    with PageServer(stream(without=0)) as server:
        counted = counted_by_crowd(folder, server)
    assert (counted.pages, counted.gaps) == (LISTENERS * (PAGES - 1), 0)


def test_delay_is_the_age_of_a_page(folder: Path) -> None:
    # The last page was full when the source had run for PAGES pages.
    start_ns = time.monotonic_ns() - round((LATE_SECONDS + PAGES * PAGE_MS / 1000) * 1e9)
    with PageServer(stream()) as server:
        counted = counted_by_crowd(folder, server, start_ns)
    assert counted.least_delay_p50_ms >= LATE_SECONDS * 1000
    # Its first page is older by all others.
    assert counted.delay_max_ms >= LATE_SECONDS * 1000 + (PAGES - 1) * PAGE_MS


def test_who_is_turned_away_is_counted(folder: Path) -> None:
    with (
        PageServer(b"{}", head=b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as server,
        ListenerCrowd(
            folder, server.port, [Target(1, "/")], listeners=LISTENERS, pause_ms=0, page_ms=PAGE_MS
        ) as crowd,
    ):
        joined = crowd.wait_until_joined(JOIN_SECONDS)
    assert (joined.joined, joined.refused) == (0, LISTENERS)


def test_who_gets_nothing_in_time_is_counted(folder: Path) -> None:
    with (
        PageServer(b"") as server,
        ListenerCrowd(
            folder, server.port, [Target(1, "/")], listeners=LISTENERS, pause_ms=0, page_ms=PAGE_MS
        ) as crowd,
    ):
        joined = crowd.wait_until_joined(0.5)
    assert (joined.joined, joined.refused) == (0, LISTENERS)
