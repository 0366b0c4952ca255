"""The head of a chunk from the first bytes of its file: a show that is on has hundreds of chunks. Pure."""

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.recordings.chunk import FIELD, BadChunk, ChunkHead

# The headers of nearly every chunk.
HEAD_BYTES = 4096


def parse_head(data: bytes) -> tuple[ChunkHead, OpusHead] | None:
    """Read the beginning of a file; return None when the headers need more of it.

    Raises:
        BadChunk: It is no chunk.
    """
    reader, assembler = PageReader(), PacketAssembler()
    reader.feed(data)
    packets: list[bytes] = []
    try:
        while len(packets) < 2:
            page = reader.next_page()
            if page is None:
                return None
            packets += assembler.push(page)
        opus_head, tags = OpusHead.parse(packets[0]), OpusTags.parse(packets[1])
    except OggError as error:
        raise BadChunk(str(error)) from error
    text = next((each for each in tags.comments if each.startswith(FIELD)), "")
    return ChunkHead.parse(text.removeprefix(FIELD)), opus_head


def page_samples(head: ChunkHead) -> list[int] | None:
    """Return how long each page of a chunk is; None: its packets are not all as long, and have to be read.

    Packets of several lengths whose sum is a multiple of their number look alike. That moves a seam between
    two owners by less than a page.
    """
    packets = sum(run.pages * run.packets for run in head.runs)
    if not packets or head.samples % packets:
        return None
    each = head.samples // packets
    return [each * run.packets for run in head.runs for _ in range(run.pages)]
