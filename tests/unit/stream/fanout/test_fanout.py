"""The fan-out: who is sent what and when. What it costs is counted in `test_fanout_cost`."""

import math
from itertools import pairwise

import pytest

from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from audiocast.stream.fanout.limits import FanoutLimits
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.fanout.fanout_harness import FLUSH_SECONDS, HTTP_HEAD, FanoutHarness, heard

FINISH_SECONDS = 5.0
LATE_SECONDS = 0.005
SLICE_LISTENERS = 250


@pytest.fixture
def harness() -> FanoutHarness:
    """Return a harness that is on the air: one second of backlog, no listener."""
    harness = FanoutHarness()
    harness.broadcast(1)
    return harness


class TestJoining:
    def test_the_head_and_the_backlog_go_out_in_one_send_at_once(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen(preroll_seconds=0.5)
        assert sink.sends == 1
        assert heard(sink).numbers == list(range(25, 50))

    def test_without_preroll_only_the_head_goes_out(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        assert sink.received == HTTP_HEAD + harness.muxer.header_pages

    def test_what_comes_later_follows_without_a_hole(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen(preroll_seconds=0.1)
        harness.broadcast(1)
        harness.flush()
        assert heard(sink).numbers == list(range(45, 100))

    def test_before_the_first_page_there_is_only_the_head(self) -> None:
        harness = FanoutHarness()
        sink, _ = harness.listen(preroll_seconds=10)
        assert heard(sink).numbers == []
        harness.publish(3)
        harness.flush()
        assert heard(sink).numbers == [0, 1, 2]

    def test_a_joined_listener_is_counted(self, harness: FanoutHarness) -> None:
        harness.listen()
        harness.listen(aim_seconds=LOW)
        assert harness.fanout.count == harness.counters.listeners == harness.counters.joins == 2

    def test_one_that_is_gone_already_is_not_kept(self, harness: FanoutHarness) -> None:
        sink = FakeSink()
        sink.error = ConnectionResetError()
        listener = harness.fanout.join(sink, b"head", preroll_seconds=1, aim_seconds=math.inf)
        assert not listener.is_open
        assert sink.closed
        harness.publish()
        harness.flush()
        assert (harness.fanout.count, harness.counters.joins, harness.counters.disconnects) == (0, 1, 1)
        assert harness.counters.passes == 0

    def test_a_head_that_is_taken_in_pieces_arrives_whole(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen(preroll_seconds=1, room_bytes=7)
        for _ in range(60):
            sink.room_bytes = 11
            harness.publish()
            harness.flush()
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers == list(range(111))

    def test_a_socket_full_just_after_the_head_gets_the_pages_later(self, harness: FanoutHarness) -> None:
        head_bytes = len(HTTP_HEAD + harness.muxer.header_pages)
        sink, _ = harness.listen(preroll_seconds=0.1, room_bytes=head_bytes)
        assert heard(sink).numbers == []
        sink.unblock()
        harness.publish()
        harness.flush()
        assert heard(sink).numbers == [45, 46, 47, 48, 49, 50]


class TestPasses:
    def test_a_pass_sends_each_listener_all_that_it_lacks_in_one_send(self, harness: FanoutHarness) -> None:
        sinks = [harness.listen()[0] for _ in range(20)]
        sends = harness.counters.sends
        for _ in range(5):
            harness.publish()
        harness.flush()
        assert harness.counters.passes == 1
        assert harness.counters.sends - sends == 20
        assert [sink.sends for sink in sinks] == [2] * 20
        assert all(heard(sink).numbers == [50, 51, 52, 53, 54] for sink in sinks)

    def test_listeners_at_the_same_place_share_the_very_same_bytes(self, harness: FanoutHarness) -> None:
        first, second = (harness.listen()[0] for _ in range(2))
        harness.publish(10)
        harness.flush()
        assert first.offered[-1] is second.offered[-1]

    def test_buffered_listeners_have_a_pass_each_flush_interval(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        harness.broadcast(2)
        # Five pages of 20 ms share a pass.
        assert harness.counters.passes == pytest.approx(2 / FLUSH_SECONDS, abs=1)
        assert sink.sends == 1 + harness.counters.passes

    def test_low_latency_listeners_are_sent_each_page_at_once(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen(aim_seconds=LOW)
        for number in range(50, 60):
            harness.publish()
            harness.clock.settle()
            assert heard(sink).numbers[-1] == number
            harness.clock.advance(0.02)
        assert sink.sends == 1 + 10

    def test_nothing_is_sent_from_within_publish(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen(aim_seconds=LOW)
        harness.publish()
        assert sink.sends == 1

    def test_pages_that_arrive_together_are_one_send_even_with_low_latency(
        self, harness: FanoutHarness
    ) -> None:
        sink, _ = harness.listen(aim_seconds=LOW)
        harness.publish(25)
        harness.publish(25)
        harness.clock.settle()
        assert sink.sends == 2
        assert heard(sink).numbers == list(range(50, 100))

    def test_low_latency_listeners_do_not_make_the_others_dearer(self, harness: FanoutHarness) -> None:
        buffered, _ = harness.listen()
        low_latency, _ = harness.listen(aim_seconds=LOW)
        harness.broadcast(1.2)
        harness.flush()
        assert low_latency.sends == 1 + 60
        # The first page, and then each interval; the last pages are late.
        assert buffered.sends <= 1 + 1 + 1.2 / FLUSH_SECONDS + 1
        assert heard(low_latency).numbers == heard(buffered).numbers

    def test_nothing_runs_while_nothing_new_is_there(self, harness: FanoutHarness) -> None:
        harness.listen()
        harness.listen(aim_seconds=LOW)
        harness.publish()
        harness.clock.advance(60)
        assert harness.counters.passes == 2
        assert harness.clock.due == 0

    def test_nothing_runs_without_listeners(self, harness: FanoutHarness) -> None:
        assert harness.counters.passes == 0
        assert harness.clock.due == 0

    def test_no_interval_at_all_means_a_pass_for_each_arrival(self) -> None:
        harness = FanoutHarness(limits=FanoutLimits(flush_interval_seconds=0))
        sink, _ = harness.listen()
        for _ in range(3):
            harness.publish()
            harness.clock.settle()
        assert sink.sends == 1 + 3

    def test_one_that_went_is_closed_and_costs_no_further_send(self, harness: FanoutHarness) -> None:
        gone, listener = harness.listen()
        stays, _ = harness.listen()
        gone.error = BrokenPipeError()
        harness.broadcast(1)
        harness.flush()
        assert gone.closed
        assert not listener.is_open
        assert gone.sends == 2
        assert (harness.fanout.count, harness.counters.listeners, harness.counters.disconnects) == (1, 1, 1)
        assert heard(stays).numbers == list(range(50, 100))

    @pytest.mark.parametrize("aim_seconds", [LOW, math.inf])
    def test_when_the_last_one_went_no_pass_is_made_for_nobody(
        self, harness: FanoutHarness, aim_seconds: float
    ) -> None:
        gone, _ = harness.listen(aim_seconds=aim_seconds)
        gone.error = BrokenPipeError()
        harness.publish()
        harness.flush()
        assert (harness.fanout.count, harness.counters.passes) == (0, 1)
        harness.broadcast(1)
        assert (harness.counters.passes, harness.clock.due) == (1, 0)

    @pytest.mark.parametrize("error", [BrokenPipeError(), ConnectionResetError(), TimeoutError()])
    def test_so_is_one_that_has_kept_up_so_far(self, harness: FanoutHarness, error: OSError) -> None:
        gone, _ = harness.listen()
        stays, _ = harness.listen()
        harness.broadcast(1)
        harness.flush()
        gone.error, sends = error, gone.sends
        harness.broadcast(1)
        harness.flush()
        assert (gone.closed, gone.sends) == (True, sends + 1)
        assert (harness.fanout.count, harness.counters.listeners, harness.counters.disconnects) == (1, 1, 1)
        assert heard(stays).numbers == list(range(50, 150))

    def test_all_bytes_that_sockets_took_are_counted(self, harness: FanoutHarness) -> None:
        sinks = [harness.listen(preroll_seconds=1)[0], harness.listen(aim_seconds=LOW, room_bytes=100)[0]]
        harness.broadcast(1)
        harness.flush()
        assert harness.counters.sent_bytes == sum(len(sink.received) for sink in sinks)

    def test_a_pause_is_half_as_long_as_the_pass_before_it_at_the_least(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sent_at: list[float] = []
        send = sink.send

        def send_slowly(data: bytes) -> int:
            sent_at.append(harness.clock.time())
            harness.clock.skip(0.4)
            harness.publish()
            return send(data)

        sink.send = send_slowly  # type: ignore[method-assign]
        harness.publish()
        harness.clock.advance(2)
        # 0.4 s of work, and 0.2 s for all others; 0.1 s would be the interval.
        assert [round(after - before, 3) for before, after in pairwise(sent_at)] == [0.6] * (len(sent_at) - 1)
        assert len(sent_at) > 2

    def test_the_delay_is_that_of_the_oldest_page_of_a_pass_once_a_pass(self, harness: FanoutHarness) -> None:
        for _ in range(5):
            harness.listen()
        harness.publish()
        harness.clock.advance(0.02)
        for _ in range(2):
            harness.publish()
            harness.clock.advance(0.03)
        harness.flush()
        assert harness.counters.passes == 2
        assert harness.counters.delay.cumulative()[-1] == ("+Inf", 2)
        assert harness.counters.delay.sum == pytest.approx(FLUSH_SECONDS + LATE_SECONDS - 0.02)

    def test_pages_that_nobody_waited_for_are_no_delay(self, harness: FanoutHarness) -> None:
        harness.clock.advance(5)
        harness.listen(preroll_seconds=1)
        harness.publish()
        harness.flush()
        assert (harness.counters.passes, harness.counters.delay.sum) == (1, 0)


class TestLongPasses:
    LISTENERS = 2 * SLICE_LISTENERS + 1

    @pytest.fixture
    def crowd(self, harness: FanoutHarness) -> list[FakeSink]:
        return [harness.listen(aim_seconds=LOW)[0] for _ in range(self.LISTENERS)]

    def served(self, crowd: list[FakeSink]) -> int:
        return sum(sink.sends > 1 for sink in crowd)

    def test_a_long_pass_gives_way_to_the_loop_between_slices(
        self, harness: FanoutHarness, crowd: list[FakeSink]
    ) -> None:
        harness.publish()
        turns = []
        while harness.clock.due:
            harness.clock.turn()
            turns.append(self.served(crowd))
        assert turns == [SLICE_LISTENERS, 2 * SLICE_LISTENERS, self.LISTENERS]
        assert harness.counters.passes == 1

    def test_pages_that_come_during_a_pass_start_no_second_one_beside_it(
        self, harness: FanoutHarness, crowd: list[FakeSink]
    ) -> None:
        harness.publish()
        harness.clock.turn()
        for _ in range(10):
            harness.publish()
        assert harness.clock.due == 1
        harness.clock.settle()
        assert harness.counters.passes == 2
        assert max(sink.sends for sink in crowd) == 3
        assert all(heard(sink).numbers == list(range(50, 61)) for sink in crowd)

    def test_who_joins_during_a_pass_gets_everything_once(
        self, harness: FanoutHarness, crowd: list[FakeSink]
    ) -> None:
        harness.publish()
        harness.clock.turn()
        harness.publish()
        late, _ = harness.listen(aim_seconds=LOW, preroll_seconds=0.1)
        harness.clock.settle()
        harness.publish()
        harness.clock.settle()
        assert heard(late).numbers == [47, 48, 49, 50, 51, 52]
        assert all(heard(sink).numbers == [50, 51, 52] for sink in crowd)

    def test_an_end_during_a_pass_loses_nobody_a_page(
        self, harness: FanoutHarness, crowd: list[FakeSink]
    ) -> None:
        harness.publish()
        harness.clock.turn()
        harness.end()
        harness.clock.advance(FLUSH_SECONDS)
        assert all(heard(sink).numbers == [50, 51] and heard(sink).ended and sink.closed for sink in crowd)

    def test_a_listener_that_is_gone_is_passed_over(
        self, harness: FanoutHarness, crowd: list[FakeSink]
    ) -> None:
        crowd[0].error = crowd[-1].error = ConnectionResetError()
        harness.publish()
        harness.clock.settle()
        harness.publish()
        harness.clock.settle()
        assert (crowd[0].sends, crowd[-1].sends) == (2, 2)
        assert harness.fanout.count == self.LISTENERS - 2


class TestTheEnd:
    @pytest.mark.parametrize("aim_seconds", [LOW, math.inf])
    def test_each_gets_the_last_page_at_once_and_is_closed(
        self, harness: FanoutHarness, aim_seconds: float
    ) -> None:
        sink, _ = harness.listen(aim_seconds=aim_seconds, preroll_seconds=0.1)
        harness.end()
        assert sink.closed
        assert heard(sink).ended
        assert heard(sink).numbers == [45, 46, 47, 48, 49, 50]
        assert (harness.fanout.count, harness.counters.listeners) == (0, 0)
        assert harness.counters.disconnects == harness.counters.stalls == 0

    def test_a_pass_that_was_due_is_not_made_twice(self, harness: FanoutHarness) -> None:
        harness.listen()
        harness.publish()
        harness.end()
        assert harness.clock.due == 0

    def test_a_slow_one_may_take_some_seconds_more(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.block()
        harness.end()
        harness.clock.advance(FINISH_SECONDS - 1)
        assert not sink.closed
        sink.unblock()
        harness.flush()
        assert sink.closed
        assert heard(sink).ended

    def test_a_slow_one_is_closed_in_the_end(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.room_bytes = 30
        harness.end()
        harness.clock.advance(FINISH_SECONDS + FLUSH_SECONDS)
        assert sink.closed
        assert harness.fanout.count == 0
        assert harness.clock.due == 0

    def test_a_slow_one_keeps_no_quick_one_waiting(self, harness: FanoutHarness) -> None:
        slow, _ = harness.listen()
        quick, _ = harness.listen()
        slow.block()
        harness.end()
        assert quick.closed
        assert not slow.closed

    def test_one_that_leaves_while_its_last_pages_wait_is_let_go(self, harness: FanoutHarness) -> None:
        sink, _ = harness.listen()
        sink.block()
        harness.end()
        sink.error = ConnectionResetError()
        harness.flush()
        assert sink.closed
        assert harness.clock.due == 0

    def test_without_listeners_nothing_is_left_to_do(self, harness: FanoutHarness) -> None:
        harness.end()
        assert harness.clock.due == 0

    def test_waiting_for_a_slow_one_does_not_spin_without_a_flush_interval(self) -> None:
        harness = FanoutHarness(limits=FanoutLimits(flush_interval_seconds=0))
        sink, _ = harness.listen()
        sink.block()
        harness.end()
        harness.clock.advance(FINISH_SECONDS + 1)
        assert sink.closed
        assert harness.counters.passes < 1000


class TestLettingGo:
    @pytest.fixture
    def sinks(self, harness: FanoutHarness) -> list[FakeSink]:
        """Give three in step and one that has come just now."""
        in_step = [harness.listen()[0] for _ in range(3)]
        harness.publish()
        harness.flush()
        return [*in_step, harness.listen()[0]]

    def test_so_many_are_closed_as_were_asked_for(
        self, harness: FanoutHarness, sinks: list[FakeSink]
    ) -> None:
        assert harness.fanout.close_listeners(2) == 2
        assert sum(sink.closed for sink in sinks) == harness.fanout.count == 2
        assert harness.fanout.close_listeners(9) == 2
        assert harness.fanout.close_listeners(9) == harness.fanout.count == 0

    def test_the_others_are_sent_what_comes(self, harness: FanoutHarness, sinks: list[FakeSink]) -> None:
        harness.fanout.close_listeners(2)
        harness.publish()
        harness.flush()
        left = [sink for sink in sinks if not sink.closed]
        assert all(heard(sink).numbers[-1] == 51 for sink in left)
        assert harness.counters.disconnects == 0

    def test_nobody_is_let_go_in_the_middle_of_a_page(
        self, harness: FanoutHarness, sinks: list[FakeSink]
    ) -> None:
        sinks[0].room_bytes = 10
        harness.publish()
        harness.flush()
        assert harness.fanout.close_listeners(9) == 3
        assert [sink.closed for sink in sinks] == [False, True, True, True]

    def test_in_the_middle_of_a_pass_nobody_is_closed_twice(self) -> None:
        harness = FanoutHarness()
        sinks = [harness.listen(aim_seconds=LOW)[0] for _ in range(2 * SLICE_LISTENERS)]
        harness.publish()
        harness.clock.settle()
        harness.publish()
        harness.clock.turn()
        assert harness.fanout.close_listeners(len(sinks)) == len(sinks)
        harness.publish()
        harness.clock.settle()
        assert harness.fanout.count == harness.counters.listeners == 0
