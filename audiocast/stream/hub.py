"""One stream on one node: who brings audio, what was brought last, who listens.

A hub makes one logical bitstream out of whatever its sources do (ARCHITECTURE.md, "One logical stream"):

    waiting --first audio--> live --source lost--> held --source back--> live
                                                    '--grace over--> ended --first audio--> live

While it is held, listeners get silence in real time. A hub never waits: `publish` appends to the backlog and
wakes the fan-out. It knows neither HTTP nor the names of those who listen.
"""

import secrets
import time
from collections.abc import Callable, Sequence

import structlog

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.page import Page
from audiocast.stream.absence import Absence
from audiocast.stream.bitstream import Bitstream
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.errors import BadKey, ShuttingDown, SourceError, SourceStalled, StreamEnded, TakenOver
from audiocast.stream.limits import HubLimits
from audiocast.stream.listener import Sink
from audiocast.stream.muxer import OggMuxer, TimedPacket
from audiocast.stream.now_playing import History, NowPlaying
from audiocast.stream.quiet import QuietWatch
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import SourceLog
from audiocast.stream.state import State
from audiocast.stream.tap import Tap, Taps

log = structlog.get_logger()

SERIAL_BITS = 32


class Hub:
    """One stream.

    Args:
        title: What the broadcaster calls it; may be empty.
    """

    def __init__(
        self, stream_id: str, *, title: str, clock: Clock, counters: Counters, limits: HubLimits
    ) -> None:
        self.stream_id = stream_id
        self.title = title
        self.counters = counters
        self.now_playing: NowPlaying | None = None
        self.history = History()
        self._tagged: NowPlaying | None = None
        self.started_at: float | None = None
        self.closed = False
        self.on_change: set[Callable[[], None]] = set()
        self._clock = clock
        self._limits = limits
        self.source_log: SourceLog | None = None
        if limits.log_sources:
            self.source_log = SourceLog(max_seconds=limits.backlog_seconds, max_bytes=limits.backlog_bytes)
        self._source: Source | None = None
        self.taps = Taps()
        self._bitstream: Bitstream | None = None
        self._absence: Absence | None = None
        self._ended = False
        self._generation = 0
        self._page_samples = (0, 0)
        self._watch = QuietWatch(clock, active_seconds=limits.active_seconds, on_quiet=self._note_quiet)

    @property
    def state(self) -> State:
        """What listeners are told."""
        if self._bitstream is None:
            return State.ENDED if self._ended or self.closed else State.WAITING
        return State.HELD if self._absence is not None and self._watch.is_quiet else State.LIVE

    @property
    def source_id(self) -> SourceId | None:
        """Name of the source, while there is one."""
        return self._source.source_id if self._source is not None else None

    @property
    def source(self) -> Source | None:
        """What brings audio now."""
        return self._source

    @property
    def generation(self) -> int:
        """The highest of the keys that were used."""
        return self._generation

    @property
    def is_on(self) -> bool:
        """A listener that comes now gets audio, or silence."""
        return self._bitstream is not None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return self._bitstream.fanout.count if self._bitstream else 0

    @property
    def is_wanted(self) -> bool:
        """Somebody on this node takes the audio."""
        return bool(self.listeners or self.taps)

    @property
    def listener_peak(self) -> int:
        """The most that listened at once since the stream has begun."""
        return self._bitstream.fanout.peak if self._bitstream else 0

    @property
    def page_seconds(self) -> float | None:
        """How much audio the source puts on a page, and so by how much it delays all; None without a source.

        The longer of its last two pages: the last page of a track is a short one.
        """
        return max(self._page_samples) / SAMPLE_RATE if self._source is not None else None

    @property
    def channels(self) -> int | None:
        """1 for mono, 2 for stereo, more for surround; None while nothing is on."""
        return self._bitstream.muxer.opus_head.channels if self._bitstream else None

    @property
    def bitrate_bps(self) -> int | None:
        """What one listener gets, with Ogg's own bytes, over the backlog; None while nothing is on."""
        return round(self._bitstream.bytes_per_second() * 8) if self._bitstream else None

    @property
    def backlog_seconds(self) -> float:
        """How much a listener can get at once."""
        return self._bitstream.backlog.seconds if self._bitstream else 0.0

    def admit(self, generation: int) -> None:
        """Say whether a source with a key of this generation may come.

        Raises:
            StreamEnded: The broadcaster has ended the stream.
            BadKey: A newer key was used.
        """
        if self.closed:
            raise StreamEnded("the stream was ended by its broadcaster; start a new one")
        if generation < self._generation:
            raise BadKey("the ingest key was replaced by a newer one")

    def attach_source(
        self, source: Source, opus_head: OpusHead, tags: OpusTags, header_pages: Sequence[Page], now: float
    ) -> None:
        """Make `source` the one that this stream plays, from its next packet on. The newest always wins.

        Raises:
            SourceError: See `admit`.
            BadKey: See `admit`.
        """
        self.admit(source.generation)
        if source.has_audio and source is not self._source:
            # It was dismissed and is on its way out; its next chain link must not win the stream back.
            return
        self._generation = source.generation
        rival, self._source = self._source, source
        if rival is not source:
            self._page_samples = (0, 0)
            if self.source_log is not None:
                self.source_log.clear()
        if self.source_log is not None:
            self.source_log.begin_chain_segment(header_pages)
        if rival is None:
            self.counters.sources += 1
        elif rival is not source:
            self.counters.takeovers += 1
            self._dismiss(rival, TakenOver("a newer source with a key of this stream has taken it over"))
        if self._bitstream is not None and self._bitstream.muxer.can_continue(opus_head):
            self.counters.splices += 1
            log.info("stream_spliced", stream_id=self.stream_id)
        else:
            self._start_bitstream(opus_head, tags)
        self._end_absence()
        self._watch.hear(now)
        tagged = NowPlaying.of(tags)
        if tagged is None and rival is source and self.now_playing == self._tagged:
            # The next track of a chain says nothing of itself: what the last one's tags said is over.
            self.now_playing = None
        self._tagged = tagged
        self.set_now_playing(tagged)

    def publish(self, source: Source, page: Page | None, packets: Sequence[TimedPacket], now: float) -> None:
        """Give listeners the packets of one page of the current source; another one's are dropped."""
        if source is not self._source or self._bitstream is None:
            return
        page_samples = sum(samples for _, samples in packets)
        if self.source_log is not None and page is not None:
            self.source_log.append(page, page_samples)
        if not packets:
            return
        self._page_samples = (self._page_samples[1], page_samples)
        self.counters.jitter.observe(abs(now - self._watch.heard_at - page_samples / SAMPLE_RATE))
        self._watch.hear(now)
        resumed = self._end_absence()
        self._bitstream.append(packets, now)
        if resumed:
            self._changed()

    def detach_source(self, source: Source) -> None:
        """Take note that a source's connection is gone."""
        if source is self._source:
            self._source = None
            self.counters.sources -= 1
            log.info("source_lost", stream_id=self.stream_id)
            self._begin_absence()

    def join(self, sink: Sink, response_head: bytes, *, preroll_seconds: float, low_latency: bool) -> None:
        """Add a listener; see `Fanout.join`. The header pages follow `response_head`.

        Raises:
            RuntimeError: Nothing is on (see `is_on`).
        """
        if self._bitstream is None:
            raise RuntimeError(f"expected a stream that is on, got one that is {self.state}")
        first_bytes = response_head + self._bitstream.muxer.header_pages
        self._bitstream.fanout.join(
            sink, first_bytes, preroll_seconds=preroll_seconds, low_latency=low_latency
        )

    def open_tap(self, tap: Tap) -> None:
        """Give somebody what the backlog holds, and then all audio, until it is taken out of `taps`."""
        self.taps.add(tap)
        if self._bitstream is not None:
            tap.begin(self._bitstream.muxer.opus_head)
            for packets, came_at in self._bitstream.backlog_packets():
                tap.audio(packets, came_at)

    def close_listeners(self, count: int) -> int:
        """Close the connections of some listeners, so that they connect to another node; give how many."""
        return self._bitstream.fanout.close_listeners(count) if self._bitstream is not None else 0

    def set_now_playing(self, now_playing: NowPlaying | None) -> None:
        """Show what is on, at once and beside the audio: the bitstream is never chained for it."""
        self.now_playing = now_playing or self.now_playing
        self.history.note(self.now_playing, time.time())
        self._changed()

    def end(self, error: SourceError) -> None:
        """End the logical bitstream properly for its listeners; the source, if any, is told `error`."""
        source, self._source = self._source, None
        if source is not None:
            self.counters.sources -= 1
            self._dismiss(source, error)
        self._finish_bitstream()
        # A server that stops is no news of the broadcast: its source comes back when the server does.
        self._ended = not isinstance(error, ShuttingDown)
        if self._ended:
            self.taps.end()
        self.started_at = None
        self.now_playing = None
        self._watch.stop()
        log.info("stream_ended", stream_id=self.stream_id, reason=error.code)
        self._changed()

    def close(self) -> None:
        """End the stream for good: no source may come again until `reopen`."""
        self.closed = True
        self.end(StreamEnded("the stream was ended by its broadcaster"))

    def set_missing_title(self, title: str) -> None:
        """Set the title, unless the stream has one."""
        self.title = self.title or title

    def reopen(self, title: str) -> None:
        """Begin anew under the same id."""
        self.closed = False
        self._ended = False
        self.history = History()
        self.title = title or self.title
        self._changed()

    def _start_bitstream(self, opus_head: OpusHead, tags: OpusTags) -> None:
        self._finish_bitstream()
        muxer = OggMuxer(secrets.randbits(SERIAL_BITS), opus_head, tags)
        limits = self._limits
        self._bitstream = Bitstream(
            muxer,
            self._clock,
            self.counters,
            self.taps,
            backlog_seconds=limits.backlog_seconds,
            backlog_bytes=limits.backlog_bytes,
            fanout=limits.fanout,
        )
        self._ended = False
        self.started_at = time.time()
        self.taps.begin(opus_head)
        log.info("stream_live", stream_id=self.stream_id, channels=opus_head.channels)

    def _finish_bitstream(self) -> None:
        self._end_absence()
        bitstream, self._bitstream = self._bitstream, None
        if bitstream is not None:
            bitstream.finish(self._clock.time())

    def _dismiss(self, source: Source, error: SourceError) -> None:
        # Not from within the call that led here: the web layer may end a request in it.
        self._clock.call_soon(source.dismiss, error)

    def _note_quiet(self) -> None:
        if self._source is not None and self._absence is None:
            self.counters.source_gaps += 1
            log.warning("source_quiet", stream_id=self.stream_id)
            self._begin_absence()
        self._changed()

    def _begin_absence(self) -> None:
        if self._bitstream is not None and self._absence is None:
            self._absence = Absence(
                self._bitstream,
                self._clock,
                self.counters,
                grace_seconds=self._limits.grace_seconds,
                on_over=self._give_up,
            )

    def _end_absence(self) -> bool:
        """Say whether there was one."""
        absence, self._absence = self._absence, None
        if absence is not None:
            absence.end()
        return absence is not None

    def _give_up(self) -> None:
        quiet_seconds = self._clock.time() - self._watch.heard_at
        self.end(SourceStalled(f"expected audio, got none for {quiet_seconds:.0f} s"))

    def _changed(self) -> None:
        for tell in tuple(self.on_change):
            tell()
