"""When listeners are sent to: at once while sending has room, and else what has gathered.

Sockets cost time here, by the clock that is turned by hand: ten of them stand for a thousand.
"""

import math
from typing import NamedTuple

import pytest

from audiocast.stream.counters import Counters
from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from audiocast.stream.fanout.lane import MOST_FLUSHES, lanes
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.fanout.listener import Listener
from audiocast.stream.read_pacer import TURN_SECONDS
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.fanout.fanout_harness import FLUSH_SECONDS, FanoutHarness, heard

LISTENERS = 10
PAGES_A_SECOND = 50
PAGE_SECONDS = 1 / PAGES_A_SECOND
# What passes take of the time that their pages last: a twentieth, two fifths, three times as much.
EASY, BUSY, OVERLOADED = 0.05, 0.4, 3.0
# Gathering grows by 5 ms a second: this is long enough for the longest.
LEARNT_SECONDS = 20.0
# What 155 ms leave of a flush interval and its turns, when passes take up to 15 ms.
LONG_FLUSH_SECONDS = FLUSH_SECONDS + 2 * TURN_SECONDS


class Pace(NamedTuple):
    """How a listener was served.

    Attributes:
        sends_a_second: How often.
        longest_wait_seconds: Of all pages, from their arrival to the beginning of their pass.
    """

    sends_a_second: float
    longest_wait_seconds: float


class Crowd:
    """Listeners of one stream; a pass over them takes `load` of the time that a page lasts."""

    def __init__(self, harness: FanoutHarness, load: float, *, aim_seconds: float = LOW) -> None:
        self.load = load
        self._harness = harness
        self._waits: list[float] = []
        self.sinks: list[FakeSink] = []
        for number in range(LISTENERS):
            sink, listener = harness.listen(aim_seconds=aim_seconds)
            self._slow_down(sink, listener, is_first=not number)
            self.sinks.append(sink)

    def pace(self, seconds: float) -> Pace:
        """Broadcast for a while; passes take time besides if they take longer than their pages last."""
        self._waits.clear()
        clock = self._harness.clock
        began_at = clock.time()
        self._harness.broadcast(seconds)
        clock.settle()
        return Pace(round(len(self._waits) / (clock.time() - began_at), 1), max(self._waits))

    def _slow_down(self, sink: FakeSink, listener: Listener, *, is_first: bool) -> None:
        send, harness = sink.send, self._harness

        def send_slowly(data: bytes, /) -> int:
            if is_first:
                arrived_at = harness.backlog.page(listener.cursor).arrived_at
                self._waits.append(harness.clock.time() - arrived_at)
            harness.clock.skip(self.load * PAGE_SECONDS / LISTENERS)
            return send(data)

        sink.send = send_slowly  # type: ignore[method-assign]


def test_while_there_is_room_each_page_is_sent_at_once() -> None:
    crowd = Crowd(FanoutHarness(), EASY)
    assert crowd.pace(LEARNT_SECONDS) == Pace(PAGES_A_SECOND, 0)


def test_without_room_a_send_carries_two_pages() -> None:
    crowd = Crowd(FanoutHarness(), BUSY)
    crowd.pace(LEARNT_SECONDS)
    pace = crowd.pace(10)
    assert pace.sends_a_second == PAGES_A_SECOND / 2
    assert pace.longest_wait_seconds == pytest.approx(PAGE_SECONDS)


def test_what_has_gathered_goes_out_with_the_page_that_finds_room() -> None:
    harness = FanoutHarness()
    crowd = Crowd(harness, BUSY)
    crowd.pace(LEARNT_SECONDS)
    for _ in range(10):
        harness.clock.advance(PAGE_SECONDS)
        harness.publish()
        harness.clock.settle()
        numbers = heard(crowd.sinks[0]).numbers
        assert harness.published - len(numbers) <= 1


@pytest.mark.parametrize(
    ("aim_seconds", "most_seconds"),
    [(0.02, 0.04), (LOW, 0.04), (0.15, 0.04), (0.16, 0.08), (0.99, 0.08)],
)
def test_no_page_waits_for_longer_than_its_player_can_use(aim_seconds: float, most_seconds: float) -> None:
    # With so many streams beside this one there is never room, and its own passes take next to nothing.
    harness = FanoutHarness()
    crowd = Crowd(harness, 0, aim_seconds=aim_seconds)
    harness.counters.live_seconds = math.inf
    learning, learnt = crowd.pace(LEARNT_SECONDS), crowd.pace(10)
    assert learning.longest_wait_seconds <= most_seconds + 1e-6
    assert learnt.longest_wait_seconds == pytest.approx(most_seconds, abs=1e-6)


