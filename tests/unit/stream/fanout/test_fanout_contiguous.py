"""The fan-out's promise as a property: whatever sockets, pages and clock do, nobody ever gets a hole.

A state machine of listeners that join, block, take a few bytes and go; of arrivals of all sizes; of a small
backlog and tight limits, so that moves to the edge and evicted pages are common.
"""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.fanout.listener import Listener
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.fanout.fanout_harness import HTTP_HEAD, FanoutHarness, heard

FINISH_SECONDS = 5.0

LAG_SECONDS = 0.4
STALL_SECONDS = 3.0

Guest = tuple[FakeSink, Listener]


def has_pages(sink: FakeSink, harness: FanoutHarness) -> bool:
    """Tell whether the head has come whole."""
    return len(sink.received) >= len(HTTP_HEAD + harness.muxer.header_pages)


class Evening(RuleBasedStateMachine):
    guests = Bundle("guests")

    @initialize(
        backlog_bytes=st.integers(300, 20_000),
        flush_seconds=st.sampled_from([0.0, 0.05, 0.1, 1.0]),
    )
    def begin(self, backlog_bytes: int, flush_seconds: float) -> None:
        self.everyone: list[Guest] = []
        self.ended = False
        self.harness = FanoutHarness(
            backlog_seconds=1.0,
            backlog_bytes=backlog_bytes,
            limits=FanoutLimits(flush_seconds, LAG_SECONDS, STALL_SECONDS),
        )

    @rule(
        target=guests,
        preroll_seconds=st.floats(0, 2),
        aim_seconds=st.sampled_from([0.02, LOW, 0.3, math.inf]),
        room_bytes=st.integers(0, 3_000),
    )
    def join(self, preroll_seconds: float, aim_seconds: float, room_bytes: int) -> Guest:
        sink = FakeSink(room_bytes)
        head = HTTP_HEAD + self.harness.muxer.header_pages
        listener = self.harness.fanout.join(
            sink, head, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds
        )
        self.everyone.append((sink, listener))
        return sink, listener

    @rule(packets=st.integers(1, 30), size_bytes=st.sampled_from([5, 40, 254, 255, 256, 600]))
    def publish(self, packets: int, size_bytes: int) -> None:
        self.harness.publish(packets, size_bytes=size_bytes)

    @rule(guest=guests, room_bytes=st.integers(0, 2_000))
    def take_some(self, guest: Guest, room_bytes: int) -> None:
        guest[0].room_bytes = room_bytes

    @rule(guest=guests)
    def take_all(self, guest: Guest) -> None:
        guest[0].unblock()

    @rule(guest=guests)
    def go(self, guest: Guest) -> None:
        guest[0].error = ConnectionResetError()

    @rule(seconds=st.sampled_from([0.001, 0.02, 0.1, 0.5, 1.0]))
    def wait(self, seconds: float) -> None:
        self.harness.clock.advance(seconds)

    @rule()
    def turn(self) -> None:
        self.harness.clock.turn()

    @invariant()
    def nobody_has_a_hole(self) -> None:
        for sink, _ in self.everyone:
            numbers = heard(sink).numbers if has_pages(sink, self.harness) else []
            assert numbers == sorted(set(numbers)), "each packet once, in order"
            assert not numbers or numbers[-1] < self.harness.published, "nothing that was not published"

    @invariant()
    def the_open_are_counted(self) -> None:
        is_open = sum(listener.is_open for _, listener in self.everyone)
        assert self.harness.fanout.count == self.harness.counters.listeners == is_open
        assert all(sink.closed is not listener.is_open for sink, listener in self.everyone)

    @invariant()
    def without_a_move_nothing_is_left_out(self) -> None:
        for sink, listener in self.everyone:
            if listener.skipped_pages == 0 and has_pages(sink, self.harness):
                numbers = heard(sink).numbers
                assert not numbers or numbers == list(range(numbers[0], numbers[-1] + 1))

    def teardown(self) -> None:
        if not hasattr(self, "harness"):
            return
        harness = self.harness
        for sink, _ in self.everyone:
            sink.unblock()
        harness.publish()
        harness.clock.advance(2)
        ready = [sink for sink, listener in self.everyone if listener.is_open]
        assert all(heard(sink).numbers[-1] == harness.published - 1 for sink in ready)
        for sink in ready[::2]:
            sink.block()
        harness.end()
        harness.clock.advance(FINISH_SECONDS + 2)
        assert harness.fanout.count == 0
        assert harness.clock.due == 0
        assert all(heard(sink).ended for sink in ready[1::2] if sink.error is None)


Evening.TestCase.settings = settings(max_examples=100, stateful_step_count=40, report_multiple_bugs=False)
TestEvening = pytest.mark.usefixtures("untraced")(Evening.TestCase)
