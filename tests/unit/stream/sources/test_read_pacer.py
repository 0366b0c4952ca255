"""Sources that nobody hears live are read together, in slices, and the loop has its turn between them."""

from dataclasses import replace

import pytest

from audiocast.stream.fanout.fanout import FanoutLimits
from audiocast.stream.fanout.lane import BUFFERED_SECONDS, LOW_LATENCY_SECONDS
from audiocast.stream.feed_scheduler import SLICE_SECONDS as FEED_SLICE_SECONDS
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.read_pacer import SLICE_SECONDS, TURN_SECONDS, ReadPacer
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.hub_harness import HTTP_HEAD, LIMITS, HubHarness
from tests.unit.stream.test_taps import FakeTap

READ_SECONDS = 0.0001
READS_A_SLICE = round(SLICE_SECONDS / READ_SECONDS)
SOURCES = 100


class Turns:
    """Sources that each want to be read again for ever.

    Attributes:
        reads: Which sources were read, in order.
        queued: How many were left to the feed scheduler.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.scheduler = FeedScheduler(self.clock)
        self.pacer = ReadPacer(self.clock, self.scheduler)
        self.reads: list[int] = []
        self.queued = 0

    def add(self, source: int) -> None:
        self.pacer.add(lambda: self._read(source))

    def _read(self, source: int) -> None:
        self.reads.append(source)
        self.queued += self.scheduler.run(self._process) is not None
        self.add(source)

    def _process(self, now: float) -> bool:
        self.clock.skip(READ_SECONDS)
        return False


@pytest.fixture
def turns() -> Turns:
    return Turns()


async def test_all_are_read_in_one_turn_each_once_and_with_one_timer(turns: Turns) -> None:
    for source in range(3):
        turns.add(source)
    assert turns.clock.due == 1
    turns.clock.advance(TURN_SECONDS / 2)
    assert turns.reads == []
    turns.clock.advance(TURN_SECONDS)
    assert turns.reads == [0, 1, 2]
    assert turns.clock.due == 1
    turns.clock.advance(2 * TURN_SECONDS)
    assert turns.reads == [0, 1, 2] * 3


async def test_with_nobody_to_be_read_there_is_no_timer(turns: Turns) -> None:
    seen: list[int] = []
    turns.pacer.add(lambda: seen.append(1))
    turns.clock.advance(3 * TURN_SECONDS)
    assert (seen, turns.clock.due) == ([1], 0)


async def test_a_turn_of_many_gives_the_loop_its_turns_and_leaves_nothing_to_the_scheduler(
    turns: Turns,
) -> None:
    for source in range(SOURCES):
        turns.add(source)
    turns.clock.advance(TURN_SECONDS)
    while len(turns.reads) < SOURCES:
        before = len(turns.reads)
        turns.clock.turn()
        assert 0 < len(turns.reads) - before <= READS_A_SLICE + 1
    assert turns.reads == list(range(SOURCES))
    assert turns.queued == 0, "each slice of reads has a slice of the scheduler's for itself"


def test_a_slice_of_reads_is_shorter_than_the_schedulers() -> None:
    assert SLICE_SECONDS < FEED_SLICE_SECONDS


def listen(harness: HubHarness, aim_seconds: float) -> None:
    harness.hub.join(FakeSink(), HTTP_HEAD, preroll_seconds=1, aim_seconds=aim_seconds)


def test_a_stream_is_heard_live_until_it_is_on_and_while_somebody_waits_for_each_page() -> None:
    harness = HubHarness()
    assert harness.hub.is_heard_live, "its first page is news"
    harness.live()
    assert not harness.hub.is_heard_live
    listen(harness, BUFFERED_SECONDS)
    assert not harness.hub.is_heard_live, "buffered listeners get what gathers"
    listen(harness, LOW_LATENCY_SECONDS)
    assert harness.hub.is_heard_live
    harness.hub.close_listeners(2)
    assert not harness.hub.is_heard_live


def test_hls_and_other_members_hear_live() -> None:
    harness = HubHarness(replace(LIMITS, log_sources=True))
    harness.live()
    assert not harness.hub.is_heard_live
    tap = FakeTap()
    harness.hub.open_tap(tap)
    assert harness.hub.is_heard_live
    harness.hub.close_tap(tap)
    assert not harness.hub.is_heard_live
    assert harness.hub.source_log is not None
    harness.hub.source_log.on_growth.add(lambda: None)
    assert harness.hub.is_heard_live


def test_listeners_of_a_server_that_does_not_gather_hear_live() -> None:
    harness = HubHarness(replace(LIMITS, fanout=FanoutLimits(flush_interval_seconds=0)))
    harness.live()
    assert not harness.hub.is_heard_live
    listen(harness, BUFFERED_SECONDS)
    assert harness.hub.is_heard_live
