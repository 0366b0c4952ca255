"""A part of a show as bytes: an Ogg Opus stream of its own, and a fragment of MP4 for HLS. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256

from audiocast.hls.fragments import fragment, init_section
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.writer import PageWriter
from audiocast.recordings.chunk import PACKETS_A_PAGE, VENDOR, parse_chunk
from audiocast.recordings.rewind.running_show import ShowPart


class PartForm(StrEnum):
    """What a part is made into."""

    OGG = "opus"
    MP4 = "m4s"


def part_of_chunk(data: bytes, part: ShowPart, form: PartForm, number: int) -> bytes:
    """Return a part from its chunk.

    Args:
        data: The chunk's file.
        part: What is wanted of it.
        form: As what.
        number: Of the fragment, from 1 on.

    Raises:
        audiocast.recordings.chunk.BadChunk: It is none.
    """
    if form is PartForm.OGG and not part.skipped:
        # The chunk is such a file already.
        return data
    chunk = parse_chunk(data)
    packets = [
        packet for index, page in enumerate(chunk.pages) if index not in part.skipped for packet in page
    ]
    return part_of_packets(packets, chunk.opus_head, part, form, number)


def part_of_packets(
    packets: Sequence[bytes], opus_head: OpusHead, part: ShowPart, form: PartForm, number: int
) -> bytes:
    """Return a part from its packets."""
    if form is PartForm.MP4:
        timed = [(packet, packet_samples(packet, opus_head.stream_count)) for packet in packets]
        return fragment(timed, number=number, decode_time=part.start)
    writer = PageWriter(part.start & 0xFFFFFFFF)
    data = [writer.headers(opus_head, OpusTags(VENDOR, ()))]
    for first in range(0, len(packets), PACKETS_A_PAGE):
        group = packets[first : first + PACKETS_A_PAGE]
        data.append(writer.audio(group, eos=first + PACKETS_A_PAGE >= len(packets)))
    return b"".join(data)


def init_name(opus_head: OpusHead) -> str:
    """Return the name of a set-up's initialization section, the same at every member."""
    return f"init-{sha256(opus_head.encode()).hexdigest()[:12]}.mp4"


def init_bytes(opus_head: OpusHead) -> bytes:
    """Return the initialization section."""
    return init_section(opus_head)
