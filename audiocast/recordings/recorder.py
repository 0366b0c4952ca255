"""The recorder of one stream: what listeners get of it becomes chunks. It never waits.

Every member that has a stream makes its chunks, and only the owner hands them on. The others keep the last
seconds in hand: who becomes the owner of a stream, because the one before was killed, has what that one had
not written yet.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.recordings.chunk import ChunkHead, Title, encode_chunk, page_name, runs_of
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.tap import SourcePage

# How much a member has in hand of a stream that another one owns: as much as a backlog has.
STANDBY_SECONDS = 20.0

# Of one chunk, however much a source sends in a few seconds.
MAX_CHUNK_BYTES = 1_048_576
MAX_CHUNK_TITLES = 100

# Between two bitstreams; less is how audio comes.
MIN_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FullChunk:
    """A chunk that is to be written.

    Attributes:
        number: In its reel; later ones have greater numbers.
        begins_reel: The chunks from here on are a reel of their own.
        head: Where it belongs.
        data: The file.
    """

    number: int
    begins_reel: bool
    head: ChunkHead
    data: bytes


class Recorder:
    """Fits `PageTap`.

    Args:
        stream_id: The stream.
        chunk_seconds: How long a chunk is.
        now: Seconds of a monotonic clock.
        wall: Unix seconds.
        write: Takes a chunk that is full, while this member is the one that writes.

    Attributes:
        is_private: The stream is private, from the present chunk on.
    """

    def __init__(
        self,
        stream_id: str,
        *,
        chunk_seconds: float,
        now: Callable[[], float],
        wall: Callable[[], float],
        write: Callable[[FullChunk], None],
    ) -> None:
        self._stream_id = stream_id
        self._chunk_samples = round(chunk_seconds * SAMPLE_RATE)
        self._now = now
        self._wall = wall
        self._write = write
        self.is_private = False
        self._standby: deque[FullChunk] = deque()
        self._standby_samples = 0
        self._is_writing = False
        self._begins_reel = True
        self._number = 0
        self._reel_samples = 0
        self._opus_head: OpusHead | None = None
        self._gap_samples = 0
        self._before = ""
        self._last_at: float | None = None
        self._first: ChunkHead | None = None
        self._began_at = 0.0
        self._pages: list[tuple[int, int]] = []
        self._packets: list[bytes] = []
        self._samples = self._bytes = 0
        self._titles: list[Title] = []
        self._playing = ("", "")

    @property
    def is_writing(self) -> bool:
        """Whether chunks are handed on."""
        return self._is_writing

    def append_page(self, page: SourcePage) -> None:
        """See `PageTap`."""
        source = str(page.source_id)
        first = self._first
        silence = page.gap_samples - (self._gap_samples if page.opus_head is self._opus_head else 0)
        is_other = page.opus_head is not self._opus_head
        if first is not None and (
            is_other or silence or first.source != source or first.serial != page.serial
        ):
            self.cut()
        if self._first is None:
            self._start(page, source, silence, is_restart=is_other and self._opus_head is not None)
        self._gap_samples, self._opus_head = page.gap_samples, page.opus_head
        # When what has come will have been heard.
        self._last_at = self._now() + sum(samples for _, samples in page.packets) / SAMPLE_RATE
        self._add(page.sequence, page.packets)
        self._before = page_name(source, page.serial, page.sequence)
        if self._samples >= self._chunk_samples or self._bytes >= MAX_CHUNK_BYTES:
            self.cut()

    def note_title(self, title: str, artist: str) -> None:
        """Note what is on from here on."""
        if (title, artist) != self._playing:
            self._playing = title, artist
            self._titles = [each for each in self._titles if each.sample != self._samples]
            self._titles.append(Title(self._samples, title, artist))
            del self._titles[:-MAX_CHUNK_TITLES]

    def look(self) -> None:
        """Cut a chunk that waits for pages which do not come."""
        age = self._now() - self._began_at
        if self._first is not None and age * SAMPLE_RATE >= 2 * self._chunk_samples:
            self.cut()

    def start_writing(self) -> None:
        """Hand on what is in hand, and then each chunk: a reel of its own."""
        if self._is_writing:
            return
        self._is_writing = self._begins_reel = True
        standby, self._standby, self._standby_samples = self._standby, deque(), 0
        for chunk in standby:
            self._hand_on(chunk)

    def stop_writing(self) -> None:
        """Hand on what is in hand, and end the reel."""
        if self._is_writing:
            self.cut(is_last=True)
            self._is_writing = False

    def cut(self, *, is_last: bool = False) -> None:
        """End the chunk that is being made, if any."""
        first, opus_head = self._first, self._opus_head
        if first is None or opus_head is None or not self._packets:
            return
        head = replace(
            first,
            samples=self._samples,
            runs=runs_of(self._pages),
            titles=tuple(self._titles),
            is_last=is_last,
            is_private=self.is_private,
        )
        chunk = FullChunk(self._number, False, head, encode_chunk(head, opus_head, self._packets))
        self._number += 1
        self._reel_samples += self._samples
        self._first = None
        self._pages, self._packets, self._titles = [], [], []
        self._samples = self._bytes = 0
        if self._is_writing:
            self._hand_on(chunk)
            return
        self._standby.append(chunk)
        self._standby_samples += head.samples
        while self._standby_samples - self._standby[0].head.samples >= STANDBY_SECONDS * SAMPLE_RATE:
            self._standby_samples -= self._standby.popleft().head.samples

    def _start(self, page: SourcePage, source: str, silence: int, *, is_restart: bool) -> None:
        pause = 0
        if is_restart and self._last_at is not None:
            seconds = self._now() - self._last_at
            pause = round(seconds * SAMPLE_RATE) if seconds >= MIN_PAUSE_SECONDS else 0
        self._reel_samples += silence
        self._began_at = self._now()
        if not self._titles:
            # Each chunk says what is on: of those before it one may be lost.
            self._titles = [Title(0, *self._playing)] if any(self._playing) else []
        self._first = ChunkHead(
            stream_id=self._stream_id,
            source=source,
            serial=page.serial,
            granule=page.granule,
            at_ms=round(self._wall() * 1000),
            start=self._reel_samples,
            samples=0,
            silence=silence,
            pause=pause,
            before=self._before,
        )

    def _add(self, sequence: int, packets: Sequence[TimedPacket]) -> None:
        self._pages.append((sequence, len(packets)))
        for packet, samples in packets:
            self._packets.append(packet)
            self._samples += samples
            self._bytes += len(packet)

    def _hand_on(self, chunk: FullChunk) -> None:
        self._write(replace(chunk, begins_reel=self._begins_reel))
        self._begins_reel = False
