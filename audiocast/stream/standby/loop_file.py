"""A file that a stream plays while it has no source: its packets, read whole, so that it goes round at once.

Blocks while it reads: call it in a thread.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags, is_opus_head
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.ogg.tags_sieve import MAX_TAGS_BYTES
from audiocast.stream.muxer import TimedPacket

# Ninety minutes at 96 kbit/s.
MAX_FILE_BYTES = 67_108_864

# No separators, and nothing hidden.
LOOP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,94}\.opus")


class LoopError(Exception):
    """The file cannot be played; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class LoopFile:
    """What a loop file holds.

    Attributes:
        opus_head, tags: Of the file.
        packets: All of its audio, at least one.
    """

    opus_head: OpusHead
    tags: OpusTags
    packets: Sequence[TimedPacket]


def loop_names(folder: str) -> list[str]:
    """Return the names of the files in a folder that may be loop files, sorted; none if it cannot be read."""
    try:
        return sorted(each.name for each in Path(folder).iterdir() if LOOP_NAME.fullmatch(each.name))
    except OSError:
        return []


def read_loop(folder: str, name: str) -> LoopFile:
    """Return what a file of the folder holds.

    Raises:
        LoopError: It is not there, too large, or not one Ogg Opus stream.
    """
    if not folder or not LOOP_NAME.fullmatch(name):
        raise LoopError(f"expected a file in FALLBACK_FOLDER, got {name[:100]!r}")
    try:
        with (Path(folder) / name).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise LoopError(f"cannot read {name}: {error.strerror}; put it into FALLBACK_FOLDER") from error
    if len(data) > MAX_FILE_BYTES:
        raise LoopError(f"{name}: expected at most {MAX_FILE_BYTES >> 20} MiB, got more; make it shorter")
    try:
        return _parse(data)
    except OggError as error:
        raise LoopError(f"{name}: {error}; encode it anew, with opusenc or ffmpeg -c:a libopus") from error
    except ValueError as error:
        raise LoopError(f"{name}: {error}") from error


def _parse(data: bytes) -> LoopFile:
    reader = PageReader()
    reader.feed(data)
    assembler = PacketAssembler(max_packet_bytes=MAX_TAGS_BYTES)
    packets: list[bytes] = []
    serial: int | None = None
    while (page := reader.next_page()) is not None:
        if serial is None:
            serial = page.serial
        elif page.serial != serial:
            raise ValueError("expected one Ogg Opus stream, got several; join them into one")
        packets += assembler.push(page)
    if len(packets) < 3 or not is_opus_head(packets[0]):
        raise ValueError("expected Ogg Opus with audio, got something else; encode it with opusenc")
    opus_head = OpusHead.parse(packets[0])
    streams = opus_head.stream_count
    audio = [(each, packet_samples(each, streams)) for each in packets[2:] if each]
    if not audio:
        raise ValueError("expected audio, got none")
    return LoopFile(opus_head, OpusTags.parse(packets[1]), audio)
