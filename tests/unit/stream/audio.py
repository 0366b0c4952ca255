"""Opus packets that can be told apart, and the bodies that sources make of them. No sound in them."""

from collections.abc import Iterator, Sequence
from itertools import count

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import encode_page, lace
from audiocast.ogg.writer import PageWriter
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.source import Source

STEREO = OpusHead(2, 312)
MONO = OpusHead(1, 312)
SURROUND = OpusHead(
    6, 312, mapping_family=1, stream_count=4, coupled_count=2, mapping=bytes((0, 4, 1, 2, 3, 5))
)
TAGS = OpusTags("test encoder")

PACKET_SAMPLES = 960
PACKET_SECONDS = 0.02

_TOC_CELT_20_MS = 0xFC
_NUMBER_BYTES = 4


def packet(number: int, size_bytes: int = 40) -> bytes:
    """Make a packet of 20 ms that holds `number`; at least 5 bytes, at most 1,276."""
    return (bytes((_TOC_CELT_20_MS,)) + number.to_bytes(_NUMBER_BYTES, "big")).ljust(size_bytes, b"\x55")


def number_of(data: bytes) -> int:
    """Read back the number of a packet."""
    assert data[0] == _TOC_CELT_20_MS, f"expected a packet of ours, got {data[:8]!r}"
    return int.from_bytes(data[1 : 1 + _NUMBER_BYTES], "big")


def is_numbered(data: bytes) -> bool:
    """Tell our packets from silence that the server has made."""
    return data[0] == _TOC_CELT_20_MS


def timed(numbers: Sequence[int], size_bytes: int = 40) -> list[TimedPacket]:
    """Make packets with these numbers, with their duration."""
    return [(packet(number, size_bytes), PACKET_SAMPLES) for number in numbers]


def packets_without_end(size_bytes: int = 40) -> Iterator[TimedPacket]:
    """Give packets 0, 1, 2 and so on."""
    return ((packet(number, size_bytes), PACKET_SAMPLES) for number in count())


def body(
    numbers: Sequence[int],
    *,
    head: OpusHead = STEREO,
    tags: OpusTags = TAGS,
    serial: int = 7,
    packets_a_page: int = 1,
    eos: bool = False,
) -> bytes:
    """Make what an encoder sends: header pages, then pages of these packets."""
    writer = PageWriter(serial)
    parts = [writer.headers(head, tags)]
    for at in range(0, len(numbers), packets_a_page):
        group = [packet(number) for number in numbers[at : at + packets_a_page]]
        parts.append(writer.audio(group, eos=eos and at + packets_a_page >= len(numbers)))
    return b"".join(parts)


def page(
    *packets: bytes, sequence: int = 0, flags: int = 0, serial: int = 7, lacing: bytes | None = None
) -> bytes:
    """Make a page with these packets whole, or as `lacing` says."""
    return encode_page(
        flags=flags,
        granule_position=0,
        serial=serial,
        sequence=sequence,
        lacing=lace(packets) if lacing is None else lacing,
        body=b"".join(packets),
    )


def feed(source: Source, data: bytes, now: float) -> None:
    """Give a source bytes, and process all pages of them at once."""
    source.receive(data, now)
    while source.process(now):
        pass
