"""The fan-out, by counting: who is sent what, in how many sends and passes, and what slow listeners cost.

Design section 5, point 5 (slow listeners) and section 6 (what it costs).
"""

import pytest

from audiocast.stream.fanout import FINISH_SECONDS, SLICE_LISTENERS, FanoutLimits
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.station import FLUSH_SECONDS, HTTP_HEAD, Station, heard

PAGE_BYTES = 27 + 1 + 40
"""A page with one packet of 40 bytes."""


@pytest.fixture
def station() -> Station:
    """Give a station on the air: one second of backlog, no listener."""
    station = Station()
    station.broadcast(1)
    return station


class TestJoining:
    def test_the_head_and_the_backlog_go_out_in_one_send_at_once(self, station: Station) -> None:
        sink, _ = station.listen(preroll_seconds=0.5)
        assert sink.sends == 1
        assert heard(sink).numbers == list(range(25, 50))

    def test_without_preroll_only_the_head_goes_out(self, station: Station) -> None:
        sink, _ = station.listen()
        assert sink.received == HTTP_HEAD + station.splicer.header_pages

    def test_what_comes_later_follows_without_a_hole(self, station: Station) -> None:
        sink, _ = station.listen(preroll_seconds=0.1)
        station.broadcast(1)
        station.flush()
        assert heard(sink).numbers == list(range(45, 100))

    def test_before_the_first_page_there_is_only_the_head(self) -> None:
        station = Station()
        sink, _ = station.listen(preroll_seconds=10)
        assert heard(sink).numbers == []
        station.publish(3)
        station.flush()
        assert heard(sink).numbers == [0, 1, 2]

    def test_a_joined_listener_is_counted(self, station: Station) -> None:
        station.listen()
        station.listen(low=True)
        assert station.fanout.count == station.counters.listeners == station.counters.joins == 2

    def test_one_that_is_gone_already_is_not_kept(self, station: Station) -> None:
        sink = FakeSink()
        sink.error = ConnectionResetError()
        listener = station.fanout.join(sink, b"head", preroll_seconds=1, low=False)
        assert not listener.open
        assert sink.closed
        station.publish()
        station.flush()
        assert (station.fanout.count, station.counters.joins, station.counters.disconnects) == (0, 1, 1)
        assert station.counters.passes == 0

    def test_a_head_that_is_taken_in_pieces_arrives_whole(self, station: Station) -> None:
        sink, _ = station.listen(preroll_seconds=1, room_bytes=7)
        for _ in range(60):
            sink.room_bytes = 11
            station.publish()
            station.flush()
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers == list(range(111))

    def test_a_socket_full_just_after_the_head_gets_the_pages_later(self, station: Station) -> None:
        head_bytes = len(HTTP_HEAD + station.splicer.header_pages)
        sink, _ = station.listen(preroll_seconds=0.1, room_bytes=head_bytes)
        assert heard(sink).numbers == []
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers == [45, 46, 47, 48, 49, 50]


