"""What a listener can tell from pages and a known start: delay, holes, seconds of audio."""

from collections.abc import Iterator
from itertools import count, islice

import pytest

from loadtest.locust.page_clock import NS_A_MS, Hearing, PageClock, Second
from loadtest.source import paged_noise

pytestmark = pytest.mark.realtime

PAGE_MS = 20
PAGES_A_SECOND = 1000 // PAGE_MS
CLOCK = PageClock(start_ns=1_000_000_000_000, page_ms=PAGE_MS)


def timed_pages() -> Iterator[tuple[bytes, int]]:
    """Give audio pages without an end, each with the time when it was full; headers come with the first."""
    pages = paged_noise(PAGE_MS, 96)
    headers = next(pages)
    for number in count(1):
        sent_ns = CLOCK.start_ns + number * PAGE_MS * NS_A_MS
        yield headers + next(pages), sent_ns
        headers = b""


def heard(asked_ns: int, pages: list[tuple[bytes, int]], *, delay_ms: float) -> list[Second]:
    hearing = Hearing(CLOCK, asked_ns)
    return [
        second
        for page, sent_ns in pages
        for second in hearing.feed(page, sent_ns + round(delay_ms * NS_A_MS))
    ]


def test_a_title_tells_the_clock() -> None:
    assert PageClock.of_title(CLOCK.title) == CLOCK
    assert PageClock.of_title("Evening show") is None


@pytest.mark.parametrize(("granule", "pages"), [(1, 1), (960, 1), (961, 2), (4800, 5)])
def test_a_sample_is_sent_when_its_page_is_full(granule: int, pages: int) -> None:
    assert CLOCK.sent_ns(granule) == CLOCK.start_ns + pages * PAGE_MS * NS_A_MS


def test_each_second_has_the_delay_of_its_latest_page() -> None:
    pages = list(islice(timed_pages(), 1 + 3 * PAGES_A_SECOND))
    pages[70] = (pages[70][0], pages[70][1] + 500 * NS_A_MS)
    seconds = heard(CLOCK.start_ns, pages, delay_ms=30)
    assert [second.delay_ms for second in seconds] == [30, 530, 30]
    assert not any(second.missing_pages for second in seconds)
    assert sum(second.size_bytes for second in seconds) > 3 * 96_000 / 8


def test_a_missing_page_is_missed() -> None:
    pages = list(islice(timed_pages(), 1 + 2 * PAGES_A_SECOND))
    del pages[60:63]
    assert [second.missing_pages for second in heard(CLOCK.start_ns, pages, delay_ms=0)] == [0, 3]


def test_backlog_tells_nothing_about_delay() -> None:
    pages = list(islice(timed_pages(), 1 + 5 * PAGES_A_SECOND))
    asked_ns = CLOCK.start_ns + 3_000 * NS_A_MS
    hearing = Hearing(CLOCK, asked_ns)
    backlog = b"".join(page for page, sent_ns in pages if sent_ns < asked_ns)
    assert hearing.feed(backlog, asked_ns) == []
    assert hearing.has_audio
    live = [(page, sent_ns) for page, sent_ns in pages if sent_ns >= asked_ns]
    delays = [second.delay_ms for page, sent_ns in live for second in hearing.feed(page, sent_ns + NS_A_MS)]
    assert delays == [1, 1]


@pytest.mark.parametrize("cut_bytes", [1, 7, 1000])
def test_bytes_may_be_cut_anywhere(cut_bytes: int) -> None:
    stream = b"".join(page for page, _ in islice(timed_pages(), 1 + PAGES_A_SECOND))
    hearing = Hearing(CLOCK, CLOCK.start_ns)
    cuts = [stream[start : start + cut_bytes] for start in range(0, len(stream), cut_bytes)]
    seconds = [second for cut in cuts for second in hearing.feed(cut, CLOCK.start_ns)]
    assert len(seconds) == 1


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an Ogg page, got b'<html>'"):
        Hearing(CLOCK, CLOCK.start_ns).feed(b"<html>", CLOCK.start_ns)
