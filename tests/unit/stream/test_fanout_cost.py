"""What listeners cost, by counting: sends, passes, copies, clock readings, work that is done one by one.

Each mechanism of docs/fan-out.md has its guard here. Nothing is timed.
"""

from collections import Counter
from unittest.mock import Mock

import pytest

from audiocast.ogg.crc import crc
from audiocast.stream import muxer
from audiocast.stream.fanout import SLICE_LISTENERS, Fanout
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.station import FLUSH_SECONDS, Station, heard

LISTENERS = 2 * SLICE_LISTENERS + 50
SLICES = 3
SECONDS = 2
PAGES_A_SECOND = 50


def crowd(station: Station, *, low_latency: bool) -> list[FakeSink]:
    """Bring listeners in, and let one pass bring them in step."""
    sinks = [station.listen(low_latency=low_latency)[0] for _ in range(LISTENERS)]
    station.broadcast(FLUSH_SECONDS)
    station.flush()
    return sinks


@pytest.fixture(params=[False, True], ids=["buffered", "low"])
def low_latency(request: pytest.FixtureRequest) -> bool:
    """Which of the two kinds of listeners."""
    return bool(request.param)


def passes_made(station: Station) -> int:
    before = station.counters.passes
    station.broadcast(SECONDS)
    return station.counters.passes - before


def test_a_pass_each_flush_interval_or_each_page(low_latency: bool) -> None:
    station = Station()
    crowd(station, low_latency=low_latency)
    most = PAGES_A_SECOND * SECONDS if low_latency else SECONDS / FLUSH_SECONDS
    assert 0.8 * most <= passes_made(station) <= most


def test_one_send_for_each_listener_and_pass(low_latency: bool) -> None:
    station = Station()
    sinks = crowd(station, low_latency=low_latency)
    before = [sink.sends for sink in sinks]
    passes = passes_made(station)
    assert {sink.sends - sends for sink, sends in zip(sinks, before, strict=True)} == {passes}


def test_one_copy_of_the_bytes_for_all_listeners_of_a_pass(low_latency: bool) -> None:
    station = Station()
    sinks = crowd(station, low_latency=low_latency)
    for sink in sinks:
        sink.offered.clear()
    passes = passes_made(station)
    pieces = Counter(id(data) for sink in sinks for data in sink.offered)
    assert len(pieces) == passes
    assert set(pieces.values()) == {LISTENERS}


def test_a_lone_page_is_not_copied_at_all() -> None:
    station = Station()
    sinks = crowd(station, low_latency=True)
    station.publish()
    station.clock.settle()
    assert {id(sink.offered[-1]) for sink in sinks} == {
        id(station.backlog.page(station.backlog.end - 1).data)
    }


def test_pages_that_come_during_a_pass_do_not_split_it() -> None:
    station = Station()
    sinks = crowd(station, low_latency=True)
    station.publish()
    for _ in range(SLICES):
        # Between two slices.
        station.clock.turn()
        station.publish()
    station.clock.settle()
    for offered in zip(*(sink.offered[-2:] for sink in sinks), strict=True):
        assert len({id(data) for data in offered}) == 1
    assert all(heard(sink).numbers == heard(sinks[0]).numbers for sink in sinks)


def test_checksums_are_computed_once_a_page_whoever_listens(
    low_latency: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station()
    crowd(station, low_latency=low_latency)
    computed = Mock(side_effect=crc)
    monkeypatch.setattr("audiocast.ogg.page.crc", computed)
    monkeypatch.setattr(muxer, "crc", computed)
    station.broadcast(SECONDS)
    assert computed.call_count == PAGES_A_SECOND * SECONDS


def test_nobody_who_keeps_up_is_served_by_himself(low_latency: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    station = Station()
    crowd(station, low_latency=low_latency)
    one_by_one = Mock()
    monkeypatch.setattr(Fanout, "_serve", one_by_one)
    station.broadcast(SECONDS)
    assert one_by_one.call_count == 0


def test_one_slow_listener_costs_the_others_no_send_and_no_copy() -> None:
    station = Station()
    sinks = crowd(station, low_latency=True)
    slow, *quick = sinks
    slow.block()
    for sink in sinks:
        sink.offered.clear()
    passes = passes_made(station)
    assert {sink.sends for sink in quick} == {passes}
    assert len({id(data) for sink in quick for data in sink.offered}) == passes


def test_the_clock_is_read_by_slices_and_not_by_listeners(low_latency: bool) -> None:
    station = Station()
    crowd(station, low_latency=low_latency)
    readings = Mock(side_effect=station.clock.time)
    station.clock.time = readings  # type: ignore[method-assign]
    passes = passes_made(station)
    # The station reads it too, once for each page.
    assert readings.call_count - PAGES_A_SECOND * SECONDS <= (passes + 1) * (SLICES + 3)


def test_a_slice_of_a_pass_is_all_that_a_turn_of_the_loop_does() -> None:
    station = Station()
    sinks = crowd(station, low_latency=True)
    before = sum(sink.sends for sink in sinks)
    station.publish()
    turns = []
    while station.clock.due:
        station.clock.turn()
        after = sum(sink.sends for sink in sinks)
        turns.append(after - before)
        before = after
    assert turns == [SLICE_LISTENERS, SLICE_LISTENERS, 50]


def test_a_crowd_that_has_just_come_waits_for_those_who_listened_already() -> None:
    station = Station()
    sinks = crowd(station, low_latency=True)[:SLICE_LISTENERS]
    new = [station.listen(low_latency=True)[0] for _ in range(LISTENERS)]
    before = sum(sink.sends for sink in (*sinks, *new))
    station.publish()
    station.clock.turn()
    assert sum(sink.sends for sink in (*sinks, *new)) - before == SLICE_LISTENERS
    assert {len(sink.offered) for sink in new} == {1}


def test_a_crowd_is_in_step_after_one_pass_whatever_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    station = Station()
    sinks = [station.listen(low_latency=True)[0] for _ in range(LISTENERS)]
    station.publish()
    for _ in range(SLICES):
        station.clock.turn()
        station.publish()
    one_by_one = Mock()
    monkeypatch.setattr(Fanout, "_serve", one_by_one)
    station.clock.settle()
    assert one_by_one.call_count == 0
    assert all(heard(sink).numbers == list(range(1 + SLICES)) for sink in sinks)