class TestPasses:
    def test_a_pass_sends_each_listener_all_that_it_lacks_in_one_send(self, station: Station) -> None:
        sinks = [station.listen()[0] for _ in range(20)]
        sends = station.counters.sends
        for _ in range(5):
            station.publish()
        station.flush()
        assert station.counters.passes == 1
        assert station.counters.sends - sends == 20
        assert [sink.sends for sink in sinks] == [2] * 20
        assert all(heard(sink).numbers == [50, 51, 52, 53, 54] for sink in sinks)

    def test_listeners_at_the_same_place_share_the_very_same_bytes(self, station: Station) -> None:
        first, second = (station.listen()[0] for _ in range(2))
        station.publish(10)
        station.flush()
        assert first.offered[-1] is second.offered[-1]

    def test_buffered_listeners_have_a_pass_each_flush_interval(self, station: Station) -> None:
        sink, _ = station.listen()
        station.broadcast(2)
        # The interval begins with the first page that waits, so five or six pages of 20 ms share a pass.
        assert 2 / 0.12 - 1 <= station.counters.passes <= 2 / 0.10
        assert sink.sends == 1 + station.counters.passes

    def test_low_latency_listeners_are_sent_each_page_at_once(self, station: Station) -> None:
        sink, _ = station.listen(low=True)
        for number in range(50, 60):
            station.publish()
            station.clock.settle()
            assert heard(sink).numbers[-1] == number
            station.clock.advance(0.02)
        assert sink.sends == 1 + 10

    def test_nothing_is_sent_from_within_publish(self, station: Station) -> None:
        sink, _ = station.listen(low=True)
        station.publish()
        assert sink.sends == 1

    def test_pages_that_arrive_together_are_one_send_even_with_low_latency(self, station: Station) -> None:
        sink, _ = station.listen(low=True)
        station.publish(25)
        station.publish(25)
        station.clock.settle()
        assert sink.sends == 2
        assert heard(sink).numbers == list(range(50, 100))

    def test_low_latency_listeners_do_not_make_the_others_dearer(self, station: Station) -> None:
        buffered, _ = station.listen()
        low, _ = station.listen(low=True)
        station.broadcast(1.2)
        station.flush()
        assert low.sends == 1 + 60
        assert buffered.sends <= 1 + 1.2 / 0.1 + 1
        assert heard(low).numbers == heard(buffered).numbers

    def test_nothing_runs_while_nothing_new_is_there(self, station: Station) -> None:
        station.listen()
        station.listen(low=True)
        station.publish()
        station.clock.advance(60)
        assert station.counters.passes == 2
        assert station.clock.due == 0

    def test_nothing_runs_without_listeners(self, station: Station) -> None:
        assert station.counters.passes == 0
        assert station.clock.due == 0

    def test_no_interval_at_all_means_a_pass_for_each_arrival(self) -> None:
        station = Station(limits=FanoutLimits(flush_interval_seconds=0))
        sink, _ = station.listen()
        for _ in range(3):
            station.publish()
            station.clock.settle()
        assert sink.sends == 1 + 3

    def test_one_that_went_is_closed_and_costs_no_further_send(self, station: Station) -> None:
        gone, listener = station.listen()
        stays, _ = station.listen()
        gone.error = BrokenPipeError()
        station.broadcast(1)
        station.flush()
        assert gone.closed
        assert not listener.open
        assert gone.sends == 2
        assert (station.fanout.count, station.counters.listeners, station.counters.disconnects) == (1, 1, 1)
        assert heard(stays).numbers == list(range(50, 100))

    def test_all_bytes_that_sockets_took_are_counted(self, station: Station) -> None:
        sinks = [station.listen(preroll_seconds=1)[0], station.listen(low=True, room_bytes=100)[0]]
        station.broadcast(1)
        station.flush()
        assert station.counters.sent_bytes == sum(len(sink.received) for sink in sinks)

    def test_the_delay_is_that_of_the_oldest_page_of_a_pass_once_a_pass(self, station: Station) -> None:
        for _ in range(5):
            station.listen()
        station.publish()
        station.clock.advance(0.06)
        station.publish()
        station.clock.advance(0.05)
        assert station.counters.passes == 1
        assert station.counters.delay.cumulative()[-1] == ("+Inf", 1)
        assert station.counters.delay.sum == pytest.approx(FLUSH_SECONDS)

    def test_pages_that_nobody_waited_for_are_no_delay(self, station: Station) -> None:
        station.clock.advance(5)
        station.listen(preroll_seconds=1)
        station.publish()
        station.flush()
        assert station.counters.delay.sum == pytest.approx(FLUSH_SECONDS)


