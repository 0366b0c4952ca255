"""The backlog: bounds in seconds and bytes, places that stay valid, batches that are shared."""

import sys

import pytest

from audiocast.stream.backlog import GONE_PAGES, Backlog, StreamPage

SECOND = 48_000


def page(number: int, *, seconds: float = 1.0, size_bytes: int = 10) -> StreamPage:
    samples = round(seconds * SECOND)
    return StreamPage(bytes([number]) * size_bytes, samples, (number + 1) * samples, float(number))


def filled(count: int, *, max_seconds: float = 100, max_bytes: int = 10_000) -> Backlog:
    backlog = Backlog(max_seconds=max_seconds, max_bytes=max_bytes)
    for number in range(count):
        backlog.append(page(number))
    return backlog


def numbers(backlog: Backlog) -> list[int]:
    return [each.data[0] for each in backlog.pages(backlog.first, backlog.end)]


def test_an_empty_one_has_nothing() -> None:
    backlog = Backlog(max_seconds=5, max_bytes=100)
    assert (backlog.first, backlog.end, backlog.seconds, backlog.size_bytes) == (0, 0, 0, 0)
    assert backlog.end_granule == 0
    assert backlog.start_of(10) == 0
    assert backlog.batch(0, 0) == b""


def test_pages_are_kept_in_order_up_to_the_edge() -> None:
    backlog = filled(4)
    assert (backlog.first, backlog.end) == (0, 4)
    assert numbers(backlog) == [0, 1, 2, 3]
    assert (backlog.seconds, backlog.size_bytes, backlog.end_granule) == (4, 40, 4 * SECOND)


def test_pages_go_when_the_rest_still_holds_enough_seconds() -> None:
    backlog = filled(10, max_seconds=3)
    assert numbers(backlog) == [7, 8, 9]
    assert (backlog.first, backlog.end, backlog.seconds, backlog.size_bytes) == (7, 10, 3, 30)


def test_a_page_stays_while_the_rest_would_be_too_short() -> None:
    assert numbers(filled(10, max_seconds=2.5)) == [7, 8, 9]


def test_pages_go_when_they_are_too_many_bytes() -> None:
    backlog = filled(10, max_bytes=45)
    assert numbers(backlog) == [6, 7, 8, 9]
    assert (backlog.size_bytes, backlog.seconds) == (40, 4)


def test_the_newest_page_stays_however_large_it_is() -> None:
    backlog = filled(3, max_bytes=45)
    backlog.append(page(3, seconds=50, size_bytes=500))
    assert numbers(backlog) == [3]
    assert (backlog.first, backlog.size_bytes, backlog.seconds) == (3, 500, 50)


def test_an_index_means_the_same_page_for_as_long_as_it_is_there() -> None:
    backlog = filled(4, max_seconds=3)
    second = backlog.page(2)
    backlog.append(page(4))
    assert backlog.page(2) == second
    assert backlog.page(2).data is second.data, "its bytes are there once, however often they are sent"


@pytest.mark.parametrize("index", [-1, 6, 10])
def test_a_page_that_is_gone_or_not_there_yet_is_an_error(index: int) -> None:
    backlog = filled(10, max_seconds=3)
    with pytest.raises(IndexError, match=f"from 7 to 9, got {index}"):
        backlog.page(index)


def test_a_batch_is_everything_from_a_place_to_the_edge() -> None:
    backlog = filled(10, max_seconds=3)
    assert backlog.batch(7, backlog.end) == b"".join(each.data for each in backlog.pages(7, backlog.end))
    assert backlog.batch(9, backlog.end) == backlog.page(9).data
    assert backlog.batch(10, backlog.end) == b""


def test_pages_end_where_they_are_asked_to() -> None:
    backlog = filled(10, max_seconds=3)
    assert backlog.pages(8, 9) == [backlog.page(8)]
    assert backlog.pages(8, 8) == []
    assert backlog.batch(8, 9) == backlog.page(8).data
    # All of them have gone since somebody took note of where they end.
    assert backlog.pages(backlog.first, backlog.first - 1) == []


def test_a_batch_is_made_once_for_all_at_the_same_place() -> None:
    backlog = filled(4)
    assert backlog.batch(1, backlog.end) is backlog.batch(1, backlog.end)


def test_a_batch_grows_with_the_edge() -> None:
    backlog = filled(4)
    before = backlog.batch(1, backlog.end)
    backlog.append(page(4))
    assert backlog.batch(1, backlog.end) == before + page(4).data


@pytest.mark.parametrize(
    ("seconds", "index"),
    [(0, 10), (0.9, 10), (1, 9), (2.5, 8), (3, 7), (1000, 7)],
)
def test_a_start_is_at_most_so_many_seconds_before_the_edge(seconds: float, index: int) -> None:
    assert filled(10, max_seconds=3).start_of(seconds) == index


def test_a_page_knows_where_it_begins() -> None:
    assert page(2).start_granule == 2 * SECOND


def test_pages_that_are_gone_are_forgotten_though_their_places_go_later() -> None:
    backlog = Backlog(max_seconds=3, max_bytes=10_000)
    kept: list[StreamPage] = []
    for number in range(3 * GONE_PAGES):
        kept.append(page(number % 256))
        backlog.append(kept[-1])
        assert backlog.pages(backlog.first, backlog.end) == kept[-3:]
        assert backlog.start_of(2) == backlog.end - min(2, len(kept))
        assert backlog.start_of(100) == backlog.first
    # Here, and in the page that is looked at.
    assert [sys.getrefcount(each.data) for each in kept] == [2] * (len(kept) - 3) + [3] * 3
