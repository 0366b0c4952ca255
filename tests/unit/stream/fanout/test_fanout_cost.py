"""What listeners cost, by counting: sends, passes, copies, clock readings, work that is done one by one.

Each mechanism of docs/fan-out.md has its guard here. Nothing is timed.
"""

import math
from collections import Counter
from unittest.mock import Mock

import pytest

from audiocast.ogg.crc import crc, crc_field
from audiocast.stream import muxer
from audiocast.stream.audience.listen import Listen
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.fanout.fanout_harness import FLUSH_SECONDS, FanoutHarness, heard

SLICE_LISTENERS = 250
LISTENERS = 2 * SLICE_LISTENERS + 50
SLICES = 3
SECONDS = 2
PAGES_A_SECOND = 50


def crowd(harness: FanoutHarness, *, aim_seconds: float) -> list[FakeSink]:
    """Bring listeners in, and let one pass bring them in step."""
    sinks = [harness.listen(aim_seconds=aim_seconds)[0] for _ in range(LISTENERS)]
    harness.broadcast(FLUSH_SECONDS)
    harness.flush()
    return sinks


@pytest.fixture(params=[math.inf, LOW], ids=["buffered", "low"])
def aim_seconds(request: pytest.FixtureRequest) -> float:
    """Which of the two kinds of listeners."""
    return float(request.param)


def passes_made(harness: FanoutHarness) -> int:
    before = harness.counters.passes
    harness.broadcast(SECONDS)
    return harness.counters.passes - before


def test_a_listen_costs_nothing_between_its_begin_and_its_end(aim_seconds: float) -> None:
    harness = FanoutHarness()
    listens = [Mock(spec=Listen, unheard_bytes=0) for _ in range(10)]
    for listen in listens:
        harness.fanout.join(FakeSink(), b"head", preroll_seconds=0, aim_seconds=aim_seconds, listen=listen)
    began = [list(listen.method_calls) for listen in listens]
    harness.broadcast(SECONDS)
    assert [list(listen.method_calls) for listen in listens] == began
    assert harness.fanout.close_listeners(10) == 10
    assert [[name for name, *_ in listen.method_calls] for listen in listens] == [["start", "finish"]] * 10


def test_a_pass_each_flush_interval_or_each_page(aim_seconds: float) -> None:
    harness = FanoutHarness()
    crowd(harness, aim_seconds=aim_seconds)
    most = PAGES_A_SECOND * SECONDS if aim_seconds == LOW else SECONDS / FLUSH_SECONDS
    assert 0.8 * most <= passes_made(harness) <= most


def test_one_send_for_each_listener_and_pass(aim_seconds: float) -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=aim_seconds)
    before = [sink.sends for sink in sinks]
    passes = passes_made(harness)
    assert {sink.sends - sends for sink, sends in zip(sinks, before, strict=True)} == {passes}


def test_one_copy_of_the_bytes_for_all_listeners_of_a_pass(aim_seconds: float) -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=aim_seconds)
    for sink in sinks:
        sink.offered.clear()
    passes = passes_made(harness)
    pieces = Counter(id(data) for sink in sinks for data in sink.offered)
    assert len(pieces) == passes
    assert set(pieces.values()) == {LISTENERS}


def test_a_lone_page_is_not_copied_at_all() -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=LOW)
    harness.publish()
    harness.clock.settle()
    assert {id(sink.offered[-1]) for sink in sinks} == {
        id(harness.backlog.page(harness.backlog.end - 1).data)
    }


def test_pages_that_come_during_a_pass_go_out_with_the_slices_that_follow() -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=LOW)
    slices = [sinks[first : first + SLICE_LISTENERS] for first in range(0, LISTENERS, SLICE_LISTENERS)]
    before, published = [sink.sends for sink in sinks], harness.published
    for _ in range(SLICES):
        # Between two slices.
        harness.publish()
        harness.clock.turn()
    assert [sink.sends - sends for sink, sends in zip(sinks, before, strict=True)] == [1] * LISTENERS
    for number, members in enumerate(slices, start=1):
        assert len({id(sink.offered[-1]) for sink in members}) == 1
        assert heard(members[0]).numbers[published:] == list(range(published, published + number))
    harness.clock.settle()
    assert all(heard(sink).numbers == heard(sinks[0]).numbers for sink in sinks)


