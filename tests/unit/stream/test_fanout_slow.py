"""What one listener is sent, by counting: slow ones, stalled ones, and those that were moved ahead.

A station is a whole fan-out: what a listener gets is seen at its socket.
"""

import pytest

from audiocast.stream.fanout import FanoutLimits
from tests.unit.stream.station import Station, heard

PAGE_BYTES = 27 + 1 + 40
"""A page with one packet of 40 bytes."""


@pytest.fixture
def station() -> Station:
    """Give a station on the air: one second of backlog, no listener."""
    station = Station()
    station.broadcast(1)
    return station


class TestSlowListeners:
    def test_a_blocked_listener_costs_one_send_of_at_most_a_page_in_a_pass(self, station: Station) -> None:
        sink, _ = station.listen(low_latency=True)
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
        assert len(listener.unsent) == PAGE_BYTES

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
        sink, _ = station.listen(low_latency=True)
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
        assert listener.is_open
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

    @pytest.mark.parametrize("low_latency", [True, False])
    def test_a_burst_larger_than_the_backlog_leaves_no_hole(self, low_latency: bool) -> None:
        """Nobody was slow here: the pages between two passes were more than the backlog holds."""
        station = Station(backlog_bytes=10 * PAGE_BYTES)
        station.broadcast(1)
        sink, _ = station.listen(low_latency=low_latency, preroll_seconds=0.1)
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
        assert listener.is_open
        station.broadcast(0.4)
        assert not listener.is_open
        assert sink.closed
        assert (station.counters.stalls, station.counters.listeners, station.fanout.count) == (1, 0, 0)
        assert listener.unsent == b""

    def test_every_byte_is_progress(self, station: Station) -> None:
        sink, listener = station.listen(low_latency=True)
        sink.block()
        for _ in range(6):
            station.broadcast(15)
            sink.room_bytes = 1
        assert listener.is_open
        assert station.counters.stalls == 0

    def test_a_stall_touches_nobody_else(self, station: Station) -> None:
        stalled, _ = station.listen()
        quick, _ = station.listen()
        stalled.block()
        station.broadcast(25)
        station.flush()
        assert stalled.closed
        assert heard(quick).numbers == list(range(50, station.published))
