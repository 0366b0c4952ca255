"""A chunk: some seconds of what listeners got, as an Ogg Opus file that any player plays. Pure.

Its comment AUDIOCAST_CHUNK has, as JSON, what tells where the chunk belongs: see `ChunkHead`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.ogg.writer import PageWriter

FIELD = "AUDIOCAST_CHUNK="
VENDOR = "audiocast"

# Of a page that its source has sent together with headers: it has no number that others know.
NO_SEQUENCE = -1

PACKETS_A_PAGE = 50


class BadChunk(Exception):
    """What was read is no chunk."""


class Run(NamedTuple):
    """Pages of the source that follow each other, with as many packets each.

    Attributes:
        sequence: Page number of the first one; `NO_SEQUENCE`: it has none.
        pages: How many.
        packets: What is in the chunk of each.
    """

    sequence: int
    pages: int
    packets: int


class Title(NamedTuple):
    """What is on from a sample of the chunk on."""

    sample: int
    title: str
    artist: str


@dataclass(frozen=True, slots=True)
class ChunkHead:
    """Where a chunk belongs.

    Attributes:
        stream_id: The stream.
        source: Text of the id of its source.
        serial: Of the chain segment of the source.
        granule: The source's own granule position at the end of the first page.
        at_ms: When that page came, Unix milliseconds.
        start: Samples of the reel before the chunk, silence of gaps included.
        samples: Samples of the chunk.
        silence: Samples of silence that listeners got just before, because the source was away.
        pause: Samples for which nothing was on before, by the clock.
        before: The page before in the reel, as `page_name`; empty: the chunk begins the reel.
        runs: The pages.
        titles: What was on.
        is_last: The reel ends with it, properly.
        is_private: The stream is private.
    """

    stream_id: str
    source: str
    serial: int
    granule: int
    at_ms: int
    start: int
    samples: int
    silence: int = 0
    pause: int = 0
    before: str = ""
    runs: tuple[Run, ...] = ()
    titles: tuple[Title, ...] = ()
    is_last: bool = False
    is_private: bool = False

    @property
    def end(self) -> int:
        """Samples of the reel up to its end."""
        return self.start + self.samples

    @property
    def end_ms(self) -> int:
        """When its last page came, at the least: Unix milliseconds."""
        return self.at_ms + self.samples * 1000 // SAMPLE_RATE

    @property
    def sequences(self) -> list[int]:
        """The page number of each page."""
        return [
            run.sequence + index if run.sequence != NO_SEQUENCE else NO_SEQUENCE
            for run in self.runs
            for index in range(run.pages)
        ]

    @property
    def last_page(self) -> str:
        """Its last page, as `page_name`."""
        return page_name(self.source, self.serial, self.sequences[-1])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the JSON.

        Raises:
            BadChunk: It is none.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            fields["runs"] = tuple(Run(*map(int, run)) for run in fields["runs"])
            fields["titles"] = tuple(Title(int(at), str(name), str(by)) for at, name, by in fields["titles"])
            known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
            return cls(**known)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadChunk(f"expected the head of a chunk, got {text[:100]!r}") from error


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as it was read.

    Attributes:
        head: Where it belongs.
        opus_head: Decoder set-up of its packets.
        pages: The packets of each of the source's pages.
    """

    head: ChunkHead
    opus_head: OpusHead
    pages: list[list[bytes]] = field(default_factory=list)


def page_name(source: str, serial: int, sequence: int) -> str:
    """Return the name of a page, which is the same wherever it comes by."""
    return f"{source}.{serial}.{sequence}"


def runs_of(pages: Sequence[tuple[int, int]]) -> tuple[Run, ...]:
    """Return pages, given by their number and how many packets they have, as runs."""
    runs: list[Run] = []
    for sequence, packets in pages:
        last = runs[-1] if runs else None
        if last is not None and last.packets == packets:
            follows = last.sequence + last.pages if last.sequence != NO_SEQUENCE else NO_SEQUENCE
            if sequence == follows:
                runs[-1] = last._replace(pages=last.pages + 1)
                continue
        runs.append(Run(sequence, 1, packets))
    return tuple(runs)


def encode_chunk(head: ChunkHead, opus_head: OpusHead, packets: Sequence[bytes]) -> bytes:
    """Return the file.

    Raises:
        audiocast.ogg.errors.BadPacket: A packet is none.
    """
    text = json.dumps(asdict(head), ensure_ascii=False, separators=(",", ":"))
    writer = PageWriter(head.serial)
    data = [writer.headers(opus_head, OpusTags(VENDOR, (FIELD + text,)))]
    for first in range(0, len(packets), PACKETS_A_PAGE):
        group = packets[first : first + PACKETS_A_PAGE]
        data.append(writer.audio(group, eos=first + PACKETS_A_PAGE >= len(packets)))
    return b"".join(data)


def parse_chunk(data: bytes) -> Chunk:
    """Read a file.

    Raises:
        BadChunk: It is no chunk, or not all of one.
    """
    reader, assembler = PageReader(), PacketAssembler()
    reader.feed(data)
    packets: list[bytes] = []
    try:
        is_whole = False
        while (page := reader.next_page()) is not None:
            packets += assembler.push(page)
            is_whole = page.is_eos
        reader.close()
        if not is_whole or len(packets) < 2:
            raise BadChunk("expected a whole file, got a part of one")
        opus_head, tags = OpusHead.parse(packets[0]), OpusTags.parse(packets[1])
    except OggError as error:
        raise BadChunk(str(error)) from error
    text = next((each for each in tags.comments if each.startswith(FIELD)), "")
    head = ChunkHead.parse(text.removeprefix(FIELD))
    if len(packets) - 2 != sum(run.pages * run.packets for run in head.runs):
        raise BadChunk("expected as many packets as the chunk's head says, got others")
    chunk, at = Chunk(head, opus_head), 2
    for run in head.runs:
        for _ in range(run.pages):
            chunk.pages.append(packets[at : at + run.packets])
            at += run.packets
    return chunk
