"""What one listener is sent, by counting: slow ones, stalled ones, and those that were moved ahead.

A harness is a whole fan-out: what a listener gets is seen at its socket.
"""

import math

import pytest

from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from audiocast.stream.fanout.limits import FanoutLimits
from tests.unit.stream.fanout.fanout_harness import FanoutHarness, heard

# A page with one packet of 40 bytes.
PAGE_BYTES = 27 + 1 + 40


@pytest.fixture
def harness() -> FanoutHarness:
    """Give a harness on the air: one second of backlog, no listener."""
    harness = FanoutHarness()
    harness.broadcast(1)
    return harness


class TestSlowListeners:
    def test_a_blocked_listener_costs_one_send_of_at_most_a_page_in_a_pass(
        self, harness: FanoutHarness
    ) -> None:
        sink, _ = harness.listen(aim_seconds=LOW)
        sink.block()
        for passes in range(1, 51):
            harness.publish()
            harness.clock.settle()
            assert sink.sends == 1 + passes
            assert len(sink.offered[-1]) == PAGE_BYTES

    def test_it_delays_nobody(self, harness: FanoutHarness) -> None:
        blocked, _ = harness.listen()
        quick, _ = harness.listen()
        blocked.block()
        harness.broadcast(3)
        harness.flush()
        assert heard(quick).numbers == list(range(50, 200))
        assert quick.sends == blocked.sends

    def test_it_keeps_one_page_and_no_queue(self, harness: FanoutHarness) -> None:
        sink, listener = harness.listen()
        sink.block()
        harness.broadcast(8)
        assert len(listener.unsent) == PAGE_BYTES

    def test_the_rest_of_a_page_is_sent_before_anything_else(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.room_bytes = 2 * PAGE_BYTES + 20
        harness.publish(1)
        harness.publish(1)
        harness.publish(1)
        harness.publish(1)
        harness.flush()
        assert (heard(sink).numbers, heard(sink).open_bytes) == ([50, 51], 20)
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers == [50, 51, 52, 53, 54]
        assert len(sink.offered[-2]) == PAGE_BYTES - 20

    @pytest.mark.parametrize(
        "room_bytes", [0, 1, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 3 * PAGE_BYTES - 1]
    )
    def test_wherever_a_socket_stops_nothing_is_lost_or_said_twice(
        self, harness: FanoutHarness, room_bytes: int
    ) -> None:
        sink, _ = harness.listen()
        for _ in range(3):
            harness.publish()
        sink.room_bytes = room_bytes
        harness.flush()
        assert len(sink.received) == len(sink.offered[0]) + room_bytes
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers == [50, 51, 52, 53]

    def test_one_that_takes_a_little_at_a_time_gets_everything_in_the_end(
        self, harness: FanoutHarness
    ) -> None:
        sink, _ = harness.listen(aim_seconds=LOW)
        for _ in range(100):
            sink.room_bytes = 61
            harness.clock.advance(0.02)
            harness.publish()
        sink.unblock()
        harness.publish()
        harness.clock.settle()
        assert heard(sink).numbers == list(range(50, 151))
        assert harness.counters.skips == 0

    def test_behind_by_less_than_the_limit_it_gets_everything(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.block()
        harness.broadcast(9.8)
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers == list(range(50, 50 + 490 + 1))
        assert harness.counters.skips == 0

    def test_too_far_behind_it_is_moved_to_the_live_edge_and_its_numbers_go_on(
        self, harness: FanoutHarness
    ) -> None:
        sink, _ = harness.listen()
        sink.room_bytes = 2 * PAGE_BYTES + 30
        harness.broadcast(11)
        sink.unblock()
        harness.broadcast(1)
        harness.flush()
        numbers = heard(sink).numbers
        skip = next(at for at, number in enumerate(numbers) if number != 50 + at)
        assert numbers[:skip] == [50, 51, 52]
        assert numbers[skip:] == list(range(numbers[skip], 650))
        # It was moved when more than ten seconds were missing, and was at the edge then.
        assert numbers[skip] > 50 + 500
        assert harness.counters.skips >= 1

    def test_while_it_stays_blocked_it_is_moved_again_and_again_without_a_hole(
        self, harness: FanoutHarness
    ) -> None:
        sink, listener = harness.listen()
        sink.room_bytes = 30
        harness.broadcast(19.5)
        assert harness.counters.skips == 1
        sink.room_bytes = PAGE_BYTES
        harness.broadcast(11)
        sink.unblock()
        harness.broadcast(0.5)
        harness.flush()
        assert harness.counters.skips == 3
        assert listener.is_open
        assert heard(sink).numbers[-25:] == list(range(harness.published - 25, harness.published))

    def test_a_moved_listener_is_still_sent_everything_in_one_send(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.room_bytes = 30
        harness.broadcast(11)
        sink.unblock()
        harness.publish()
        harness.flush()
        sends = sink.sends
        for _ in range(5):
            harness.publish()
        harness.flush()
        assert sink.sends == sends + 1
        assert heard(sink).numbers[-5:] == list(range(harness.published - 5, harness.published))

    def test_a_moved_listener_that_blocks_again_goes_on_where_it_stopped(
        self, harness: FanoutHarness
    ) -> None:
        sink, _ = harness.listen()
        sink.room_bytes = 30
        harness.broadcast(11)
        sink.unblock()
        harness.publish()
        harness.flush()
        moved_to = len(heard(sink).numbers)
        for room_bytes in (PAGE_BYTES + 3, 0, 10, PAGE_BYTES):
            sink.room_bytes = room_bytes
            harness.publish(20)
            harness.flush()
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers[moved_to:] == list(range(harness.published - 81, harness.published))

    def test_others_still_share_their_bytes_when_one_was_moved(self, harness: FanoutHarness) -> None:
        moved, first, second = (harness.listen()[0] for _ in range(3))
        moved.room_bytes = 30
        harness.broadcast(11)
        moved.unblock()
        harness.publish()
        harness.flush()
        harness.publish()
        harness.flush()
        assert first.offered[-1] is second.offered[-1]
        assert moved.offered[-1] != first.offered[-1]

    def test_one_whose_pages_are_gone_from_the_backlog_is_moved_too(self) -> None:
        harness = FanoutHarness(backlog_bytes=10 * PAGE_BYTES)
        harness.broadcast(1)
        sink, _ = harness.listen()
        sink.room_bytes = 30
        harness.broadcast(1)
        sink.unblock()
        harness.broadcast(0.2)
        harness.flush()
        assert harness.counters.skips >= 1
        assert heard(sink).numbers == [50, *range(heard(sink).numbers[1], harness.published)]

    @pytest.mark.parametrize("aim_seconds", [LOW, math.inf])
    def test_a_burst_larger_than_the_backlog_leaves_no_hole(self, aim_seconds: float) -> None:
        """Nobody was slow here: the pages between two passes were more than the backlog holds."""
        harness = FanoutHarness(backlog_bytes=10 * PAGE_BYTES)
        harness.broadcast(1)
        sink, _ = harness.listen(aim_seconds=aim_seconds, preroll_seconds=0.1)
        for _ in range(25):
            harness.publish()
        harness.flush()
        harness.broadcast(0.2)
        harness.flush()
        numbers = heard(sink).numbers
        assert numbers[:5] == [45, 46, 47, 48, 49]
        assert numbers[5:] == list(range(numbers[5], harness.published))
        assert harness.counters.skips == 1

    def test_just_as_far_behind_as_it_may_be_it_is_not_moved(self) -> None:
        harness = FanoutHarness(limits=FanoutLimits(lag_seconds=0.1))
        sink, _ = harness.listen(aim_seconds=LOW)
        sink.room_bytes = 30
        # The page in which it is stuck, and a tenth of a second behind that.
        for _ in range(1 + 5):
            harness.publish()
            harness.clock.settle()
        assert harness.counters.skips == 0
        harness.publish()
        harness.clock.settle()
        assert harness.counters.skips == 1

    def test_a_move_that_leaves_nothing_out_is_no_move(self) -> None:
        """The newest page is never left out, even when it alone is longer than the limit."""
        harness = FanoutHarness(limits=FanoutLimits(lag_seconds=0.05))
        sink, _ = harness.listen()
        sink.room_bytes = 30
        harness.publish(1)
        harness.flush()
        harness.publish(5)
        harness.flush()
        assert harness.counters.skips == 0


class TestStalledListeners:
    def test_one_that_takes_nothing_for_too_long_is_closed_and_counted(self, harness: FanoutHarness) -> None:
        sink, listener = harness.listen()
        sink.block()
        harness.broadcast(19.9)
        assert listener.is_open
        harness.broadcast(0.4)
        assert not listener.is_open
        assert sink.closed
        assert (harness.counters.stalls, harness.counters.listeners, harness.fanout.count) == (1, 0, 0)
        assert listener.unsent == b""

    def test_every_byte_is_progress(self, harness: FanoutHarness) -> None:
        sink, listener = harness.listen(aim_seconds=LOW)
        sink.block()
        for _ in range(6):
            harness.broadcast(15)
            sink.room_bytes = 1
        assert listener.is_open
        assert harness.counters.stalls == 0

    def test_a_stall_touches_nobody_else(self, harness: FanoutHarness) -> None:
        stalled, _ = harness.listen()
        quick, _ = harness.listen()
        stalled.block()
        harness.broadcast(25)
        harness.flush()
        assert stalled.closed
        assert heard(quick).numbers == list(range(50, harness.published))
