"""A small parser of MP4 boxes: what is in an initialization section, and which packets are in fragments.

ISO/IEC 14496-12; it shares no code with what it judges, and knows only what audio in fragments needs.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"}
# Of an audio sample entry, before the boxes in it (section 12.2.3).
SAMPLE_ENTRY_BYTES = 28


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        path: Its type behind those it is in, as in "moov/trak/tkhd".
        start: Where it begins, from the begin of the data.
        content: What is in it.
    """

    path: str
    start: int
    content: bytes


@dataclass(frozen=True)
class Fragment:
    """The packets of one fragment.

    Attributes:
        number: Its sequence number.
        decode_time: Of the first packet.
        packets: With their durations.
    """

    number: int
    decode_time: int
    packets: list[tuple[bytes, int]]


def boxes(data: bytes, path: str = "", start: int = 0) -> Iterator[Box]:
    """Give all boxes, each before those in it."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, f"a box {kind!r} of {size} bytes at {path}{at}"
        content = data[at + 8 : at + size]
        name = path + kind.decode("ascii")
        yield Box(name, start + at, content)
        if kind in CONTAINERS:
            yield from boxes(content, name + "/", start + at + 8)
        at += size


def opus_specific(init: bytes) -> bytes:
    """Give the content of the one dOps box of an initialization section."""
    (entries,) = [box.content for box in boxes(init) if box.path == "moov/trak/mdia/minf/stbl/stsd"]
    count, size, kind = struct.unpack_from(">4xII4s", entries)
    assert (count, size, kind) == (1, len(entries) - 8, b"Opus")
    (inner,) = boxes(entries[16 + SAMPLE_ENTRY_BYTES :])
    assert inner.path == "dOps"
    return inner.content


def fragments(data: bytes) -> list[Fragment]:
    """Take fragments of one track apart."""
    found = []
    flat = {}
    for box in boxes(data):
        flat[box.path] = box
        if box.path == "mdat":
            found.append(_fragment(data, flat))
            flat = {}
    assert flat == {}, "each moof has its mdat"
    return found


def _fragment(data: bytes, flat: dict[str, Box]) -> Fragment:
    number = struct.unpack(">4xI", flat["moof/mfhd"].content)[0]
    decode_time = struct.unpack(">4xQ", flat["moof/traf/tfdt"].content)[0]
    header = flat["moof/traf/tfhd"].content
    flags = int.from_bytes(header[1:4], "big")
    assert flags & 0x020000, "offsets count from the moof"
    default = struct.unpack_from(">I", header, 8)[0] if flags & 0x8 else 0
    run = flat["moof/traf/trun"].content
    flags = int.from_bytes(run[1:4], "big")
    assert flags & ~0x100 == 0x201, "offset, sizes, and maybe durations"
    count, offset = struct.unpack_from(">Ii", run, 4)
    fields = struct.unpack(f">{(len(run) - 12) // 4}I", run[12:])
    durations = fields[::2] if flags & 0x100 else (default,) * count
    sizes = fields[1::2] if flags & 0x100 else fields
    assert len(sizes) == count
    at = flat["moof"].start + offset
    assert at == flat["mdat"].start + 8
    packets = []
    for size, samples in zip(sizes, durations, strict=True):
        packets.append((data[at : at + size], samples))
        at += size
    assert at == flat["mdat"].start + 8 + len(flat["mdat"].content), "no byte belongs to nobody"
    return Fragment(number, decode_time, packets)
