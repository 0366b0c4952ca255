"""The page reader: each case whole, byte by byte, in threes, and with bytes that follow.

Mutated real files are fed, too. The invariant: whatever comes, in whatever cuts, the reader comes to an end,
holds no more than its bound and one feed, gives no page whose stored checksum is wrong, and raises only
`OggError`.
"""

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiocast.ogg.errors import BadCrc, BadVersion, LostSync, PageTooLarge, Truncated
from audiocast.ogg.page import Page
from audiocast.ogg.reader import PageReader
from tests.unit.ogg.streams import Event, drain, make_page, read_events, read_pages

MAX_HEADER_BYTES = 282

CUTS_BYTES = [None, 1, 3, 64]

A = make_page(b"first", sequence=0)
B = make_page(b"second" * 100, sequence=1)
PAGE_A, PAGE_B = read_pages(A + B)
BIG = make_page(bytes(2000), sequence=2)


def flipped(page: bytes, at: int) -> bytes:
    return page[:at] + bytes((page[at] ^ 0x10,)) + page[at + 1 :]


CASES: dict[str, tuple[bytes, list[Event]]] = {
    "nothing": (b"", []),
    "one page": (A, [PAGE_A]),
    "two pages": (A + B, [PAGE_A, PAGE_B]),
    "page without segments": (make_page(), [*read_pages(make_page())]),
    "garbage before a page": (b"ID3 what is this" + A, [LostSync, PAGE_A]),
    "garbage between pages": (A + b"\x00" * 50 + B, [PAGE_A, LostSync, PAGE_B]),
    "two runs of garbage": (b"x" + A + b"y" * 9 + B, [LostSync, PAGE_A, LostSync, PAGE_B]),
    "begin of a pattern in garbage": (b"zzOggzzOgOOgg" + A, [LostSync, PAGE_A]),
    "pattern that stops": (b"OggX" + A, [LostSync, PAGE_A]),
    "pattern that doubles": (b"Og" + A, [LostSync, PAGE_A]),
    "other version": (flipped(A, 4) + B, [BadVersion, PAGE_B]),
    "flipped bit in the body": (flipped(A, 30) + B, [BadCrc, PAGE_B]),
    "flipped bit in the checksum": (flipped(A, 23) + B, [BadCrc, PAGE_B]),
    "flipped bit in the sequence": (flipped(A, 18) + B, [BadCrc, PAGE_B]),
    "page within a bad page": (flipped(make_page(A + B), 5), [BadCrc, PAGE_A, PAGE_B]),
    "cut page before a good one": (B[:300] + B + A + B, [BadCrc, PAGE_B, PAGE_A, PAGE_B]),
    "page over the limit": (BIG + A, [PageTooLarge, PAGE_A]),
}


@pytest.mark.parametrize("feed_bytes", CUTS_BYTES)
@pytest.mark.parametrize("name", CASES)
def test_cases_in_every_cut(name: str, feed_bytes: int | None) -> None:
    data, expected = CASES[name]
    reader = PageReader(max_page_bytes=1000)
    assert read_events(reader, data, feed_bytes) == expected
    assert reader.buffered_bytes == 0
    reader.close()


@pytest.mark.parametrize("feed_bytes", CUTS_BYTES)
@pytest.mark.parametrize("trailing_bytes", [1, 3, 4, 20, 27, 28, 100])
@pytest.mark.parametrize("name", CASES)
def test_cases_with_trailing_bytes(name: str, trailing_bytes: int, feed_bytes: int | None) -> None:
    data, expected = CASES[name]
    reader = PageReader(max_page_bytes=1000)
    assert read_events(reader, data + B[:trailing_bytes], feed_bytes) == expected
    assert reader.buffered_bytes == trailing_bytes
    with pytest.raises(Truncated, match=f"got {trailing_bytes} "):
        reader.close()
    assert reader.buffered_bytes == 0


@pytest.mark.parametrize("feed_bytes", CUTS_BYTES)
def test_real_files_in_every_cut(opus_variant: bytes, feed_bytes: int | None) -> None:
    assert read_events(PageReader(), opus_variant, feed_bytes) == read_pages(opus_variant)


def test_takes_bytes_bytearray_and_memoryview() -> None:
    reader = PageReader()
    for data in (A[:9], bytearray(A[9:20]), memoryview(A)[20:]):
        reader.feed(data)
    assert reader.next_page() == PAGE_A


@pytest.mark.parametrize("before", [b"", A])
@pytest.mark.parametrize(("sent", "found"), [(b"I", b"I"), (b"OgX", b"OgX"), (bytes(40), bytes(16))])
def test_garbage_is_told_at_the_first_wrong_byte(before: bytes, sent: bytes, found: bytes) -> None:
    reader = PageReader()
    read_events(reader, before)
    reader.feed(sent)
    with pytest.raises(LostSync) as caught:
        reader.next_page()
    assert caught.value.found == found


def test_a_run_of_garbage_is_told_once_and_not_kept() -> None:
    reader = PageReader()
    reader.feed(b"garbage")
    with pytest.raises(LostSync):
        reader.next_page()
    for _ in range(100):
        reader.feed(b"more garbage Og")
        assert reader.next_page() is None
        assert reader.buffered_bytes == len(b"Og")
    reader.feed(b"gS" + A[4:])
    assert reader.next_page() == PAGE_A


