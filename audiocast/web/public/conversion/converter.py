"""One source of another format, on its way to Ogg Opus: its bytes go to a worker, pages come of what returns.

    connection --bytes--> SourceConverter --pieces--> format worker: decode, encode
                               '--Ogg pages--> Source <--packets, titles--'

What the worker has not done yet is bounded: the connection is not read meanwhile. A worker that dies is
started again, and the decoding goes on with the next frame; listeners hear silence in between, as whenever a
source is away. Each track with comments of its own becomes a new Ogg stream, as encoders of Opus do it.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from audiocast import __version__
from audiocast.formats.decoding import notes
from audiocast.formats.decoding.errors import BadFrame
from audiocast.formats.pool.format_job import FormatJob, JobOwner
from audiocast.formats.protocol import Item
from audiocast.formats.source_formats import LABELS, SourceFormat
from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.writer import PageWriter
from audiocast.stream.errors import NotOpus, StreamError, TooDamaged

log = structlog.get_logger()

SERIAL_BITS = 32

# What there may be of one source that is not done: four seconds of MP3 at 128 kbit/s, a third of one of WAV.
MAX_IN_HAND_BYTES = 65_536

# What the worker does at once: other sources have their turn in between.
PIECE_BYTES = 4_096

# A worker that has too much to do is asked again after so long.
RETRY_SECONDS = 0.1

FINISH_SECONDS = 5.0

# Starts a job of the worker, whose owner is the one given.
OpenJob = Callable[[JobOwner], FormatJob]


class SourceConverter:
    """Converts one source; the owner of its job.

    Args:
        source_format: What it sends.
        open_job: Starts its job; raises a `StreamError` if no worker takes it.
        publish: Takes pages of Ogg Opus, as `Intake.feed` does.
        drop: Takes what was damaged, as `Intake.drop` does.
        charge_headers: Takes how many of the bytes were tags and pictures.
        dismiss: Called once when the source cannot go on; never from within a method of this class.
    """

    def __init__(
        self,
        source_format: SourceFormat,
        *,
        open_job: OpenJob,
        publish: Callable[[bytes], Awaitable[None] | None],
        drop: Callable[[OggError], None],
        charge_headers: Callable[[int], None],
        dismiss: Callable[[StreamError | OggError], None],
    ) -> None:
        self._label = LABELS[source_format]
        self._publish = publish
        self._drop = drop
        self._charge_headers = charge_headers
        self._dismiss = dismiss
        self._loop = asyncio.get_running_loop()
        self._state = b""
        self._sent_bytes = 0
        self._unsent: deque[bytes] = deque()
        self._in_hand_bytes = 0
        self._retry: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._done: asyncio.Future[None] | None = None
        self._writer: PageWriter | None = None
        self._opus_head: OpusHead | None = None
        self._tags = OpusTags(f"audiocast {__version__}, from {self._label}")
        self._is_closed = False
        self._made: deque[bytes | tuple[str, ...]] = deque()
        self._publisher: asyncio.Task[None] | None = None
        self._job = open_job(self)

    def feed(self, data: bytes) -> Awaitable[None] | None:
        """Send the next bytes to the worker.

        Returns:
            What to wait for before the next bytes are read, if there is enough in hand.
        """
        if self._is_closed:
            return None
        self._in_hand_bytes += len(data)
        self._unsent.extend(data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES))
        self._send()
        if self._in_hand_bytes <= MAX_IN_HAND_BYTES or self._is_closed:
            return None
        if self._room is None or self._room.done():
            self._room = self._loop.create_future()
        return self._room

    async def finish(self) -> None:
        """Wait until the last of the source is published."""
        if self._is_closed:
            return
        self._done = self._loop.create_future()
        self._send()
        await asyncio.wait([self._done], timeout=FINISH_SECONDS)
        if self._publisher is not None:
            await asyncio.wait([self._publisher], timeout=FINISH_SECONDS)

    def close(self) -> None:
        """Stop, and let the job go. May be repeated."""
        self._is_closed = True
        self._job.drop()
        self._unsent.clear()
        self._made.clear()
        if self._retry is not None:
            self._retry.cancel()
        if self._publisher is not None:
            self._publisher.cancel()
        _release(self._room)
        _release(self._done)

    def take_frames(self, frames: Sequence[Item]) -> None:
        """See `JobOwner`."""
        for data, samples in frames:
            if samples == notes.STATE_SAMPLES:
                self._state = data
            elif self._opus_head is not None:
                self._made.append(data)
        self._start_publisher()

    def take_note(self, note: Mapping[str, Any]) -> None:
        """See `JobOwner`."""
        if "done" in note:
            self._set_in_hand(self._in_hand_bytes - notes.number_of(note, "done"))
            if header_bytes := notes.number_of(note, "headers"):
                self._charge_headers(header_bytes)
        elif "comments" in note:
            self._made.append(notes.comments_of(note))
        elif "opus_head" in note:
            self._take_head(notes.text_of(note, "opus_head"))
        elif "fault" in note:
            self._take_fault(BadFrame(notes.text_of(note, "fault")))
        elif "refused" in note:
            self._fail(NotOpus(notes.text_of(note, "refused")))

    def job_restarted(self) -> None:
        """Go on with another worker; what the dead one had in hand is lost."""
        unsent_bytes = sum(map(len, self._unsent))
        log.warning("conversion_restarted", format=self._label, lost_bytes=self._in_hand_bytes - unsent_bytes)
        self._job.feed([Item(notes.resume_data(self._sent_bytes, self._state), notes.RESUME_SAMPLES)])
        self._set_in_hand(unsent_bytes)
        self._send()

    def job_ended(self, error: str) -> None:
        """See `JobOwner`."""
        if self._done is not None and not error:
            _release(self._done)
        else:
            self._fail(TooDamaged(f"expected {self._label} that can be converted: {error}"))

    def _send(self) -> None:
        """Give the worker what it takes now."""
        while self._unsent:
            if not self._job.feed([Item(self._unsent[0], notes.DATA_SAMPLES)]):
                if self._retry is None:
                    self._retry = self._loop.call_later(RETRY_SECONDS, self._send_again)
                return
            self._sent_bytes += len(self._unsent.popleft())
        if self._done is not None:
            self._job.finish()

    def _send_again(self) -> None:
        self._retry = None
        self._send()

    def _take_head(self, text: str) -> None:
        try:
            self._opus_head = OpusHead.parse(bytes.fromhex(text))
        except (ValueError, OggError):
            self._fail(TooDamaged(f"expected {self._label} to become Opus, got no OpusHead"))

    def _take_fault(self, fault: BadFrame) -> None:
        # Until there is sound, it is no fault of it: relays begin in the middle of a frame.
        if self._writer is None:
            return
        try:
            self._drop(fault)
        except (OggError, StreamError) as error:
            self._fail(error)

    def _start_publisher(self) -> None:
        if self._made and self._publisher is None and not self._is_closed:
            self._publisher = self._loop.create_task(self._publish_made())

    async def _publish_made(self) -> None:
        """Publish what was made, one after another."""
        try:
            while self._made:
                rest = self._publish(self._next_pages())
                if rest is not None:
                    await rest
        except (OggError, StreamError) as error:
            self._fail(error)
        finally:
            self._publisher = None

    def _next_pages(self) -> bytes:
        """Return the pages of all that was made, up to the next track."""
        pages = b""
        while self._made and not (pages and isinstance(self._made[0], tuple)):
            made = self._made.popleft()
            if isinstance(made, tuple):
                self._tags = OpusTags(self._tags.vendor, made)
                self._writer = None
            else:
                pages += self._page(made)
        return pages

    def _page(self, packet: bytes) -> bytes:
        """Return the page of a packet, behind header pages if a track begins."""
        headers = b""
        if self._writer is None:
            assert self._opus_head is not None
            self._writer = PageWriter(secrets.randbits(SERIAL_BITS))
            headers = self._writer.headers(self._opus_head, self._tags)
        return headers + self._writer.audio([packet])

    def _set_in_hand(self, size: int) -> None:
        self._in_hand_bytes = max(0, size)
        if self._in_hand_bytes <= MAX_IN_HAND_BYTES // 2:
            _release(self._room)

    def _fail(self, error: StreamError | OggError) -> None:
        if not self._is_closed:
            self.close()
            self._loop.call_soon(self._dismiss, error)


def _release(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
