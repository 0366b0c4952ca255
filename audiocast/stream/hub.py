"""One stream on one node: who brings audio, what was brought last, who listens.

A hub makes one logical bitstream out of whatever its sources do (ARCHITECTURE.md, "One logical stream"):

    waiting --first audio--> live --source lost--> held --source back--> live
                                                    '--grace over--> ended --first audio--> live

While held, listeners get silence in real time. A hub never waits; it knows no HTTP and no listener's name.
"""

from collections.abc import Callable, Sequence

import structlog

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import Page
from audiocast.stream.access.private_streams import PrivateStreams
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.bitstream import Bitstream
from audiocast.stream.broadcaster.broadcast_record import BroadcastRecord
from audiocast.stream.broadcaster.paced_value import OnSettled
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.errors import ShuttingDown, SourceError, SourceStalled, StreamEnded, TakenOver
from audiocast.stream.fanout.listened_stream import ListenedStream
from audiocast.stream.gap import SourceGap
from audiocast.stream.hub_state import NO_PROMISE, HubLimits, HubSnapshot, HubState, Promise, Suspensions
from audiocast.stream.muxer import OggMuxer, TimedPacket, random_serial
from audiocast.stream.now_playing import NowPlaying, clean_text
from audiocast.stream.source import Source
from audiocast.stream.source_log import SourceLog
from audiocast.stream.standby.standby import SourceSegment, Standby
from audiocast.stream.standby.standbys import Standbys

log = structlog.get_logger()


