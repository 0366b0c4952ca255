"""A stream as HLS, while it is asked for: a tap on its hub, and the requests that wait for what comes next.

Every request for a part gets the same bytes: a part is made once. Caches ask for all of their players, so the
number of listeners is unknown: an HLS muxer ends after half a minute without a request, and a stream without
one costs nothing.

Segments are numbered by the clock: an HLS muxer starts with the number of quarter seconds since 2025, and
uses two numbers in four seconds. So the numbers of the next muxer, here or at another member, are always
larger, without a word between them; a player that meets another muxer plays on at its live edge. (Four
numbers a second fit 31 bits until 2042. Some players have no more.) Discontinuities are counted from the
number of ten minutes since 2025, so that they too go on, and are few: hls.js walks through an array of all
that there may have been.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from audiocast.hls.playlist import media_playlist
from audiocast.hls.timeline import EPOCH_UNIX_SECONDS, SEGMENT_SECONDS, Timeline
from audiocast.ogg.headers import OpusHead
from audiocast.stream.clock import Clock
from audiocast.stream.errors import ServerFull
from audiocast.stream.hub import Hub
from audiocast.stream.muxer import TimedPacket

log = structlog.get_logger()

IDLE_SECONDS = 30.0

# How long a request may wait for the next part: three target durations (RFC 8216bis section 6.2.5.2).
WAIT_SECONDS = 3.0 * SEGMENT_SECONDS

# Each holds up to 4 MiB; half of one at 96 kbit/s.
MAX_HLS_MUXERS = 200

# Players ask every target duration. One that nobody has asked for so long makes room when all are taken.
ABANDONED_SECONDS = 5.0 * SEGMENT_SECONDS

NUMBERS_PER_SECOND = 4
SECONDS_PER_CUT = 600
RUN_BYTES = 5


class HlsMuxer:
    """One stream's timeline, kept up by its hub.

    Args:
        hub: The stream's hub; tapped until `close`.
        clock: The hub's clock.
        now: Time of day, unix seconds.
        client: Who has asked first; empty: nobody who is counted.
        on_close: Called once, when nobody plays it any more.
    """

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        now: float,
        *,
        client: bytes = b"",
        on_close: Callable[[], None] | None = None,
    ) -> None:
        age_seconds = max(0.0, now - EPOCH_UNIX_SECONDS)
        self.hub = hub
        self.client = client
        self._on_close = on_close
        self.timeline = Timeline(
            secrets.token_hex(RUN_BYTES),
            first_number=int(age_seconds * NUMBERS_PER_SECOND),
            first_cut=int(age_seconds / SECONDS_PER_CUT),
        )
        self.asked_at = clock.time()
        self._unix_less_clock = now - clock.time()
        self._grown = asyncio.Event()
        self._playlist: bytes | None = None
        hub.open_tap(self)

    @property
    def playlist(self) -> bytes:
        """The playlist as of now, made once for all requests."""
        if self._playlist is None:
            self._playlist = media_playlist(self.timeline).encode()
        return self._playlist

    async def wait(self, number: int, part: int | None) -> bool:
        """Wait for a segment, a part of it or the end of the stream; return False after `WAIT_SECONDS`."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not (self.timeline.has(number, part) or self.timeline.is_ended):
                    await self._grown.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Leave the hub."""
        self.hub.close_tap(self)
        if self._on_close is not None:
            self._on_close()

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """See `Tap`."""
        self.timeline.start_bitstream(opus_head)
        self._grow()

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """See `Tap`."""
        if self.timeline.append(packets, arrived_at + self._unix_less_clock):
            self._grow()

    def end(self) -> None:
        """See `Tap`."""
        self.timeline.end()
        self._grow()

    def _grow(self) -> None:
        self._playlist = None
        self._grown.set()
        self._grown = asyncio.Event()


class HlsMuxers:
    """The HLS muxers of one node, by stream id.

    Args:
        clock: Time and timers.
        unix_seconds: Returns the time of day.
    """

    def __init__(self, clock: Clock, unix_seconds: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._unix_seconds = unix_seconds
        self._muxers: dict[str, HlsMuxer] = {}

    def __len__(self) -> int:
        return len(self._muxers)

    def first_numbers(self) -> dict[str, int]:
        """Return the streams that go on, with the first segment number of each: the smaller, the older."""
        return {
            stream_id: muxer.timeline.first_number
            for stream_id, muxer in self._muxers.items()
            if not muxer.timeline.is_ended
        }

    def get(self, stream_id: str) -> HlsMuxer | None:
        """Return a stream's muxer, if it was asked for lately; it lives on by that."""
        muxer = self._muxers.get(stream_id)
        if muxer is not None:
            muxer.asked_at = self._clock.time()
        return muxer

    def current(self, hub: Hub) -> HlsMuxer | None:
        """Return the muxer of a stream that is on, if there is one and its stream has not ended."""
        muxer = self.get(hub.stream_id)
        return muxer if muxer is not None and muxer.hub is hub and not muxer.timeline.is_ended else None

    def open(self, hub: Hub, *, client: bytes = b"", on_close: Callable[[], None] | None = None) -> HlsMuxer:
        """Return the muxer of a stream that is on: a new one if there is none, or if its stream has ended.

        Args:
            hub: The stream.
            client: See `HlsMuxer`; that of a new one.
            on_close: Likewise.

        Raises:
            ServerFull: There are `MAX_HLS_MUXERS` already, and none of them makes room.
        """
        muxer = self.current(hub)
        if muxer is not None:
            return muxer
        muxer = self._muxers.get(hub.stream_id)
        if muxer is not None:
            self._close(muxer)
        if len(self) >= MAX_HLS_MUXERS:
            self._close(self._least_wanted(client))
        muxer = HlsMuxer(hub, self._clock, self._unix_seconds(), client=client, on_close=on_close)
        self._muxers[hub.stream_id] = muxer
        log.info("hls_began", stream_id=hub.stream_id, run=muxer.timeline.run)
        self._watch(muxer)
        return muxer

    def _least_wanted(self, client: bytes) -> HlsMuxer:
        """Return the muxer that makes room for one more of `client`.

        It is one that is abandoned, else one of the client that has the most. That one must have two more
        than the asking one, or the two would take a place from each other for ever.

        Raises:
            ServerFull: All are played, and shared out.
        """
        oldest = min(self._muxers.values(), key=lambda muxer: muxer.asked_at)
        if self._clock.time() - oldest.asked_at >= ABANDONED_SECONDS:
            return oldest
        shares = Counter(muxer.client for muxer in self._muxers.values() if muxer.client)
        shares.setdefault(client, 0)
        largest, share = max(shares.items(), key=lambda item: item[1])
        if share < shares[client] + 2:
            raise ServerFull(f"expected at most {MAX_HLS_MUXERS} streams as HLS at a time; try again later")
        return min(
            (muxer for muxer in self._muxers.values() if muxer.client == largest),
            key=lambda muxer: muxer.asked_at,
        )

    def _watch(self, muxer: HlsMuxer) -> None:
        self._clock.call_at(muxer.asked_at + IDLE_SECONDS, self._look, muxer)

    def _look(self, muxer: HlsMuxer) -> None:
        if self._muxers.get(muxer.hub.stream_id) is not muxer:
            return
        if self._clock.time() - muxer.asked_at < IDLE_SECONDS:
            self._watch(muxer)
            return
        self._close(muxer)

    def _close(self, muxer: HlsMuxer) -> None:
        muxer.close()
        del self._muxers[muxer.hub.stream_id]
        log.info("hls_ended", stream_id=muxer.hub.stream_id, run=muxer.timeline.run)