def test_a_wrong_version_is_told_without_the_rest_of_the_header() -> None:
    reader = PageReader()
    reader.feed(b"OggS\x01")
    with pytest.raises(BadVersion, match=r"expected page version 0, got 1$"):
        reader.next_page()


def test_a_page_that_is_too_large_is_told_without_its_body() -> None:
    reader = PageReader(max_page_bytes=1000)
    reader.feed(BIG[: 27 + 8])
    with pytest.raises(PageTooLarge, match="at most 1000 bytes, got one of 2035"):
        reader.next_page()
    assert reader.buffered_bytes == 0


def test_a_page_exactly_at_the_limit_is_given() -> None:
    reader = PageReader(max_page_bytes=len(BIG))
    assert read_events(reader, BIG) == read_pages(BIG)
    reader = PageReader(max_page_bytes=len(BIG) - 1)
    assert read_events(reader, BIG) == [PageTooLarge]


def test_a_limit_below_a_header_is_refused() -> None:
    PageReader(max_page_bytes=MAX_HEADER_BYTES)
    with pytest.raises(ValueError, match="at least 282, got 281"):
        PageReader(max_page_bytes=MAX_HEADER_BYTES - 1)


def test_the_error_of_a_checksum_tells_both() -> None:
    reader = PageReader()
    reader.feed(flipped(A, 30))
    with pytest.raises(BadCrc, match=rf"got {int.from_bytes(A[22:26], 'little'):08x}"):
        reader.next_page()


def test_close_of_an_empty_reader_is_quiet() -> None:
    PageReader().close()


class CountingBuffer(bytearray):
    """Counts the bytes that stay after a deletion at the front: a list of bytes would have to move them."""

    moved_bytes = 0

    def __delitem__(self, place: object) -> None:
        super().__delitem__(place)  # type: ignore[arg-type]
        self.moved_bytes += len(self)


@pytest.mark.parametrize("feed_bytes", [1, 100, None])
def test_each_byte_is_moved_once_at_most(feed_bytes: int | None) -> None:
    data = (A + B) * 300
    reader = PageReader()
    buffer = reader._buffer = CountingBuffer()
    assert len(read_events(reader, data, feed_bytes)) == 600
    assert buffer.moved_bytes <= len(data)
    assert len(buffer) == 0


def test_consumed_bytes_do_not_stay_in_memory() -> None:
    data = (A + B) * 300
    feed_bytes = 300
    reader = PageReader(max_page_bytes=len(B))
    for at in range(0, len(data), feed_bytes):
        read_events(reader, data[at : at + feed_bytes])
        assert len(reader._buffer) <= 2 * (len(B) + feed_bytes)


Mutation = Callable[[bytes], bytes]


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """One change at a random place: flip, delete, insert, truncate, repeat."""
    kind = draw(st.sampled_from(["flip", "delete", "insert", "truncate", "repeat"]))
    place = draw(st.floats(0, 1))
    length_bytes = draw(st.integers(1, 400))
    inserted = draw(st.binary(max_size=40) | st.sampled_from([b"OggS", b"OggS\x00" + b"\xff" * 300]))

    def mutate(data: bytes) -> bytes:
        at = int(place * max(len(data) - 1, 0))
        match kind:
            case "flip":
                return data[:at] + bytes(value ^ 0x40 for value in data[at : at + 1]) + data[at + 1 :]
            case "delete":
                return data[:at] + data[at + length_bytes :]
            case "insert":
                return data[:at] + inserted + data[at:]
            case "truncate":
                return data[:at]
            case _:
                return data[:at] + data[max(at - length_bytes, 0) :]

    return mutate


@pytest.fixture(scope="module")
def real_files(make_opus: Callable[..., bytes]) -> list[bytes]:
    return [
        make_opus(seconds=0.3),
        make_opus(seconds=0.3, encoder="opusenc", page_ms=200),
        make_opus(seconds=0.5, frame_ms=120, page_ms=1000, bitrate_kbps=256),
    ]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_do_no_harm(data: st.DataObject, real_files: list[bytes]) -> None:
    first, second = (data.draw(st.sampled_from(real_files)) for _ in range(2))
    stream = first[: data.draw(st.integers(0, len(first)))] + second[data.draw(st.integers(0, len(second))) :]
    for mutate in data.draw(st.lists(mutations(), max_size=6)):
        stream = mutate(stream)
    max_page_bytes = data.draw(st.sampled_from([282, 1000, 8000, 65307]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))

    reader = PageReader(max_page_bytes=max_page_bytes)
    events: list[Event] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[start:end])
        assert reader.buffered_bytes <= max_page_bytes + (end - start)
        events += drain(reader)
        assert reader.buffered_bytes < max_page_bytes
    with pytest.raises(Truncated) if reader.buffered_bytes else nullcontext():
        reader.close()
    # A page whose stored checksum is right encodes to bytes that were in the stream, and they come in order.
    at = 0
    for event in events:
        if isinstance(event, Page):
            at = stream.index(event.encode(), at) + len(event.encode())


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300) | st.lists(st.sampled_from([b"O", b"g", b"S", A, B[:40]])).map(b"".join))
def test_cuts_do_not_change_what_is_read(data: bytes) -> None:
    whole = [event for event in read_events(PageReader(), data) if isinstance(event, Page)]
    single = [event for event in read_events(PageReader(), data, 1) if isinstance(event, Page)]
    assert whole == single
