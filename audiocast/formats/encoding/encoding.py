"""One stream in one format at this node: a tap on its hub, a job of a format worker, and those who listen.

The tap gets all that listeners of Ogg Opus get, silence too, so the encoder goes on through whatever sources
do. It lives while somebody listens and half a minute more. When a worker dies, the job is opened anew and the
listeners stay: they miss what the worker was at.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from audiocast.formats.encoding.frame_stream import FrameStream
from audiocast.formats.encoding.stream_format import StreamFormat
from audiocast.formats.encoding.titled_frames import TitledBlocks, title_block
from audiocast.formats.pool.format_job import FormatJob
from audiocast.formats.pool.format_workers import FormatWorkers
from audiocast.formats.protocol import Item
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.audience.listen import Listen
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.bitstream import Bitstream, ListenerSession
from audiocast.stream.clock import Clock
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.listener import Sink
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.muxer import OggMuxer, TimedPacket, random_serial
from audiocast.stream.tap import ListenedTap, Taps

log = structlog.get_logger()

# What a worker is fed at once: 2 ms of its time.
FED_PACKETS = 10

# libopus's own look-ahead with "application audio".
PRE_SKIP = 312

# Packets wait for each other until they are so long: to wake a process costs as much as to encode 20 ms.
# Of an Ogg stream of a low rate, so much is on a page, too: a page costs 28 bytes.
GATHERED_SAMPLES = SAMPLE_RATE // 10


class Encoding(ListenedTap):
    """See the module; taps its hub at once.

    Args:
        hub: The stream, which is on.
        form: The format.
        workers: Do the work.
        clock, limits: The hub's.
        preroll_seconds: How much of the hub's backlog is encoded for the first listener.
        on_end: Called when the encoding takes no more listeners.

    Raises:
        FormatsMissing, FormatsBusy: See `FormatWorkers.open`.
    """

    def __init__(
        self,
        hub: Hub,
        form: StreamFormat,
        workers: FormatWorkers,
        clock: Clock,
        limits: HubLimits,
        *,
        preroll_seconds: float,
        on_end: Callable[["Encoding"], None],
    ) -> None:
        self.hub = hub
        self.form = form
        self._clock = clock
        self._limits = limits
        self._on_end = on_end
        self._opus_head: OpusHead | None = None
        self._is_ending = False
        self._pages: Bitstream | None = None
        self._frames: FrameStream | None = None
        self._titled: FrameStream | None = None
        self._blocks = TitledBlocks(form.title_interval_bytes)
        self._title = title_block(None, hub.title)
        self._waiting: list[TimedPacket] = []
        self._gathered: list[TimedPacket] = []
        if form.has_pages:
            muxer = OggMuxer(random_serial(), OpusHead(2, PRE_SKIP), hub.titles.tags)
            self._pages = Bitstream(muxer, clock, hub.counters, Taps(), limits)
        else:
            self._frames = FrameStream(clock, hub.counters, limits)
        self._job: FormatJob = workers.open("encode", {"codec": form.codec, "kbps": form.kbps}, self)
        self._backlog: list[TimedPacket] | None = []
        hub.open_tap(self)
        packets, self._backlog = self._backlog, None
        self._feed(_last(packets, preroll_seconds * SAMPLE_RATE))
        log.info("encoding_began", stream_id=hub.stream_id, codec=form.codec, kbps=form.kbps)

    @property
    def listeners(self) -> int:
        """Open listeners."""
        return sum(fanout.count for fanout in self._fanouts)

    def join(
        self,
        sink: Sink,
        response_head: bytes,
        *,
        preroll_seconds: float,
        aim_seconds: float,
        listen: Listen | None = None,
        has_titles: bool = False,
    ) -> ListenerSession:
        """Add a listener; see `Hub.join`. With `has_titles` titles are inside the frames."""
        if self._pages is not None:
            response_head += self._pages.header_pages(self.hub.titles.tags)
        joined = self._pages or (self._titled_frames() if has_titles else self._frames)
        assert joined is not None
        return joined.join(
            sink, response_head, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds, listen=listen
        )

    def close(self) -> None:
        """Leave the hub, and give the job up: nobody listens."""
        self._leave()
        self._job.drop()

    def finish(self, end: ListenEnd) -> None:
        """Leave the hub, and close the listeners with what they lack."""
        self._leave()
        self._job.drop()
        self._finish(end)

    def close_listeners(self, count: int) -> int:
        """See `ListenedTap`."""
        closed = 0
        for fanout in self._fanouts:
            closed += fanout.close_listeners(count - closed)
        return closed

    def end_listeners(self) -> None:
        """See `ListenedTap`."""
        for stream in self._streams:
            for listener in stream.fanout.open_listeners():
                stream.end_listener(listener, ListenEnd.REVOKED)

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """See `Tap`."""
        self._opus_head = opus_head
        if self._backlog is None:
            self._feed_waiting()
            self._job.feed([Item(opus_head.encode())])

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """See `Tap`."""
        if self._backlog is not None:
            self._backlog += packets
            return
        self._waiting += packets
        if sum(samples for _, samples in self._waiting) >= GATHERED_SAMPLES:
            self._feed_waiting()

    def end(self) -> None:
        """See `Tap`: the listeners get what the encoder still holds, and are closed then."""
        self._note_title()
        self._feed_waiting()
        self._leave()
        if not self._job.finish():
            self._finish(ListenEnd.STREAM_ENDED)

    def take_frames(self, frames: Sequence[Item]) -> None:
        """See `JobOwner`."""
        now = self._clock.time()
        if self._pages is not None:
            self._gathered += frames
            if sum(samples for _, samples in self._gathered) >= GATHERED_SAMPLES:
                self._send_pages(now)
            return
        assert self._frames is not None
        for data, samples in frames:
            self._frames.append(data, samples, now)
            if self._titled is not None:
                self._append_titled(data, samples, now)
        self._frames.flush()
        if self._titled is not None:
            self._titled.flush()

    def take_note(self, note: Mapping[str, Any]) -> None:
        """See `JobOwner`; an encoder tells nothing."""

    def job_restarted(self) -> None:
        """See `JobOwner`."""
        log.info("encoding_restarted", stream_id=self.hub.stream_id, codec=self.form.codec)
        if self._opus_head is not None:
            self._job.feed([Item(self._opus_head.encode())])

    def job_ended(self, error: str) -> None:
        """See `JobOwner`."""
        self._leave()
        self._finish(ListenEnd.STREAM_ENDED)

    @property
    def _streams(self) -> list[Bitstream | FrameStream]:
        return [stream for stream in (self._pages, self._frames, self._titled) if stream is not None]

    @property
    def _fanouts(self) -> list[Fanout]:
        return [stream.fanout for stream in self._streams]

    def _feed(self, packets: Sequence[TimedPacket]) -> None:
        if self._opus_head is not None:
            self._job.feed([Item(self._opus_head.encode())])
        self._waiting += packets
        self._feed_waiting()

    def _feed_waiting(self) -> None:
        packets, self._waiting = self._waiting, []
        for first in range(0, len(packets), FED_PACKETS):
            self._job.feed([Item(*packet) for packet in packets[first : first + FED_PACKETS]])

    def _titled_frames(self) -> FrameStream:
        """Return what has the listeners that want titles: the first one begins with what the others have."""
        if self._titled is None:
            self._titled = FrameStream(self._clock, self.hub.counters, self._limits)
            assert self._frames is not None
            for data, samples, _, arrived_at in self._frames.frames():
                self._append_titled(data, samples, arrived_at)
        return self._titled

    def _append_titled(self, data: bytes, samples: int, now: float) -> None:
        assert self._titled is not None
        for block, block_samples in self._blocks.add(data, samples):
            self._note_title()
            self._titled.append(block + self._title, block_samples, now)

    def _note_title(self) -> None:
        # What is on is cleared before the last frames come.
        if not self._is_ending:
            self._title = title_block(self.hub.titles.now_playing, self.hub.title)

    def _send_pages(self, now: float) -> None:
        assert self._pages is not None
        packets, self._gathered = self._gathered, []
        if packets:
            self._pages.append(packets, now)

    def _leave(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self.hub.close_tap(self)
            self._on_end(self)
            log.info(
                "encoding_ended", stream_id=self.hub.stream_id, codec=self.form.codec, kbps=self.form.kbps
            )

    def _finish(self, end: ListenEnd) -> None:
        if self._pages is not None:
            now = self._clock.time()
            self._send_pages(now)
            self._pages.finish(now, end)
        for stream in filter(None, (self._frames, self._titled)):
            stream.fanout.finish(end)


def _last(packets: Sequence[TimedPacket], samples: float) -> Sequence[TimedPacket]:
    """Return the last packets that are `samples` long together, at most."""
    first = len(packets)
    while first and samples >= packets[first - 1][1]:
        first -= 1
        samples -= packets[first][1]
    return packets[first:]