class TestPlayersThatBuffer:
    @pytest.mark.parametrize("aim_seconds", [1.0, math.inf])
    def test_they_get_what_gathers_in_a_flush_interval(self, aim_seconds: float) -> None:
        pace = Crowd(FanoutHarness(), EASY, aim_seconds=aim_seconds).pace(LEARNT_SECONDS)
        assert pace.longest_wait_seconds == pytest.approx(FLUSH_SECONDS - PAGE_SECONDS)
        assert pace.sends_a_second == pytest.approx(1 / FLUSH_SECONDS, abs=0.1)

    def test_when_many_listen_they_get_what_gathers_in_nearly_half_as_long_again(self) -> None:
        crowd = Crowd(FanoutHarness(), BUSY, aim_seconds=math.inf)
        crowd.pace(LEARNT_SECONDS)
        pace = crowd.pace(10)
        assert pace.longest_wait_seconds == pytest.approx(LONG_FLUSH_SECONDS - PAGE_SECONDS)
        assert pace.sends_a_second == pytest.approx(1 / LONG_FLUSH_SECONDS, abs=0.1)

    def test_what_a_pass_takes_is_taken_off_what_gathers(self) -> None:
        # Of TLS: a pass over a thousand takes 20 ms.
        crowd = Crowd(FanoutHarness(), 1.0, aim_seconds=math.inf)
        crowd.pace(LEARNT_SECONDS)
        pace = crowd.pace(10)
        assert pace.sends_a_second == pytest.approx(1 / (FLUSH_SECONDS + TURN_SECONDS), abs=0.1)
        assert pace.longest_wait_seconds + PAGE_SECONDS <= MOST_FLUSHES * FLUSH_SECONDS

    def test_passes_that_take_now_more_and_now_less_keep_their_beat(self) -> None:
        # Their source is read with them: a pass that comes between two reads would find nothing.
        harness = FanoutHarness()
        crowd = Crowd(harness, 0.0, aim_seconds=math.inf)
        harness.counters.buffered_seconds = math.inf
        crowd.pace(LEARNT_SECONDS)
        seen = []
        for number in range(100):
            # About 15 ms, which leave seven pages of 20 ms.
            crowd.load = 0.7 + 0.3 * (number % 2)
            crowd.pace(0.2)
            seen.append(harness.fanout.interval_seconds)
        assert seen == pytest.approx([LONG_FLUSH_SECONDS] * 100)

    def test_no_page_waits_for_longer_however_many_listen_to_other_streams(self) -> None:
        harness = FanoutHarness()
        crowd = Crowd(harness, 0, aim_seconds=math.inf)
        harness.counters.buffered_seconds = math.inf
        crowd.pace(LEARNT_SECONDS)
        assert crowd.pace(10).longest_wait_seconds <= LONG_FLUSH_SECONDS

    def test_a_crowd_that_has_just_come_changes_nothing_for_some_seconds(self) -> None:
        crowd = Crowd(FanoutHarness(), BUSY, aim_seconds=math.inf)
        assert crowd.pace(4).longest_wait_seconds < FLUSH_SECONDS
        assert crowd.pace(8).longest_wait_seconds < LONG_FLUSH_SECONDS

    def test_two_hundred_with_tls_leave_room(self) -> None:
        # A pass over them takes 3 ms; when a crowd joins, passes take longer at once.
        crowd = Crowd(FanoutHarness(), 0.15, aim_seconds=math.inf)
        crowd.pace(LEARNT_SECONDS)
        assert crowd.pace(2).longest_wait_seconds == pytest.approx(FLUSH_SECONDS - PAGE_SECONDS)

    def test_when_they_are_few_again_so_is_what_gathers(self) -> None:
        crowd = Crowd(FanoutHarness(), BUSY, aim_seconds=math.inf)
        crowd.pace(LEARNT_SECONDS)
        crowd.load = EASY
        crowd.pace(LEARNT_SECONDS)
        assert crowd.pace(2).sends_a_second == pytest.approx(1 / FLUSH_SECONDS, abs=0.5)

    def test_live_listeners_take_them_no_room(self) -> None:
        harness = FanoutHarness()
        crowd = Crowd(harness, EASY, aim_seconds=math.inf)
        harness.counters.live_seconds = math.inf
        assert crowd.pace(LEARNT_SECONDS).sends_a_second == pytest.approx(1 / FLUSH_SECONDS, abs=0.1)

    @pytest.mark.parametrize("phase_seconds", [0.0, 0.03, 0.08])
    def test_what_a_source_has_gathered_until_it_was_read_waits_no_more(self, phase_seconds: float) -> None:
        """Wherever the last pass was, as after a listener has joined."""
        harness = FanoutHarness()
        crowd = Crowd(harness, EASY, aim_seconds=math.inf)
        crowd.pace(1)
        harness.clock.advance(phase_seconds)
        sends = crowd.sinks[0].sends
        for _ in range(20):
            harness.publish(round(FLUSH_SECONDS / PAGE_SECONDS))
            harness.clock.settle()
            assert heard(crowd.sinks[0]).numbers[-1] == harness.published - 1
            harness.clock.advance(FLUSH_SECONDS)
        assert crowd.sinks[0].sends == sends + 20


def test_no_live_page_waits_for_longer_than_a_buffered_one() -> None:
    harness = FanoutHarness(limits=FanoutLimits(flush_interval_seconds=0.01))
    crowd = Crowd(harness, 0)
    harness.counters.live_seconds = math.inf
    assert crowd.pace(LEARNT_SECONDS).longest_wait_seconds == pytest.approx(0.01, abs=1e-6)