class Hub(ListenedStream):
    """One stream.

    Args:
        stream_id, title, clock, counters, promise, suspensions, private_streams: See `ListenedStream`.
        limits: See `HubLimits`.
        make_room: Called before the stream goes on; raises `ServerFull` if it may not.

    Attributes:
        record: When the present broadcast began, how many listened, and the broadcast before.
        standbys: The sources that are connected and not heard.
        end_reason: Error code of the last end; empty: there was none.
        users: Connections that bring, or wait for, audio; the registry forgets no hub that has any.
    """

    def __init__(
        self,
        stream_id: str,
        *,
        title: str,
        clock: Clock,
        counters: Counters,
        limits: HubLimits,
        promise: Promise = NO_PROMISE,
        make_room: Callable[[], None] = lambda: None,
        suspensions: Suspensions | None = None,
        private_streams: PrivateStreams | None = None,
    ) -> None:
        super().__init__(stream_id, title, clock, counters, promise, suspensions, private_streams)
        self.record = BroadcastRecord()
        self.end_reason = ""
        self.users = 0
        self.clock = self._clock = clock
        self._limits = limits
        if limits.log_sources:
            self.source_log = SourceLog(max_seconds=limits.backlog_seconds, max_bytes=limits.backlog_bytes)
        self._ended = False
        self._make_room = make_room
        self._gap = SourceGap(
            clock,
            counters,
            active_seconds=limits.active_seconds,
            grace_seconds=limits.grace_seconds,
            on_idle=self._note_idle,
            on_over=self._give_up,
        )
        self._segment: SourceSegment | None = None
        self.standbys = Standbys(self, clock, counters, limits.return_seconds)

    @property
    def state(self) -> HubState:
        """What listeners are told."""
        if self._bitstream is None:
            return HubState.ENDED if self._ended or self.is_closed else HubState.WAITING
        return HubState.HELD if self._gap.is_open and self._gap.is_idle else HubState.LIVE

    @property
    def started_at(self) -> float | None:
        """When the present broadcast began, unix seconds; None while nothing is on."""
        return self.record.started_at

    def describe(self) -> HubSnapshot:
        """Return what is shown of the stream, as of now."""
        bitstream, source = self._bitstream, self.source
        listeners = self.listeners + self.counters.hls_listeners[self.stream_id]
        self.record.note(max(listeners, bitstream.fanout.peak if bitstream else 0))
        return HubSnapshot(
            stream_id=self.stream_id,
            title=self.title,
            state=self.state,
            started_at=self.started_at,
            listeners=listeners,
            listener_peak=self.record.peak,
            is_muted=self.is_muted,
            last_broadcast=None if bitstream else self.record.last,
            channels=bitstream.muxer.opus_head.channels if bitstream else None,
            bitrate_bps=round(bitstream.bytes_per_second() * 8) if bitstream else None,
            backlog_seconds=bitstream.backlog.seconds if bitstream else 0.0,
            page_seconds=self._gap.arrivals.page_seconds if source is not None else None,
            burst_seconds=self._gap.arrivals.burst_seconds if source is not None else None,
            source_priority=source.rank.priority if source is not None else None,
            standby=len(self.standbys),
            source_faults=dict(source.faults) if source is not None else {},
            now_playing=self.titles.now_playing,
        )

    def attach_source(
        self, source: Source, opus_head: OpusHead, tags: OpusTags, header_pages: Sequence[Page], now: float
    ) -> None:
        """Make `source` what this stream plays, from its next packet on, unless a better one is heard.

        Of two sources of the same priority the newer one wins; see `Standbys`.

        Raises:
            SourceError: See `admit`; or the source makes the listeners' players begin anew too often.
            BadKey: See `admit`.
            ServerFull: Too many streams are on.
        """
        self.admit(source.generation)
        segment = SourceSegment(opus_head, tags, header_pages)
        if self.standbys.takes(source, segment, now):
            self._notify()
        else:
            self._play(source, segment, now)

    @property
    def is_spare(self) -> bool:
        """It is on, but has neither audio of a broadcaster nor anybody who takes it."""
        is_loop = self.source is not None and self.source.rank.is_loop
        return not self.is_wanted and (is_loop or self.state is HubState.HELD)

    @property
    def gap(self) -> SourceGap:
        """Where the audio of the source ends, and what is made in its place."""
        return self._gap

    def switch_to(self, standby: Standby, now: float) -> None:
        """Let a source that stands by be heard; see `Stage`. The source that was heard stands by after that.

        Raises:
            SourceError: As `attach_source`.
            BadKey, ServerFull: Likewise.
        """
        source = standby.source
        self.admit(source.generation)
        pages = standby.last_pages(self._gap)
        self.standbys.remove(source)
        rival, self.source = self.source, None
        if rival is not None and self._segment is not None:
            self.counters.sources -= 1
            if rival.rank.is_loop:
                self.dismiss_later(rival, TakenOver("the stream has a source again"))
            else:
                self.standbys.add(Standby(rival, self._segment, self._gap.arrivals))
        self._gap.switch_to(standby.arrivals)
        self._play(source, standby.segment, now, is_switch=True)
        for page, packets in pages:
            self._append(source, page, packets, now)

    def _play(self, source: Source, segment: SourceSegment, now: float, *, is_switch: bool = False) -> None:
        opus_head, tags, header_pages = segment
        running = self._bitstream
        spliced = running if running is not None and running.muxer.can_continue(opus_head) else None
        if running is None:
            self._make_room()
        elif spliced is None:
            source.charge_decoder_change()
        self.generation = source.generation
        self._segment = segment
        rival, self.source = self.source, source
        if rival is not source and not is_switch:
            self._gap.arrivals.restart(now)
        if self.source_log is not None:
            if rival is not source:
                self.source_log.begin_source(source.source_id)
            self.source_log.begin_chain_segment(header_pages)
        if rival is None:
            self.counters.sources += 1
        elif rival is not source:
            self.counters.takeovers += 1
            self.dismiss_later(rival, TakenOver("a newer source with a key of this stream has taken it over"))
        if spliced is not None:
            self.counters.splices += 1
            gain_db = opus_head.output_gain_db - spliced.muxer.opus_head.output_gain_db
            log.info("stream_spliced", stream_id=self.stream_id, unapplied_gain_db=gain_db)
        else:
            self._start_bitstream(opus_head, tags)
        self._gap.end()
        self.titles.set_from_tags(tags, is_same_source=rival is source)
        self.standbys.watch()
        self._notify()

    def publish(self, source: Source, page: Page | None, packets: Sequence[TimedPacket], now: float) -> None:
        """Send listeners the packets of one page; they are dropped unless `source` is the current one."""
        if source is not self.source or self._bitstream is None:
            self.standbys.note(source, page, packets, now)
            return
        samples = self._append(source, page, packets, now)
        if packets and self._gap.note_audio(now, samples):
            self._notify()

    def _append(self, source: Source, page: Page | None, packets: Sequence[TimedPacket], now: float) -> int:
        """Send listeners the packets of a page; return how many samples they are."""
        page_samples = packets[0][1] if len(packets) == 1 else sum(samples for _, samples in packets)
        if self.source_log is not None and page is not None:
            self.source_log.append(page, page_samples)
        if not packets or self._bitstream is None:
            return page_samples
        if self.muted_source is None or not self.is_muted:
            self._bitstream.append(packets, now)
        else:
            packets = self._bitstream.append_silence(packets, now)
        if self.page_taps:
            self.page_taps.append(source.source_id, page, packets, self._bitstream)
        return page_samples

    def note_fault(self, source: Source, code: str) -> None:
        """Count what was dropped of a source; pages are told at 1, 2, 4, 8, and so on."""
        self.counters.source_faults[code] += 1
        if source is self.source and source.faults.total().bit_count() == 1:
            self._notify()

    def detach_source(self, source: Source) -> None:
        """Hold the listeners: the connection of `source` is gone."""
        if self.standbys.remove(source):
            self._notify()
        if source is self.source:
            self.source = None
            self.counters.sources -= 1
            log.info("source_lost", stream_id=self.stream_id)
            if self._bitstream is not None:
                self._gap.start(self._bitstream)
            self.standbys.note_loss()

    def set_now_playing(self, now_playing: NowPlaying, on_settled: OnSettled | None = None) -> None:
        """Show what is on, beside the audio: the bitstream is never chained for it. See `Titles.set`."""
        self.titles.set(now_playing, on_settled)

    def note_listeners(self, count: int) -> None:
        """Note how many listen at all nodes together: the peak is of all."""
        self.record.note(count)

    def end(self, error: SourceError) -> None:
        """End the logical bitstream properly for its listeners; dismiss the source, if any, with `error`."""
        source, self.source = self.source, None
        if source is not None:
            self.counters.sources -= 1
            self.dismiss_later(source, error)
        is_stop = isinstance(error, ShuttingDown)
        self.standbys.end(error)
        self._finish_bitstream(ListenEnd.SERVER_STOPPED if is_stop else ListenEnd.STREAM_ENDED)
        self.end_reason = error.code
        # A server that stops is no news of the broadcast: its source comes back when the server does.
        self._ended = not is_stop
        if self._ended:
            self._taps.end()
        self.record.finish()
        self.muted_source = None
        self.titles.clear()
        self._gap.stop()
        log.info("stream_ended", stream_id=self.stream_id, reason=error.code)
        self._notify()

    def close(self) -> None:
        """End the stream for good: no source may come again until `reopen`."""
        self.is_closed = True
        self.end(StreamEnded("the stream was ended by its broadcaster"))

    def reopen(self, title: str) -> None:
        """Let sources come again after `close`, with an empty history."""
        self.is_closed = self._ended = False
        self.titles.reset()
        self._forget_edits()
        self.title = clean_text(title) or self.title
        self._notify()

    def _start_bitstream(self, opus_head: OpusHead, tags: OpusTags) -> None:
        self._finish_bitstream()
        muxer = OggMuxer(random_serial(), opus_head, tags)
        self._bitstream = Bitstream(muxer, self._clock, self.counters, self._taps, self._limits)
        self.record.start()
        self._taps.start_bitstream(opus_head)
        log.info("stream_live", stream_id=self.stream_id, channels=opus_head.channels)

    def _finish_bitstream(self, end: ListenEnd = ListenEnd.STREAM_ENDED) -> None:
        bitstream, self._bitstream = self._bitstream, None
        if bitstream is not None:
            self.record.note(bitstream.fanout.peak)
            bitstream.finish(self._clock.time(), end)

    def _end_listeners(self) -> None:
        if self._bitstream is not None:
            self._bitstream.end_listeners()

    def dismiss_later(self, source: Source, error: SourceError) -> None:
        """End the connection of a source that is not heard, in the next turn of the loop."""
        # Not from within the call that led here: the web layer may end a request in it.
        self._clock.call_soon(source.dismiss, error)

    def _note_idle(self) -> None:
        if self.source is not None and not self._gap.is_open:
            self.counters.source_gaps += 1
            log.warning("source_quiet", stream_id=self.stream_id)
            if self._bitstream is not None:
                self._gap.start(self._bitstream)
        self._notify()

    def _give_up(self) -> None:
        self.end(SourceStalled(f"expected audio, got none for {self._gap.quiet_seconds:.0f} s"))
