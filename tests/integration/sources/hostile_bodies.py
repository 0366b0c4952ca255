"""Bodies of Ogg Opus that are good by the letter, and made to cost a server as much as they can."""

import struct
from collections.abc import Callable, Sequence

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import FLAG_BOS, encode_page, lace
from audiocast.ogg.writer import PageWriter

# CELT, 2.5 ms, one frame of nothing: the shortest packet.
SHORTEST_PACKET = b"\x80"
PACKETS_A_PAGE = 255

STEREO = OpusHead(channels=2, pre_skip=312)
TAGS = OpusTags("hostile")
SPREAD = OpusHead(255, 312, mapping_family=255, stream_count=255, coupled_count=0, mapping=bytes(range(255)))

# 120 ms in 48 frames with a size each, all of them empty: the dearest packet to look into.
MANY_FRAMES = b"\x83\xb0" + bytes(47)


def other_decoders() -> bytes:
    """Begin a stream with another OpusHead after each packet of 2.5 ms."""
    other = OpusHead(2, 312, mapping_family=255, stream_count=1, coupled_count=1, mapping=b"\0\1")
    heads = (STEREO, other)
    return b"".join(_stream(serial, heads[serial % 2], [SHORTEST_PACKET]) for serial in range(7_000))


def headers_alone() -> bytes:
    """Begin one stream after another, with no audio but the first packet."""
    first = _stream(0, STEREO, [SHORTEST_PACKET])
    return first + b"".join(_stream(serial, STEREO, []) for serial in range(1, 8_000))


def tiny_pages() -> bytes:
    """Put each packet of 2.5 ms on a page of its own."""
    writer = PageWriter(1)
    pages = [writer.headers(STEREO, TAGS)]
    return b"".join([*pages, *(writer.audio([SHORTEST_PACKET]) for _ in range(8_000))])


def pages_without_packets() -> bytes:
    """Send the shortest pages that there are."""
    begun = _stream(1, STEREO, [SHORTEST_PACKET])
    return begun + b"".join(_page([], sequence) for sequence in range(3, 40_000))


def dear_packets() -> bytes:
    """Fill pages with packets of many frames."""
    begun = _stream(1, STEREO, [SHORTEST_PACKET])
    return begun + b"".join(_page([MANY_FRAMES] * PACKETS_A_PAGE, sequence) for sequence in range(3, 30))


def many_channels() -> bytes:
    """Fill pages with packets of 255 streams each."""
    packet = b"\x80\x00" * 254 + SHORTEST_PACKET
    begun = _stream(1, SPREAD, [packet])
    return begun + b"".join(_page([packet] * (PACKETS_A_PAGE // 3), sequence) for sequence in range(3, 30))


def many_comments() -> bytes:
    """Say nothing in as many comments as there may be, again and again."""
    comments = OpusTags("", ("",) * 1_000)
    return b"".join(_stream(serial, STEREO, [SHORTEST_PACKET], comments) for serial in range(300))


def too_many_comments() -> bytes:
    """Say nothing in as many comments as fit."""
    size = 120_000
    tags = b"OpusTags" + struct.pack("<II", 0, size // 4) + bytes(size)
    pages = [
        encode_page(
            flags=FLAG_BOS,
            granule_position=0,
            serial=1,
            sequence=0,
            lacing=lace([STEREO.encode()]),
            body=STEREO.encode(),
        )
    ]
    for sequence, at in enumerate(range(0, len(tags), 255 * 255), 1):
        piece = tags[at : at + 255 * 255]
        full, rest = divmod(len(piece), 255)
        lacing = b"\xff" * full + (bytes((rest,)) if full < 255 else b"")
        flags = 1 if sequence > 1 else 0
        pages.append(
            encode_page(
                flags=flags, granule_position=0, serial=1, sequence=sequence, lacing=lacing, body=piece
            )
        )
    return b"".join(pages)


BODIES: dict[str, Callable[[], bytes]] = {
    make.__name__: make
    for make in (
        other_decoders,
        headers_alone,
        tiny_pages,
        pages_without_packets,
        dear_packets,
        many_channels,
        many_comments,
        too_many_comments,
    )
}


def _stream(serial: int, head: OpusHead, packets: Sequence[bytes], tags: OpusTags = TAGS) -> bytes:
    writer = PageWriter(serial)
    return writer.headers(head, tags) + (writer.audio(packets) if packets else b"")


def _page(packets: Sequence[bytes], sequence: int) -> bytes:
    return encode_page(
        flags=0, granule_position=0, serial=1, sequence=sequence, lacing=lace(packets), body=b"".join(packets)
    )
