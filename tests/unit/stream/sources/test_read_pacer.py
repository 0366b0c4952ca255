"""Sources that nobody hears live are read together, in slices, and the loop has its turn between them."""

import math
from dataclasses import replace
from unittest.mock import Mock

import pytest

from audiocast.stream.fanout.lane import BUFFERED_SECONDS, LOW_LATENCY_SECONDS
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.feed_scheduler import SLICE_SECONDS as FEED_SLICE_SECONDS
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.read_pacer import (
    MOST_SECONDS,
    SLICE_SECONDS,
    TURN_SECONDS,
    UNHEARD_SECONDS,
    PacedRead,
    ReadPacer,
)
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import STEREO
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

    def add(self, source: int, seconds: float = TURN_SECONDS) -> None:
        self.pacer.add(lambda: self._read(source, seconds), seconds)

    def _read(self, source: int, seconds: float) -> None:
        self.reads.append(source)
        self.queued += self.scheduler.run(self._process) is not None
        self.add(source, seconds)

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
    turns.pacer.add(lambda: seen.append(1), TURN_SECONDS)
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


async def test_who_waits_longer_is_read_seldom_and_in_a_turn_with_others(turns: Turns) -> None:
    turns.add(0, UNHEARD_SECONDS)
    turns.clock.advance(TURN_SECONDS)
    turns.add(1, UNHEARD_SECONDS)
    turns.add(2)
    reads = []
    for _ in range(10):
        before = len(turns.reads)
        turns.clock.advance(TURN_SECONDS)
        reads.append(turns.reads[before:])
    assert reads == [[2], [2], [2], [0, 2], [1, 2]] * 2


async def test_a_turn_in_which_nothing_is_read_wakes_nobody(turns: Turns) -> None:
    timers = Mock(side_effect=turns.clock.call_at)
    turns.clock.call_at = timers  # type: ignore[method-assign]
    turns.add(0, UNHEARD_SECONDS)
    turns.clock.advance(10 * UNHEARD_SECONDS)
    assert turns.reads == [0] * 10
    assert timers.call_count == 11


async def test_who_cannot_wait_as_long_is_read_before(turns: Turns) -> None:
    turns.add(0, UNHEARD_SECONDS)
    turns.add(1, TURN_SECONDS)
    assert turns.clock.due == 1
    turns.clock.advance(TURN_SECONDS)
    assert turns.reads == [1]


async def test_nothing_waits_in_the_kernel_for_longer_than_its_buffers_last(turns: Turns) -> None:
    turns.add(0, 5.0)
    turns.clock.advance(MOST_SECONDS)
    assert turns.reads == [0]


async def test_reads_are_an_interval_apart_however_late_a_turn_begins(turns: Turns) -> None:
    read_at: list[float] = []

    def read() -> None:
        read_at.append(turns.clock.time())
        turns.clock.skip(TURN_SECONDS / 10)
        turns.pacer.add(read, UNHEARD_SECONDS)

    turns.pacer.add(read, UNHEARD_SECONDS)
    turns.clock.advance(10 * UNHEARD_SECONDS)
    assert read_at[-1] - read_at[0] == pytest.approx(9 * UNHEARD_SECONDS)


async def test_a_read_is_made_once_in_its_turn_or_before(turns: Turns) -> None:
    seen: list[bool] = []
    read = turns.pacer.add(lambda: seen.append(read.is_early), UNHEARD_SECONDS)
    read.make_now()
    assert (seen, read.is_early) == ([True], False)
    turns.clock.advance(2 * UNHEARD_SECONDS)
    read.make_now()
    assert seen == [True]
    read = turns.pacer.add(lambda: seen.append(read.is_early), UNHEARD_SECONDS)
    turns.clock.advance(2 * UNHEARD_SECONDS)
    assert seen == [True, False]


def test_a_source_may_wait_as_long_as_nobody_who_hears_it_needs_its_pages() -> None:
    harness = HubHarness()
    assert harness.hub.read_seconds == 0, "its first page is news"
    harness.live()
    assert harness.hub.read_seconds == UNHEARD_SECONDS
    listen(harness, BUFFERED_SECONDS)
    assert harness.hub.read_seconds == LIMITS.fanout.flush_interval_seconds, (
        "buffered listeners get what gathers"
    )
    listen(harness, LOW_LATENCY_SECONDS)
    assert harness.hub.read_seconds == 0
    harness.hub.close_listeners(2)
    assert harness.hub.read_seconds == UNHEARD_SECONDS


def test_a_source_waits_longer_while_what_it_sends_gathers_for_longer() -> None:
    harness = HubHarness()
    broadcaster = harness.live()
    listen(harness, BUFFERED_SECONDS)
    harness.counters.buffered_seconds = math.inf
    for number in range(300):
        harness.clock.advance(0.1)
        broadcaster.go_on(range(1 + 5 * number, 6 + 5 * number))
    # Passes take no time here, so pages gather for nearly one and a half flush intervals.
    assert harness.hub.read_seconds == pytest.approx(LIMITS.fanout.flush_interval_seconds + 2 * TURN_SECONDS)


def test_hls_and_other_members_hear_live() -> None:
    harness = HubHarness(replace(LIMITS, log_sources=True))
    harness.live()
    assert harness.hub.read_seconds
    tap = FakeTap()
    harness.hub.open_tap(tap)
    assert harness.hub.read_seconds == 0
    harness.hub.close_tap(tap)
    assert harness.hub.read_seconds
    assert harness.hub.source_log is not None
    harness.hub.source_log.on_growth.add(lambda: None)
    assert harness.hub.read_seconds == 0


def test_listeners_of_a_server_that_does_not_gather_hear_live() -> None:
    harness = HubHarness(replace(LIMITS, fanout=FanoutLimits(flush_interval_seconds=0)))
    harness.live()
    assert harness.hub.read_seconds
    listen(harness, BUFFERED_SECONDS)
    assert harness.hub.read_seconds == 0


@pytest.mark.parametrize("aim_seconds", [BUFFERED_SECONDS, LOW_LATENCY_SECONDS])
def test_what_waits_is_read_before_a_listener_joins_and_is_part_of_its_preroll(aim_seconds: float) -> None:
    """Read after it, it would be more than the listener has asked for: delay that stays."""
    harness = HubHarness()
    broadcaster = harness.live(range(10))
    waiting = PacedRead(lambda: broadcaster.go_on(range(10, 15)))
    harness.hub.deferred_read = waiting
    sink = FakeSink()
    harness.hub.join(sink, HTTP_HEAD, preroll_seconds=0.1, aim_seconds=aim_seconds)
    assert harness.heard(sink).numbers == list(range(10, 15))


def test_what_waits_is_read_before_hls_begins() -> None:
    harness = HubHarness()
    broadcaster = harness.live(range(2))
    harness.hub.deferred_read = PacedRead(lambda: broadcaster.go_on(range(2, 4)))
    tap = FakeTap()
    harness.hub.open_tap(tap)
    assert tap.got == [STEREO, 0, 1, 2, 3]