def test_a_pause_lasts_half_as_long_as_its_pass_whatever_comes_meanwhile() -> None:
    # Pages have hardly gathered by then.
    pace = Crowd(FanoutHarness(), OVERLOADED).pace(1)
    assert pace.sends_a_second == pytest.approx(1 / (1.5 * OVERLOADED * PAGE_SECONDS), rel=0.1)


def test_waits_grow_no_faster_than_players_can_follow() -> None:
    harness = FanoutHarness()
    crowd = Crowd(harness, 0)
    harness.counters.live_seconds = math.inf
    waits = [crowd.pace(1).longest_wait_seconds for _ in range(8)]
    assert waits == pytest.approx([0.005 * second for second in range(1, 9)], abs=0.0005)


def test_when_room_is_back_each_page_is_sent_at_once_again() -> None:
    crowd = Crowd(FanoutHarness(), BUSY)
    crowd.pace(LEARNT_SECONDS)
    crowd.load = EASY
    crowd.pace(2 * PAGE_SECONDS)
    assert crowd.pace(1) == Pace(PAGES_A_SECOND, 0)


def test_what_players_have_learnt_is_used_after_a_short_ease() -> None:
    crowd = Crowd(FanoutHarness(), BUSY)
    crowd.pace(LEARNT_SECONDS)
    crowd.load = EASY
    crowd.pace(1)
    crowd.load = BUSY
    assert crowd.pace(1).sends_a_second <= PAGES_A_SECOND / 2 + 1


def test_what_players_have_learnt_is_forgotten_after_a_long_ease() -> None:
    harness = FanoutHarness()
    crowd = Crowd(harness, 0)
    harness.counters.live_seconds = math.inf
    crowd.pace(LEARNT_SECONDS)
    harness.counters.live_seconds = 0
    crowd.pace(LEARNT_SECONDS)
    harness.counters.live_seconds = math.inf
    assert crowd.pace(1).longest_wait_seconds <= 0.006


class TestStreamsTogether:
    @pytest.fixture
    def harnesses(self) -> list[FanoutHarness]:
        """Return two streams of one node."""
        clock, counters = FakeClock(), Counters()
        return [FanoutHarness(clock=clock, counters=counters) for _ in range(2)]

    def paces(self, harnesses: list[FanoutHarness], crowds: list[Crowd], seconds: float) -> list[float]:
        """Broadcast both; return the sends a second to a listener of each."""
        before = [crowd.sinks[0].sends for crowd in crowds]
        for _ in range(round(seconds / PAGE_SECONDS)):
            harnesses[0].clock.advance(PAGE_SECONDS)
            for harness in harnesses:
                harness.publish()
        harnesses[0].clock.settle()
        return [(crowd.sinks[0].sends - sends) / seconds for crowd, sends in zip(crowds, before, strict=True)]

    def test_they_share_the_room(self, harnesses: list[FanoutHarness]) -> None:
        """Neither of them alone would gather."""
        crowds = [Crowd(harness, BUSY / 2) for harness in harnesses]
        self.paces(harnesses, crowds, LEARNT_SECONDS)
        assert sum(self.paces(harnesses, crowds, 10)) <= 2 * PAGES_A_SECOND * 0.8

    def test_buffered_listeners_take_no_room(self, harnesses: list[FanoutHarness]) -> None:
        # They have a pass for each page, too.
        limits = FanoutLimits(flush_interval_seconds=PAGE_SECONDS / 2)
        harnesses[1] = FanoutHarness(clock=harnesses[0].clock, counters=harnesses[0].counters, limits=limits)
        crowds = [Crowd(harnesses[0], EASY), Crowd(harnesses[1], BUSY, aim_seconds=math.inf)]
        live, _ = self.paces(harnesses, crowds, LEARNT_SECONDS)
        assert live == PAGES_A_SECOND


def test_a_pass_that_was_held_up_is_no_longer_pause() -> None:
    """A crowd that joins between the slices of a pass makes it long, though it has not sent for longer."""
    lane = lanes(Counters(), FLUSH_SECONDS)[-1]
    lane.start_pass(10.0)
    for _ in range(5):
        lane.note_sending(0.002)
    lane.end_pass(10.125)
    assert lane.due_at(10.126, 10.0, FLUSH_SECONDS) == pytest.approx(10.125 + 0.5 * 0.01)


def test_what_comes_in_an_interval_is_sent_when_it_is_read() -> None:
    """Seven pages of 20 ms are 140 ms, whatever the sum of floats is."""
    lane = lanes(Counters(), FLUSH_SECONDS)[-1]
    lane.start_pass(10.0)
    lane.end_pass(10.0)
    interval_seconds = lane.interval_seconds
    assert lane.due_at(10.05, 10.0, interval_seconds - 1e-9) == 10.05
    assert lane.due_at(10.05, 10.0, interval_seconds - PAGE_SECONDS) > 10.1
