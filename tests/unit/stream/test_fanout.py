"""The fan-out: who is sent what and when. What it costs is counted in `test_fanout_cost`."""

import pytest

from audiocast.stream.fanout import FINISH_SECONDS, SLICE_LISTENERS, FanoutLimits
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.station import FLUSH_SECONDS, HTTP_HEAD, Station, heard


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
        assert sink.received == HTTP_HEAD + station.muxer.header_pages

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
        station.listen(low_latency=True)
        assert station.fanout.count == station.counters.listeners == station.counters.joins == 2

    def test_one_that_is_gone_already_is_not_kept(self, station: Station) -> None:
        sink = FakeSink()
        sink.error = ConnectionResetError()
        listener = station.fanout.join(sink, b"head", preroll_seconds=1, low_latency=False)
        assert not listener.is_open
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
        head_bytes = len(HTTP_HEAD + station.muxer.header_pages)
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
        sink, _ = station.listen(low_latency=True)
        for number in range(50, 60):
            station.publish()
            station.clock.settle()
            assert heard(sink).numbers[-1] == number
            station.clock.advance(0.02)
        assert sink.sends == 1 + 10

    def test_nothing_is_sent_from_within_publish(self, station: Station) -> None:
        sink, _ = station.listen(low_latency=True)
        station.publish()
        assert sink.sends == 1

    def test_pages_that_arrive_together_are_one_send_even_with_low_latency(self, station: Station) -> None:
        sink, _ = station.listen(low_latency=True)
        station.publish(25)
        station.publish(25)
        station.clock.settle()
        assert sink.sends == 2
        assert heard(sink).numbers == list(range(50, 100))

    def test_low_latency_listeners_do_not_make_the_others_dearer(self, station: Station) -> None:
        buffered, _ = station.listen()
        low_latency, _ = station.listen(low_latency=True)
        station.broadcast(1.2)
        station.flush()
        assert low_latency.sends == 1 + 60
        assert buffered.sends <= 1 + 1.2 / 0.1 + 1
        assert heard(low_latency).numbers == heard(buffered).numbers

    def test_nothing_runs_while_nothing_new_is_there(self, station: Station) -> None:
        station.listen()
        station.listen(low_latency=True)
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
        assert not listener.is_open
        assert gone.sends == 2
        assert (station.fanout.count, station.counters.listeners, station.counters.disconnects) == (1, 1, 1)
        assert heard(stays).numbers == list(range(50, 100))

    @pytest.mark.parametrize("error", [BrokenPipeError(), ConnectionResetError(), TimeoutError()])
    def test_so_is_one_that_has_kept_up_so_far(self, station: Station, error: OSError) -> None:
        gone, _ = station.listen()
        stays, _ = station.listen()
        station.broadcast(1)
        station.flush()
        gone.error, sends = error, gone.sends
        station.broadcast(1)
        station.flush()
        assert (gone.closed, gone.sends) == (True, sends + 1)
        assert (station.fanout.count, station.counters.listeners, station.counters.disconnects) == (1, 1, 1)
        assert heard(stays).numbers == list(range(50, 150))

    def test_all_bytes_that_sockets_took_are_counted(self, station: Station) -> None:
        sinks = [station.listen(preroll_seconds=1)[0], station.listen(low_latency=True, room_bytes=100)[0]]
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
        return [station.listen(low_latency=True)[0] for _ in range(self.LISTENERS)]

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
        late, _ = station.listen(low_latency=True, preroll_seconds=0.1)
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


class TestTheEnd:
    @pytest.mark.parametrize("low_latency", [True, False])
    def test_each_gets_the_last_page_at_once_and_is_closed(self, station: Station, low_latency: bool) -> None:
        sink, _ = station.listen(low_latency=low_latency, preroll_seconds=0.1)
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


class TestLettingGo:
    @pytest.fixture
    def sinks(self, station: Station) -> list[FakeSink]:
        """Give three in step and one that has come just now."""
        in_step = [station.listen()[0] for _ in range(3)]
        station.publish()
        station.flush()
        return [*in_step, station.listen()[0]]

    def test_so_many_are_closed_as_were_asked_for(self, station: Station, sinks: list[FakeSink]) -> None:
        assert station.fanout.close_listeners(2) == 2
        assert sum(sink.closed for sink in sinks) == station.fanout.count == 2
        assert station.fanout.close_listeners(9) == 2
        assert station.fanout.close_listeners(9) == station.fanout.count == 0

    def test_the_others_are_sent_what_comes(self, station: Station, sinks: list[FakeSink]) -> None:
        station.fanout.close_listeners(2)
        station.publish()
        station.flush()
        left = [sink for sink in sinks if not sink.closed]
        assert all(heard(sink).numbers[-1] == 51 for sink in left)
        assert station.counters.disconnects == 0

    def test_nobody_is_let_go_in_the_middle_of_a_page(self, station: Station, sinks: list[FakeSink]) -> None:
        sinks[0].room_bytes = 10
        station.publish()
        station.flush()
        assert station.fanout.close_listeners(9) == 3
        assert [sink.closed for sink in sinks] == [False, True, True, True]

    def test_in_the_middle_of_a_pass_nobody_is_closed_twice(self) -> None:
        station = Station()
        sinks = [station.listen(low_latency=True)[0] for _ in range(2 * SLICE_LISTENERS)]
        station.publish()
        station.clock.settle()
        station.publish()
        station.clock.turn()
        assert station.fanout.close_listeners(len(sinks)) == len(sinks)
        station.publish()
        station.clock.settle()
        assert station.fanout.count == station.counters.listeners == 0
