"""The way "formats": sources in other formats, each of whose frames is spoilt, and some of their headers."""

import random
from functools import cache

from audiocast.formats.decoding.flac_frames import FlacFramer
from audiocast.formats.decoding.mpeg_frames import SyncFramer
from audiocast.formats.decoding.units import Frame
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import encode_page, lace
from tests.fuzz.cases import ATTACKED, cut, key_of, mutate
from tests.support.audio.capture import read_pages
from tests.support.audio.foreign_sound import FORMATS, tone

SECONDS = 1.0
SPOILT_HEADERS = 0.2
OGG_HEADER_PACKETS = {"vorbis": 3, "ogg-flac": 2}
WAV_BLOCK_BYTES = 3528
SERIAL = 7


def bodies(dice: random.Random) -> tuple[bytes, ...]:
    """Return a request without framing, whose body is spoilt sound."""
    stream_id = dice.choice(ATTACKED)
    method = dice.choice(["POST", "PUT", "SOURCE"])
    types = ["audio/mpeg", "audio/aac", "audio/flac", "audio/wav", "application/ogg", "x", ""]
    head = f"{method} /ingest/{stream_id}?key={key_of(stream_id)} HTTP/1.0\r\nHost: localhost\r\n"
    head += f"Content-Type: {dice.choice(types)}\r\n\r\n"
    sound = b"".join(spoilt_sound(dice, dice.choice(FORMATS))[0] for _ in range(dice.choice([1, 1, 1, 2])))
    return cut(dice, head.encode() + sound, 8)


def spoilt_sound(dice: random.Random, name: str) -> tuple[bytes, int]:
    """Return a sound of which each frame is spoilt; and how many frames those are."""
    head, frames = parts(name)
    if dice.random() < SPOILT_HEADERS:
        head = mutate(dice, head, dice.choice([1, 1, 4]))
    spoilt = [_spoilt(dice, frame) for frame in frames]
    if name in OGG_HEADER_PACKETS:
        return head + b"".join(map(_page, range(len(spoilt)), spoilt)), len(spoilt)
    return head + b"".join(spoilt), len(spoilt)


@cache
def parts(name: str) -> tuple[bytes, tuple[bytes, ...]]:
    """Return a good sound as its headers and its frames; of Ogg the packets."""
    sound = tone(name, seconds=SECONDS)
    if name in OGG_HEADER_PACKETS:
        return _ogg_parts(sound, OGG_HEADER_PACKETS[name])
    if name == "wav":
        begin = sound.index(b"data") + 8
        starts = range(begin, len(sound), WAV_BLOCK_BYTES)
        return sound[:begin], tuple(sound[at : at + WAV_BLOCK_BYTES] for at in starts)
    framer = FlacFramer() if name == "flac" else SyncFramer(name, is_adts=name == "aac")
    units = [*framer.push(sound), *framer.finish()]
    frames = tuple(unit.data for unit in units if isinstance(unit, Frame))
    return sound[: sound.index(frames[0])], frames


def _ogg_parts(sound: bytes, header_packets: int) -> tuple[bytes, tuple[bytes, ...]]:
    assembler = PacketAssembler()
    head, packets = b"", []
    for page in read_pages(sound):
        found = assembler.push(page)
        if header_packets > 0:
            header_packets -= len(found)
            head += encode_page(
                flags=page.flags,
                granule_position=page.granule_position,
                serial=SERIAL,
                sequence=page.sequence,
                lacing=page.lacing,
                body=page.body,
            )
        else:
            packets += found
    return head, tuple(packets)


def _page(number: int, packet: bytes) -> bytes:
    """Return a page whose checksum is right; what does not fit is cut off."""
    packet = packet[:60_000]
    return encode_page(
        flags=0,
        granule_position=(number + 1) * 1024,
        serial=SERIAL,
        sequence=number + 10,
        lacing=lace([packet]),
        body=packet,
    )


def _spoilt(dice: random.Random, frame: bytes) -> bytes:
    """Spoil a frame: mostly within, so that it is still found and decoded."""
    if dice.random() < 0.3:
        return mutate(dice, frame)
    spoilt = bytearray(frame)
    for _ in range(dice.choice([1, 2, 8])):
        at = dice.randrange(len(spoilt)) if dice.random() < 0.7 else dice.randrange(min(40, len(spoilt)))
        spoilt[at] = dice.choice([dice.randrange(256), spoilt[at] ^ 1 << dice.randrange(8)])
    return bytes(spoilt)
