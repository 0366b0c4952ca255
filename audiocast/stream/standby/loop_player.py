"""Plays a loop file as the source of a stream that has no other one, in real time and round and round."""

from typing import TYPE_CHECKING

import structlog

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.writer import PageWriter
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.errors import SourceError, StreamError
from audiocast.stream.muxer import random_serial
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.standby.loop_file import LoopFile
from audiocast.stream.standby.rank import LOOP_PRIORITY, SourceRank

if TYPE_CHECKING:
    from audiocast.stream.hub import Hub

log = structlog.get_logger()

# As an encoder sends; half a second at once where nobody takes it.
TICK_SECONDS = 0.02
UNHEARD_TICK_SECONDS = 0.5

# What is sent first stands for the time since the source before was heard last, up to so much.
MAX_FIRST_SECONDS = 1.0

# Timers are early and late by so much.
LATE_SECONDS = 0.001

# It gives up when it is not heard for so long: another source came just then.
UNHEARD_SECONDS = 1.0


class LoopPlayer:
    """Plays from the beginning of the file each time that the stream has no other source.

    Args:
        hub: The stream.
        loop_file: What is played.
        clock: Time and timers.

    Attributes:
        loop_file: See above.
    """

    def __init__(self, hub: "Hub", loop_file: LoopFile, clock: Clock) -> None:
        self.loop_file = loop_file
        self._hub = hub
        self._clock = clock
        self._source: Source | None = None
        self._timer: Timer | None = None

    def play(self) -> None:
        """Play, unless it plays already."""
        if self._source is not None:
            return
        now = self._clock.time()
        self._source = Source(
            self._hub,
            source_id=SourceId.new(newer_than=self._hub.source_id),
            rate_limit=RateLimit(max_kbps=0, lead_seconds=0, now=now),
            generation=self._hub.generation,
            dismiss=self._end,
            rank=SourceRank(LOOP_PRIORITY),
        )
        self._writer = PageWriter(random_serial())
        self._next_packet = 0
        self._began_at = self._heard_at = now
        self._sent_seconds = -min(max(now - self._hub.gap.ended_at, 0.0), MAX_FIRST_SECONDS)
        self._source.receive(self._writer.headers(self.loop_file.opus_head, self.loop_file.tags), now)
        log.info("loop_begins", stream_id=self._hub.stream_id)
        self._tick()

    def _tick(self) -> None:
        source, now = self._source, self._clock.time()
        if source is None:
            return
        if self._hub.source is source:
            self._heard_at = now
        elif now - self._heard_at > UNHEARD_SECONDS:
            self._leave()
            return
        is_heard = self._hub.is_wanted or self._hub.standbys.has_any
        seconds = TICK_SECONDS if is_heard else UNHEARD_TICK_SECONDS
        # Scheduled first: the hub may end the source from within.
        self._timer = self._clock.call_later(seconds, self._tick)
        try:
            self._send(source, now)
        except StreamError as error:
            log.warning("loop_refused", stream_id=self._hub.stream_id, reason=str(error))
            self._leave()

    def _send(self, source: Source, now: float) -> None:
        packets = self.loop_file.packets
        # As an encoder does, whose packet comes when all of it was heard.
        due_seconds = now - self._began_at + LATE_SECONDS
        while True:
            packet, samples = packets[self._next_packet]
            if self._sent_seconds + samples / SAMPLE_RATE > due_seconds:
                return
            self._next_packet = (self._next_packet + 1) % len(packets)
            self._sent_seconds += samples / SAMPLE_RATE
            source.receive(self._writer.audio([packet]), now)
            while source.process(now):
                pass

    def _end(self, _: SourceError) -> None:
        self._leave()

    def _leave(self) -> None:
        source, self._source = self._source, None
        if self._timer is not None:
            self._timer.cancel()
        if source is not None:
            source.detach()
            log.info("loop_ends", stream_id=self._hub.stream_id)
