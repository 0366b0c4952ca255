"""Names of objects, chunks as files, and records: what is read is what was written, or an error."""

from dataclasses import replace

import pytest

from audiocast.recordings.chunk import (
    NO_SEQUENCE,
    BadChunk,
    ChunkHead,
    Run,
    Title,
    encode_chunk,
    parse_chunk,
    runs_of,
)
from audiocast.recordings.names import ShowId, reel_of
from audiocast.recordings.open_show import BadOpenShow, OpenShow
from audiocast.recordings.show_record import BadRecord, ShowRecord, ShowState
from tests.unit.stream.audio import STEREO, packet

HEAD = ChunkHead(
    stream_id="abc",
    source="1-2",
    serial=7,
    granule=960,
    at_ms=1_800_000_000_000,
    start=48_000,
    samples=4 * 960,
    silence=960,
    before="1-2.7.1",
    runs=(Run(5, 2, 2),),
    titles=(Title(0, "Lied", "Sängerin"),),
    is_last=True,
)


def test_a_show_has_a_name_that_says_stream_and_time() -> None:
    show_id = ShowId.of("my-stream_1", 1_800_000_000)
    assert str(show_id) == "my-stream_1-20270115T080000Z"
    assert ShowId.parse(str(show_id)) == show_id
    assert show_id.started_at == 1_800_000_000
    for key in (show_id.open_key, show_id.record_key, show_id.file_key, show_id.deleted_key):
        assert ShowId.of_key(key) == show_id
    assert ShowId.of_key(show_id.chunk_key(3, 4)) is None
    assert reel_of(show_id.chunk_key(3, 4)) == 3


@pytest.mark.parametrize(
    "text", ["", "abc", "../x-20270115T080000Z", "abc-20279915T080000Z", "a/b-20270115T080000Z", "abc-2027"]
)
def test_what_is_no_show_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"show|time data"):
        ShowId.parse(text)


def test_chunks_sort_as_the_audio_comes() -> None:
    show_id = ShowId.of("abc", 1_800_000_000)
    keys = [show_id.chunk_key(reel, number) for reel in (1, 2, 10) for number in (0, 9, 10, 100_000)]
    assert keys == sorted(keys)


def test_a_chunk_is_read_as_it_was_written() -> None:
    packets = [packet(number) for number in range(4)]
    chunk = parse_chunk(encode_chunk(HEAD, STEREO, packets))
    assert chunk.head == HEAD
    assert chunk.opus_head == STEREO
    assert chunk.pages == [packets[:2], packets[2:]]
    assert chunk.head.sequences == [5, 6]
    assert chunk.head.last_page == "1-2.7.6"


@pytest.mark.parametrize("end", [0, 10, 100, 300, -1])
def test_a_part_of_a_chunk_is_none(end: int) -> None:
    data = encode_chunk(HEAD, STEREO, [packet(number) for number in range(4)])
    with pytest.raises(BadChunk):
        parse_chunk(data[:end])


def test_a_chunk_with_other_packets_than_it_says_is_none() -> None:
    data = encode_chunk(replace(HEAD, runs=(Run(5, 3, 2),)), STEREO, [packet(number) for number in range(4)])
    with pytest.raises(BadChunk, match="as many packets"):
        parse_chunk(data)


def test_pages_that_follow_each_other_are_a_run() -> None:
    pages = [(2, 1), (3, 1), (4, 2), (5, 2), (7, 2), (NO_SEQUENCE, 2), (NO_SEQUENCE, 2)]
    runs = runs_of(pages)
    assert runs == (Run(2, 2, 1), Run(4, 2, 2), Run(7, 1, 2), Run(NO_SEQUENCE, 2, 2))
    assert replace(HEAD, runs=runs).sequences == [sequence for sequence, _ in pages]


def test_records_are_read_as_they_were_written() -> None:
    record = ShowRecord("abc-20270115T080000Z", "abc", "Tag", 1.0, is_private=True, state=ShowState.READY)
    assert ShowRecord.parse(record.encode()) == replace(
        record, missing=[], gaps=[], cuts=[], titles=[], sources=[]
    )
    opened = OpenShow(reels=3, is_over=True)
    assert OpenShow.parse(opened.encode()) == opened


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"state": "x"}', b"\xff"])
def test_what_is_no_record_is_told(data: bytes) -> None:
    with pytest.raises(BadRecord):
        ShowRecord.parse(data)


@pytest.mark.parametrize("data", [b"", b"7", b"\xff", b'{"reels'])
def test_what_is_no_open_show_is_told(data: bytes) -> None:
    with pytest.raises(BadOpenShow):
        OpenShow.parse(data)
