"""Each field of each box, by ISO/IEC 14496-12: a player may read any of them."""

import struct

import pytest

from audiocast.hls.fragments import fragment, init_section
from audiocast.ogg.headers import OpusHead
from tests.support.audio.mp4_boxes import boxes

MATRIX = bytes.fromhex("00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000")
RATE = struct.pack(">I", 48_000)
TABLE = "moov/trak/mdia/minf/stbl/"
INIT = {
    "ftyp": b"iso6" + bytes(4) + b"iso6mp41",
    # Times, ticks a second, no duration, rate 1.0, volume 1.0, reserved, matrix, predefined, next track.
    "moov/mvhd": bytes(4 + 8)
    + RATE
    + bytes(4)
    + b"\0\1\0\0\1\0"
    + bytes(10)
    + MATRIX
    + bytes(24)
    + b"\0\0\0\2",
    # Enabled, in the movie. Times, track 1, no duration, layer and group 0, volume 1.0, matrix, no picture.
    "moov/trak/tkhd": b"\0\0\0\3" + bytes(8) + b"\0\0\0\1" + bytes(20) + b"\1\0\0\0" + MATRIX + bytes(8),
    # The language "und".
    "moov/trak/mdia/mdhd": bytes(4 + 8) + RATE + bytes(4) + b"\x55\xc4\0\0",
    "moov/trak/mdia/hdlr": bytes(8) + b"soun" + bytes(12) + b"audiocast\0",
    "moov/trak/mdia/minf/smhd": bytes(8),
    # One reference, to the file itself.
    "moov/trak/mdia/minf/dinf/dref": bytes(4) + b"\0\0\0\1" + b"\0\0\0\x0curl \0\0\0\1",
    TABLE + "stts": bytes(8),
    TABLE + "stsc": bytes(8),
    TABLE + "stsz": bytes(12),
    TABLE + "stco": bytes(8),
    # Version 1: entries of two bytes, one of them, and that is -4 packets.
    TABLE + "sgpd": b"\1\0\0\0roll" + b"\0\0\0\2" + b"\0\0\0\1" + b"\xff\xfc",
    "moov/mvex/trex": bytes(4) + b"\0\0\0\1" + b"\0\0\0\1" + bytes(12),
}
PACKETS = [(b"ab", 960), (b"cde", 960)]
FRAGMENT = {
    "moof/mfhd": bytes(4) + b"\0\0\0\7",
    # Flags: data offsets count from the moof, and one duration for all.
    "moof/traf/tfhd": b"\0\2\0\x08" + b"\0\0\0\1" + struct.pack(">I", 960),
    # Version 1: a time of eight bytes.
    "moof/traf/tfdt": b"\1\0\0\0" + struct.pack(">Q", 96_000),
    # All packets belong to the first description of the group.
    "moof/traf/sbgp": bytes(4) + b"roll" + struct.pack(">III", 1, 2, 1),
}


@pytest.mark.parametrize("path", INIT)
def test_a_box_of_the_initialization_section(path: str) -> None:
    found = [box.content.hex(" ", 4) for box in boxes(init_section(OpusHead(2, 312))) if box.path == path]
    assert found == [INIT[path].hex(" ", 4)]


@pytest.mark.parametrize("path", FRAGMENT)
def test_a_box_of_a_fragment(path: str) -> None:
    data = fragment(PACKETS, number=7, decode_time=96_000)
    assert [box.content.hex(" ", 4) for box in boxes(data) if box.path == path] == [
        FRAGMENT[path].hex(" ", 4)
    ]


@pytest.mark.parametrize(
    ("packets", "flags", "entries"),
    [
        (PACKETS, 0x201, [2, 3]),
        ([(b"ab", 960), (b"cde", 480)], 0x301, [960, 2, 480, 3]),
    ],
    ids=["one duration", "a duration each"],
)
def test_the_run_of_a_fragment(packets: list[tuple[bytes, int]], flags: int, entries: list[int]) -> None:
    data = fragment(packets, number=7, decode_time=0)
    (run,) = [box.content for box in boxes(data) if box.path == "moof/traf/trun"]
    offset = data.index(b"mdat") + 4
    assert run == struct.pack(f">IIi{len(entries)}I", flags, 2, offset, *entries)
