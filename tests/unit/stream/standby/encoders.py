"""Encoders of one stream that send in real time, on a clock that is turned by hand."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.writer import PageWriter
from audiocast.stream.errors import SourceError
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.standby.rank import SourceRank
from tests.unit.stream.audio import PACKET_SECONDS, STEREO, TAGS, feed, is_numbered, number_of, packet
from tests.unit.stream.hub_harness import HubHarness

# A packet's number tells who has made it and when, in milliseconds: a quarter of an hour of four encoders.
MAKER_FACTOR = 1 << 24


class Encoder:
    """Sends packets with its name and the moment on them, from `connect` on.

    Args:
        harness: Whose hub.
        priority: Of its key.
        packets_a_page: How many packets are sent at once.
    """

    def __init__(
        self,
        harness: HubHarness,
        priority: int,
        *,
        packets_a_page: int = 1,
        head: OpusHead = STEREO,
        generation: int = 0,
    ) -> None:
        self.priority = priority
        self.told: list[bool] = []
        self.ended: list[SourceError] = []
        self.source: Source | None = None
        self.is_silent = False
        self._harness = harness
        self._head = head
        self._generation = generation
        self._packets_a_page = packets_a_page
        self._connection = 0

    @property
    def is_heard(self) -> bool:
        return self.source is not None and self._harness.hub.source is self.source

    def connect(self) -> "Encoder":
        self._connection += 1
        rate_limit = RateLimit(max_kbps=0, lead_seconds=20, now=self._harness.clock.time())
        self.source = Source(
            self._harness.hub,
            source_id=SourceId.new(newer_than=self._harness.hub.source_id),
            rate_limit=rate_limit,
            generation=self._generation,
            dismiss=self._end,
            rank=SourceRank(self.priority, self.told.append),
        )
        self._writer = PageWriter(self.priority * 1000 + self._connection)
        feed(self.source, self._writer.headers(self._head, TAGS), self._harness.clock.time())
        self._schedule(self._connection)
        return self

    def leave(self) -> None:
        if self.source is not None:
            self.source.detach()
            self.source = None

    def _end(self, error: SourceError) -> None:
        self.ended.append(error)
        self.leave()

    def _schedule(self, connection: int) -> None:
        seconds = PACKET_SECONDS * self._packets_a_page
        self._harness.clock.call_later(seconds, self._send, connection)

    def _send(self, connection: int) -> None:
        if self.source is None or connection != self._connection:
            return
        self._schedule(connection)
        if self.is_silent:
            return
        now = self._harness.clock.time()
        packets = [
            packet(self.priority * MAKER_FACTOR + round((now - back * PACKET_SECONDS) * 1000))
            for back in reversed(range(self._packets_a_page))
        ]
        feed(self.source, self._writer.audio(packets), now)


def makers(packets: Iterable[bytes]) -> list[int]:
    """Return by priority who was heard, each once for as long as it was."""
    heard = [number_of(each) // MAKER_FACTOR for each in packets if is_numbered(each)]
    return [*heard[:1], *(after for before, after in pairwise(heard) if before != after)]


def holes(packets: Sequence[bytes]) -> list[float]:
    """Return, where an encoder follows another, the seconds between their sounds; below 0, twice."""
    heard = [divmod(number_of(each), MAKER_FACTOR) for each in packets if is_numbered(each)]
    return [
        (after - before) / 1000 - PACKET_SECONDS
        for (maker, before), (next_maker, after) in pairwise(heard)
        if maker != next_maker
    ]


def lost_seconds(packets: Sequence[bytes]) -> float:
    """Return the greatest distance between two packets that follow one another, beyond what they last."""
    heard = [number_of(each) % MAKER_FACTOR for each in packets if is_numbered(each)]
    return max((after - before) / 1000 - PACKET_SECONDS for before, after in pairwise(heard))
