"""The file of a show: one logical Ogg Opus stream with the packets as listeners got them. Pure.

The same plan and chunks give the same bytes. Where the decoder's set-up does not fit what was before, which
listeners have heard as a new stream too, the file goes on with a second logical stream (RFC 3533 section 4).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zlib import crc32

from audiocast.ogg.headers import FAMILY_RTP, OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from audiocast.recordings.chunk import Chunk
from audiocast.recordings.closing.plan import PlannedChunk, ShowPlan
from audiocast.recordings.show_record import ShowRecord

VENDOR = "audiocast"

# Pages of files have up to a second.
PAGE_SAMPLES = SAMPLE_RATE
PAGE_PACKETS = 200

# Players list them; a station that names each jingle would fill the file's first page with them.
MAX_CHAPTERS = 300


class ShowFile:
    """Makes the bytes of a file, one planned chunk after the other.

    Args:
        record: Of the show.
        plan: All of it.
        channels: The most that a chunk of mapping family 0 has.
    """

    def __init__(self, record: ShowRecord, plan: ShowPlan, channels: int) -> None:
        self._record = record
        self._plan = plan
        self._channels = channels
        self._streams = 0
        self._opus_head: OpusHead | None = None
        self._writer: PageWriter | None = None
        self._packets: list[bytes] = []
        self._samples = 0

    def add(self, planned: PlannedChunk, chunk: Chunk) -> bytes:
        """Return the bytes of the next chunk."""
        data = []
        if planned.opus_head is not None:
            data.append(self._start_stream(planned.opus_head))
        assert self._opus_head is not None
        if planned.silence_packets:
            silence = [silence_packet(self._opus_head)] * planned.silence_packets
            data.append(self._pages(silence))
        for index, packets in enumerate(chunk.pages):
            if index not in planned.skipped:
                data.append(self._pages(packets))
        return b"".join(data)

    def finish(self) -> bytes:
        """Return the end of the file."""
        if self._writer is None:
            return b""
        packets, self._packets, self._samples = self._packets, [], 0
        return self._writer.audio(packets, eos=True)

    def _start_stream(self, opus_head: OpusHead) -> bytes:
        end = self.finish()
        if opus_head.mapping_family == FAMILY_RTP and opus_head.channels < self._channels:
            # Packets say themselves whether they are mono: this is what the decoder makes of them.
            opus_head = replace(opus_head, channels=self._channels, coupled_count=self._channels - 1)
        self._opus_head = opus_head
        self._writer = PageWriter(crc32(f"{self._record.show_id} {self._streams}".encode()))
        self._streams += 1
        return end + self._writer.headers(opus_head, OpusTags(VENDOR, tuple(self._comments())))

    def _comments(self) -> Sequence[str]:
        record = self._record
        at = datetime.fromtimestamp(record.started_at, UTC)
        comments = [f"TITLE={record.title or record.stream_id}", f"DATE={at:%Y-%m-%dT%H:%M:%SZ}"]
        for number, (sample, title, artist) in enumerate(self._plan.titles[:MAX_CHAPTERS], 1):
            milliseconds = sample * 1000 // SAMPLE_RATE
            minutes, rest = divmod(milliseconds, 60_000)
            hours, minutes = divmod(minutes, 60)
            comments.append(f"CHAPTER{number:03}={hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}")
            comments.append(f"CHAPTER{number:03}NAME={' - '.join(filter(None, (artist, title)))}")
        return comments

    def _pages(self, packets: Sequence[bytes]) -> bytes:
        assert self._opus_head is not None
        assert self._writer is not None
        data = []
        for packet in packets:
            # The last packets are kept: they are marked as such.
            if self._samples >= PAGE_SAMPLES or len(self._packets) >= PAGE_PACKETS:
                data.append(self._writer.audio(self._packets))
                self._packets, self._samples = [], 0
            self._packets.append(packet)
            self._samples += packet_samples(packet, self._opus_head.stream_count)
        return b"".join(data)