def test_checksums_are_computed_once_a_page_whoever_listens(
    aim_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = FanoutHarness()
    crowd(harness, aim_seconds=aim_seconds)
    computed, renumbered = Mock(side_effect=crc_field), Mock(side_effect=crc)
    monkeypatch.setattr("audiocast.ogg.page.crc_field", computed)
    monkeypatch.setattr(muxer, "crc", renumbered)
    harness.broadcast(SECONDS)
    assert (computed.call_count, renumbered.call_count) == (PAGES_A_SECOND * SECONDS, 0)


def test_nobody_who_keeps_up_is_served_by_himself(
    aim_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = FanoutHarness()
    crowd(harness, aim_seconds=aim_seconds)
    one_by_one = Mock()
    monkeypatch.setattr(Fanout, "_serve", one_by_one)
    harness.broadcast(SECONDS)
    assert one_by_one.call_count == 0


def test_one_slow_listener_costs_the_others_no_send_and_no_copy() -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=LOW)
    slow, *quick = sinks
    slow.block()
    for sink in sinks:
        sink.offered.clear()
    passes = passes_made(harness)
    assert {sink.sends for sink in quick} == {passes}
    assert len({id(data) for sink in quick for data in sink.offered}) == passes


def test_the_clock_is_read_by_slices_and_not_by_listeners(aim_seconds: float) -> None:
    harness = FanoutHarness()
    crowd(harness, aim_seconds=aim_seconds)
    readings = Mock(side_effect=harness.clock.time)
    harness.clock.time = readings  # type: ignore[method-assign]
    passes = passes_made(harness)
    # The harness reads it once for each page, and so does the fan-out.
    assert readings.call_count - 2 * PAGES_A_SECOND * SECONDS <= (passes + 1) * (2 * SLICES + 3)


def test_a_timer_for_each_pass_and_not_for_each_page(aim_seconds: float) -> None:
    harness = FanoutHarness()
    crowd(harness, aim_seconds=aim_seconds)
    timers = Mock(side_effect=harness.clock.call_at)
    harness.clock.call_at = timers  # type: ignore[method-assign]
    passes = passes_made(harness)
    assert timers.call_count <= (0 if aim_seconds == LOW else passes + 1)


def test_a_slice_of_a_pass_is_all_that_a_turn_of_the_loop_does() -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=LOW)
    before = sum(sink.sends for sink in sinks)
    harness.publish()
    turns = []
    while harness.clock.due:
        harness.clock.turn()
        after = sum(sink.sends for sink in sinks)
        turns.append(after - before)
        before = after
    assert turns == [SLICE_LISTENERS, SLICE_LISTENERS, 50]


def test_a_crowd_that_has_just_come_waits_for_those_who_listened_already() -> None:
    harness = FanoutHarness()
    sinks = crowd(harness, aim_seconds=LOW)[:SLICE_LISTENERS]
    new = [harness.listen(aim_seconds=LOW)[0] for _ in range(LISTENERS)]
    before = sum(sink.sends for sink in (*sinks, *new))
    harness.publish()
    harness.clock.turn()
    assert sum(sink.sends for sink in (*sinks, *new)) - before == SLICE_LISTENERS
    assert {len(sink.offered) for sink in new} == {1}


def test_a_crowd_is_in_step_after_one_pass_whatever_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = FanoutHarness()
    sinks = [harness.listen(aim_seconds=LOW)[0] for _ in range(LISTENERS)]
    harness.publish()
    for _ in range(SLICES):
        harness.clock.turn()
        harness.publish()
    one_by_one = Mock()
    monkeypatch.setattr(Fanout, "_serve", one_by_one)
    harness.clock.settle()
    assert one_by_one.call_count == 0
    assert all(heard(sink).numbers == list(range(1 + SLICES)) for sink in sinks)
