"""Ogg Opus that is wrong somewhere: pages and packets are changed before their checksums are made.

So checksums do not find it. Some bytes are changed after that, too.
"""

import random
import struct

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import MAX_SEGMENT_BYTES, SEQUENCE_MODULUS, Page, encode_page, lace
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from tests.fuzz.cases import mutate
from tests.support.audio.capture import read_pages

HEADS = (
    OpusHead(channels=1, pre_skip=312),
    OpusHead(channels=2, pre_skip=0),
    OpusHead(channels=2, pre_skip=65_535, output_gain=-32_768),
    OpusHead(
        channels=3, pre_skip=3840, mapping_family=1, stream_count=2, coupled_count=1, mapping=b"\x00\x01\x02"
    ),
    OpusHead(
        channels=8, pre_skip=1, mapping_family=255, stream_count=8, coupled_count=0, mapping=bytes(range(8))
    ),
)
TITLES = ("", "a title", "\u202e\x9b31m\r\n\0", "x" * 5000, "<script>", "\N{MUSICAL NOTE}" * 300)


def some_stream(dice: random.Random) -> bytes:
    """Return a stream of some pages, a chain of streams, or what is none."""
    if dice.random() < 0.05:
        return dice.choice(
            [dice.randbytes(3000), b"ID3" + bytes(500), b"fLaC", b"\x1aE\xdf\xa3" + bytes(90), b""]
        )
    links = [some_link(dice) for _ in range(dice.choice([1, 1, 1, 1, 1, 1, 2, 2, 5, 40]))]
    if dice.random() < 0.1:
        links += links[:1]
    stream = b"".join(links)
    if dice.random() < 0.1:
        stream = _shuffled(dice, stream)
    return mutate(dice, stream, dice.choice([1, 3])) if dice.random() < 0.25 else stream


def some_link(dice: random.Random) -> bytes:
    """Return one Ogg stream with headers, some of it changed, its checksums right."""
    head = dice.choice(HEADS)
    tags = OpusTags(
        vendor="fuzz", comments=tuple(f"TITLE={dice.choice(TITLES)}" for _ in range(dice.randrange(3)))
    )
    writer = PageWriter(dice.choice([1, 2, dice.randrange(1 << 32)]))
    data = writer.headers(head, tags)
    for _ in range(dice.choice([0, 1, 5, 30])):
        data += writer.audio(
            [
                silence_packet(head, dice.choice([0, 3, 240, 254, 255, 256, 1275]))
                for _ in range(dice.choice([1, 1, 5]))
            ]
        )
    if dice.random() < 0.2:
        data += writer.audio([], eos=True)
    pages = read_pages(data)
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        at = dice.randrange(len(pages)) if pages else 0
        pages[at : at + 1] = [other for page in pages[at : at + 1] for other in _changed(dice, page)]
    return b"".join(_encoded(dice, page) for page in pages)


def some_packet(dice: random.Random) -> bytes:
    """Return a packet: any code and length, most of them no Opus."""
    return dice.choice(
        [
            silence_packet(HEADS[0], dice.choice([0, 240, 1275])),
            b"",
            bytes((dice.randrange(256),)),
            bytes((dice.randrange(256), dice.randrange(256))) + dice.randbytes(dice.randrange(80)),
            dice.randbytes(dice.choice([60, 1276, 61_440, 61_441])),
            HEADS[0].encode(),
            some_head_packet(dice),
            b"OpusTags" + dice.randbytes(30),
        ]
    )


def some_head_packet(dice: random.Random) -> bytes:
    """Return an OpusHead whose fields contradict each other or the packet's length."""
    fields = struct.pack(
        "<8sBBHIhB",
        b"OpusHead",
        dice.choice([0, 1, 1, 15, 16, 255]),
        dice.choice([0, 1, 2, 3, 8, 9, 255]),
        dice.randrange(65_536),
        dice.choice([0, 48_000, 0xFFFFFFFF]),
        dice.randrange(-32_768, 32_768),
        dice.choice([0, 1, 2, 255]),
    )
    return fields + dice.randbytes(dice.choice([0, 1, 2, 5, 257, 400]))


def some_tags_packet(dice: random.Random) -> bytes:
    """Return OpusTags whose counts and lengths lie."""
    count = dice.choice([0, 1, 3, 0x7FFFFFFF, 0xFFFFFFFF])
    comments = b"".join(
        struct.pack("<I", dice.choice([size, size, 0, 0xFFFFFFFF])) + dice.choice([b"TITLE=", b"=", b"A"])
        + dice.randbytes(size)
        for size in (dice.randrange(200) for _ in range(min(count, 3)))
    )  # fmt: skip
    vendor_bytes = dice.choice([0, 3, 3, 0xFFFFFFFF])
    return b"OpusTags" + struct.pack("<I", vendor_bytes) + b"abc" + struct.pack("<I", count) + comments


def _changed(dice: random.Random, page: Page) -> list[Page]:
    """Return what stands for a page: another one, several, or none."""
    match dice.randrange(11):
        case 0:
            return [page._replace(flags=dice.randrange(256))]
        case 1:
            return [page._replace(granule_position=dice.choice([-(1 << 63), -2, -1, 0, 960, (1 << 63) - 1]))]
        case 2:
            return [page._replace(serial=dice.randrange(1 << 32))]
        case 3:
            return [
                page._replace(sequence=dice.choice([0, page.sequence + 1, page.sequence + 7, (1 << 32) - 1]))
            ]
        case 4:
            return [page._replace(lacing=mutate(dice, page.lacing)[:255])]
        case 5:
            return [page, page]
        case 6:
            return []
        case 7:
            return [_with_packets(page, [some_packet(dice) for _ in range(dice.choice([1, 2, 40]))])]
        case 8:
            return [_with_packets(page, [some_head_packet(dice)])]
        case 9:
            return [_with_packets(page, [some_tags_packet(dice)])]
        case _:
            return [page._replace(lacing=b"\xff" * 255, body=dice.randbytes(255 * MAX_SEGMENT_BYTES)), page]


def _with_packets(page: Page, packets: list[bytes]) -> Page:
    """Put packets on a page; one that is too large for it is left open at its end."""
    body = b"".join(packets)
    try:
        lacing = lace(packets)
    except ValueError:
        lacing, body = b"\xff" * 255, body[: 255 * MAX_SEGMENT_BYTES].ljust(255 * MAX_SEGMENT_BYTES, b"\0")
    return page._replace(lacing=lacing, body=body)


def _encoded(dice: random.Random, page: Page) -> bytes:
    """Encode a page, its body as long as the segments say, or now and then not."""
    size = sum(page.lacing)
    body = page.body[:size].ljust(size, b"\0") if dice.random() < 0.95 else page.body
    return encode_page(
        flags=page.flags,
        granule_position=page.granule_position,
        serial=page.serial,
        sequence=page.sequence % SEQUENCE_MODULUS,
        lacing=page.lacing,
        body=body,
    )


def _shuffled(dice: random.Random, stream: bytes) -> bytes:
    """Cut a stream in three, and put the pieces in another order."""
    first, second = sorted(dice.randrange(len(stream) + 1) for _ in range(2))
    pieces = [stream[:first], stream[first:second], stream[second:]]
    dice.shuffle(pieces)
    return b"".join(pieces)