class TestLongPasses:
    LISTENERS = 2 * SLICE_LISTENERS + 1

    @pytest.fixture
    def crowd(self, station: Station) -> list[FakeSink]:
        return [station.listen(low=True)[0] for _ in range(self.LISTENERS)]

    def served(self, crowd: list[FakeSink]) -> int:
        return sum(sink.sends > 1 for sink in crowd)

    def test_a_long_pass_gives_way_to_the_loop_between_slices(
        self, station: Station, crowd: list[FakeSink]
    ) -> None:
        station.publish()
        turns = []
        while station.clock.due:
            station.clock.turn()
            turns.append(self.served(crowd))
        assert turns == [SLICE_LISTENERS, 2 * SLICE_LISTENERS, self.LISTENERS]
        assert station.counters.passes == 1

    def test_pages_that_come_during_a_pass_start_no_second_one_beside_it(
        self, station: Station, crowd: list[FakeSink]
    ) -> None:
        station.publish()
        station.clock.turn()
        for _ in range(10):
            station.publish()
        assert station.clock.due == 1
        station.clock.settle()
        assert station.counters.passes == 2
        assert max(sink.sends for sink in crowd) == 3
        assert all(heard(sink).numbers == list(range(50, 61)) for sink in crowd)

    def test_who_joins_during_a_pass_gets_everything_once(
        self, station: Station, crowd: list[FakeSink]
    ) -> None:
        station.publish()
        station.clock.turn()
        station.publish()
        late, _ = station.listen(low=True, preroll_seconds=0.1)
        station.clock.settle()
        station.publish()
        station.clock.settle()
        assert heard(late).numbers == [47, 48, 49, 50, 51, 52]
        assert all(heard(sink).numbers == [50, 51, 52] for sink in crowd)

    def test_an_end_during_a_pass_loses_nobody_a_page(self, station: Station, crowd: list[FakeSink]) -> None:
        station.publish()
        station.clock.turn()
        station.end()
        station.clock.advance(FLUSH_SECONDS)
        assert all(heard(sink).numbers == [50, 51] and heard(sink).ended and sink.closed for sink in crowd)

    def test_a_listener_that_is_gone_is_passed_over(self, station: Station, crowd: list[FakeSink]) -> None:
        crowd[0].error = crowd[-1].error = ConnectionResetError()
        station.publish()
        station.clock.settle()
        station.publish()
        station.clock.settle()
        assert (crowd[0].sends, crowd[-1].sends) == (2, 2)
        assert station.fanout.count == self.LISTENERS - 2


class TestSlowListeners:
    def test_a_blocked_listener_costs_one_send_of_at_most_a_page_in_a_pass(self, station: Station) -> None:
        sink, _ = station.listen(low=True)
        sink.block()
        for passes in range(1, 51):
            station.publish()
            station.clock.settle()
            assert sink.sends == 1 + passes
            assert len(sink.offered[-1]) == PAGE_BYTES

    def test_it_delays_nobody(self, station: Station) -> None:
        blocked, _ = station.listen()
        quick, _ = station.listen()
        blocked.block()
        station.broadcast(3)
        station.flush()
        assert heard(quick).numbers == list(range(50, 200))
        assert quick.sends == blocked.sends

    def test_it_keeps_one_page_and_no_queue(self, station: Station) -> None:
        sink, listener = station.listen()
        sink.block()
        station.broadcast(8)
        assert len(listener.rest) == PAGE_BYTES

    def test_the_rest_of_a_page_is_sent_before_anything_else(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.room_bytes = 2 * PAGE_BYTES + 20
        station.publish(1)
        station.publish(1)
        station.publish(1)
        station.publish(1)
        station.flush()
        assert (heard(sink).numbers, heard(sink).open_bytes) == ([50, 51], 20)
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers == [50, 51, 52, 53, 54]
        assert len(sink.offered[-2]) == PAGE_BYTES - 20

    @pytest.mark.parametrize(
        "room_bytes", [0, 1, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 3 * PAGE_BYTES - 1]
    )
    def test_wherever_a_socket_stops_nothing_is_lost_or_said_twice(
        self, station: Station, room_bytes: int
    ) -> None:
        sink, _ = station.listen()
        for _ in range(3):
            station.publish()
        sink.room_bytes = room_bytes
        station.flush()
        assert len(sink.received) == len(sink.offered[0]) + room_bytes
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers == [50, 51, 52, 53]

    def test_one_that_takes_a_little_at_a_time_gets_everything_in_the_end(self, station: Station) -> None:
        sink, _ = station.listen(low=True)
        for _ in range(100):
            sink.room_bytes = 61
            station.clock.advance(0.02)
            station.publish()
        sink.unblock()
        station.publish()
        station.clock.settle()
        assert heard(sink).numbers == list(range(50, 151))
        assert station.counters.skips == 0

    def test_behind_by_less_than_the_limit_it_gets_everything(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.block()
        station.broadcast(9.8)
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers == list(range(50, 50 + 490 + 1))
        assert station.counters.skips == 0

    def test_too_far_behind_it_is_moved_to_the_live_edge_and_its_numbers_go_on(
        self, station: Station
    ) -> None:
        sink, _ = station.listen()
        sink.room_bytes = 2 * PAGE_BYTES + 30
        station.broadcast(11)
        sink.unblock()
        station.broadcast(1)
        station.flush()
        numbers = heard(sink).numbers
        skip = next(at for at, number in enumerate(numbers) if number != 50 + at)
        assert numbers[:skip] == [50, 51, 52]
        assert numbers[skip:] == list(range(numbers[skip], 650))
        # It was moved when more than ten seconds were missing, and was at the edge then.
        assert numbers[skip] > 50 + 500
        assert station.counters.skips >= 1

    def test_while_it_stays_blocked_it_is_moved_again_and_again_without_a_hole(
        self, station: Station
    ) -> None:
        sink, listener = station.listen()
        sink.room_bytes = 30
        station.broadcast(19.5)
        assert station.counters.skips == 1
        sink.room_bytes = PAGE_BYTES
        station.broadcast(11)
        sink.unblock()
        station.broadcast(0.5)
        station.flush()
        assert station.counters.skips == 3
        assert listener.open
        assert heard(sink).numbers[-25:] == list(range(station.published - 25, station.published))

    def test_a_moved_listener_is_still_sent_everything_in_one_send(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.room_bytes = 30
        station.broadcast(11)
        sink.unblock()
        station.publish()
        station.flush()
        sends = sink.sends
        for _ in range(5):
            station.publish()
        station.flush()
        assert sink.sends == sends + 1
        assert heard(sink).numbers[-5:] == list(range(station.published - 5, station.published))

    def test_a_moved_listener_that_blocks_again_goes_on_where_it_stopped(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.room_bytes = 30
        station.broadcast(11)
        sink.unblock()
        station.publish()
        station.flush()
        moved_to = len(heard(sink).numbers)
        for room_bytes in (PAGE_BYTES + 3, 0, 10, PAGE_BYTES):
            sink.room_bytes = room_bytes
            station.publish(20)
            station.flush()
        sink.unblock()
        station.publish()
        station.flush()
        assert heard(sink).numbers[moved_to:] == list(range(station.published - 81, station.published))

    def test_others_still_share_their_bytes_when_one_was_moved(self, station: Station) -> None:
        moved, first, second = (station.listen()[0] for _ in range(3))
        moved.room_bytes = 30
        station.broadcast(11)
        moved.unblock()
        station.publish()
        station.flush()
        station.publish()
        station.flush()
        assert first.offered[-1] is second.offered[-1]
        assert moved.offered[-1] != first.offered[-1]

    def test_one_whose_pages_are_gone_from_the_backlog_is_moved_too(self) -> None:
        station = Station(backlog_bytes=10 * PAGE_BYTES)
        station.broadcast(1)
        sink, _ = station.listen()
        sink.room_bytes = 30
        station.broadcast(1)
        sink.unblock()
        station.broadcast(0.2)
        station.flush()
        assert station.counters.skips >= 1
        assert heard(sink).numbers == [50, *range(heard(sink).numbers[1], station.published)]

    @pytest.mark.parametrize("low", [True, False])
    def test_a_burst_larger_than_the_backlog_leaves_no_hole(self, low: bool) -> None:
        """Nobody was slow here: the pages between two passes were more than the backlog holds."""
        station = Station(backlog_bytes=10 * PAGE_BYTES)
        station.broadcast(1)
        sink, _ = station.listen(low=low, preroll_seconds=0.1)
        for _ in range(25):
            station.publish()
        station.flush()
        station.broadcast(0.2)
        station.flush()
        numbers = heard(sink).numbers
        assert numbers[:5] == [45, 46, 47, 48, 49]
        assert numbers[5:] == list(range(numbers[5], station.published))
        assert station.counters.skips == 1

    def test_a_move_that_leaves_nothing_out_is_no_move(self) -> None:
        """The newest page is never left out, even when it alone is longer than the limit."""
        station = Station(limits=FanoutLimits(lag_seconds=0.05))
        sink, _ = station.listen()
        sink.room_bytes = 30
        station.publish(1)
        station.flush()
        station.publish(5)
        station.flush()
        assert station.counters.skips == 0


class TestStalledListeners:
    def test_one_that_takes_nothing_for_too_long_is_closed_and_counted(self, station: Station) -> None:
        sink, listener = station.listen()
        sink.block()
        station.broadcast(19.9)
        assert listener.open
        station.broadcast(0.4)
        assert not listener.open
        assert sink.closed
        assert (station.counters.stalls, station.counters.listeners, station.fanout.count) == (1, 0, 0)
        assert listener.rest == b""

    def test_every_byte_is_progress(self, station: Station) -> None:
        sink, listener = station.listen(low=True)
        sink.block()
        for _ in range(6):
            station.broadcast(15)
            sink.room_bytes = 1
        assert listener.open
        assert station.counters.stalls == 0

    def test_a_stall_touches_nobody_else(self, station: Station) -> None:
        stalled, _ = station.listen()
        quick, _ = station.listen()
        stalled.block()
        station.broadcast(25)
        station.flush()
        assert stalled.closed
        assert heard(quick).numbers == list(range(50, station.published))


class TestTheEnd:
    @pytest.mark.parametrize("low", [True, False])
    def test_each_gets_the_last_page_at_once_and_is_closed(self, station: Station, low: bool) -> None:
        sink, _ = station.listen(low=low, preroll_seconds=0.1)
        station.end()
        assert sink.closed
        assert heard(sink).ended
        assert heard(sink).numbers == [45, 46, 47, 48, 49, 50]
        assert (station.fanout.count, station.counters.listeners) == (0, 0)
        assert station.counters.disconnects == station.counters.stalls == 0

    def test_a_pass_that_was_due_is_not_made_twice(self, station: Station) -> None:
        station.listen()
        station.publish()
        station.end()
        assert station.clock.due == 0

    def test_a_slow_one_may_take_some_seconds_more(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.block()
        station.end()
        station.clock.advance(FINISH_SECONDS - 1)
        assert not sink.closed
        sink.unblock()
        station.flush()
        assert sink.closed
        assert heard(sink).ended

    def test_a_slow_one_is_closed_in_the_end(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.room_bytes = 30
        station.end()
        station.clock.advance(FINISH_SECONDS + FLUSH_SECONDS)
        assert sink.closed
        assert station.fanout.count == 0
        assert station.clock.due == 0

    def test_a_slow_one_keeps_no_quick_one_waiting(self, station: Station) -> None:
        slow, _ = station.listen()
        quick, _ = station.listen()
        slow.block()
        station.end()
        assert quick.closed
        assert not slow.closed

    def test_one_that_leaves_while_its_last_pages_wait_is_let_go(self, station: Station) -> None:
        sink, _ = station.listen()
        sink.block()
        station.end()
        sink.error = ConnectionResetError()
        station.flush()
        assert sink.closed
        assert station.clock.due == 0

    def test_without_listeners_nothing_is_left_to_do(self, station: Station) -> None:
        station.end()
        assert station.clock.due == 0

    def test_waiting_for_a_slow_one_does_not_spin_without_a_flush_interval(self) -> None:
        station = Station(limits=FanoutLimits(flush_interval_seconds=0))
        sink, _ = station.listen()
        sink.block()
        station.end()
        station.clock.advance(FINISH_SECONDS + 1)
        assert sink.closed
        assert station.counters.passes < 1000
