"""Leaving: streams first, then listeners one after the other, encoders last, and back if it is undone."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.drain import NOTICE_SECONDS, Drain, DrainState, Progress
from audiocast.cluster.node import Node
from audiocast.stream.errors import SourceError
from tests.support.clock.jumping_loop import run

REPORT_SECONDS = 5.0
TICK_SECONDS = 0.1


class FakeHub:
    """One stream with so many listeners."""

    def __init__(self, node: "FakeNode", listeners: int) -> None:
        self._node = node
        self.listeners = listeners

    def close_listeners(self, count: int) -> int:
        assert count >= 0
        count = min(count, self.listeners)
        self.listeners -= count
        self._node.counters.listeners -= count
        self._node.gone["listener"] += [asyncio.get_running_loop().time()] * count
        return count


class FakeNode:
    """Has so many listeners and encoders, and notes when each of them was let go.

    Args:
        listeners: Of each stream.
        connected_sources: Encoders.
        owned: Streams that it owns until `owned_until`.
        streams: Streams with listeners.
        announce_seconds: How long the others take to answer.
    """

    def __init__(
        self,
        *,
        listeners: int = 0,
        connected_sources: int = 0,
        owned: int = 0,
        streams: int = 1,
        announce_seconds: float = 0.0,
    ) -> None:
        self.hubs = [FakeHub(self, listeners) for _ in range(streams)]
        self.announce_seconds = announce_seconds
        self.counters = SimpleNamespace(listeners=listeners * streams)
        self.connected_sources = connected_sources
        self.said: list[str] = []
        self.covers = SimpleNamespace(hand_over=self._hand_over_covers)
        self.gone: dict[str, list[float]] = {"listener": [], "source": []}
        self._owned = dict.fromkeys(map(str, range(owned)), "1-1")
        self.owned_until = 0.0

    @property
    def streams(self) -> "FakeNode":
        return self

    def __iter__(self) -> Iterator["FakeHub"]:
        return iter(self.hubs)

    def owned_streams(self) -> dict[str, str]:
        return self._owned if asyncio.get_running_loop().time() < self.owned_until else {}

    def hand_over(self) -> None:
        self.said.append("give away")

    def rejoin(self) -> None:
        self.said.append("come back")

    async def _hand_over_covers(self, drain_seconds: float) -> None:
        assert self.said[-1] == "announce", "others know by then to whom the streams go"

    async def announce(self) -> None:
        self.said.append("announce")
        await asyncio.sleep(self.announce_seconds)

    def dismiss_sources(self, error: SourceError, count: int) -> None:
        assert error.code == "shutting_down"
        self.connected_sources -= min(count, self.connected_sources)
        self.gone["source"] += [asyncio.get_running_loop().time()] * count


def drain_of(node: FakeNode, seconds: float, changes: list[bool]) -> Drain:
    return Drain(cast(Node, node), seconds=seconds, on_change=changes.append)


async def over(drain: Drain) -> None:
    """Return when a drain is over, long before a day has passed."""
    await asyncio.wait_for(drain.done.wait(), 86_400)


def test_listeners_go_one_after_the_other_and_within_the_time() -> None:
    async def test() -> None:
        node, changes = FakeNode(listeners=1000), list[bool]()
        drain = drain_of(node, 20, changes)
        began_at = asyncio.get_running_loop().time()
        drain.start()
        drain.start()
        await over(drain)
        assert (node.said, changes) == (["give away", "announce"], [True])
        assert len(node.gone["listener"]) == 1000
        ticks = [node.gone["listener"].count(at) for at in sorted(set(node.gone["listener"]))]
        assert max(ticks) <= 1000 / (20 / TICK_SECONDS / 2) + 1, "nobody is to meet a storm"
        assert node.gone["listener"][-1] - began_at <= 20

    run(test())


def test_encoders_have_half_of_the_time_to_go_by_themselves() -> None:
    async def test() -> None:
        node = FakeNode(listeners=10, connected_sources=4)
        drain = drain_of(node, 20, [])
        began_at = asyncio.get_running_loop().time()
        drain.start()
        await over(drain)
        gone = node.gone["source"]
        assert len(gone) == 4
        assert gone[0] - began_at >= 10
        assert len(set(gone)) == 4, "one after the other"

    run(test())


def test_streams_go_before_listeners_but_are_not_waited_for_without_end() -> None:
    async def test() -> None:
        for moves_in_seconds, waits_seconds in ((1.0, 1.0), (1000.0, 3.0)):
            node = FakeNode(listeners=5, owned=2)
            began_at = asyncio.get_running_loop().time()
            node.owned_until = began_at + moves_in_seconds
            drain = drain_of(node, 20, [])
            drain.start()
            await over(drain)
            waited_seconds = node.gone["listener"][0] - began_at
            assert waits_seconds <= waited_seconds <= waits_seconds + 2 * TICK_SECONDS

    run(test())


def test_whoever_stays_is_left_when_the_time_is_over() -> None:
    async def test() -> None:
        node = FakeNode(listeners=3)
        node.hubs[0].close_listeners = lambda count: 0  # type: ignore[method-assign]
        drain = drain_of(node, 5, [])
        began_at = asyncio.get_running_loop().time()
        drain.start()
        await over(drain)
        assert 5 <= asyncio.get_running_loop().time() - began_at < 5 + 2 * TICK_SECONDS

    run(test())


def test_how_far_it_is_can_be_seen_and_is_logged() -> None:
    async def test() -> None:
        node = FakeNode(listeners=1000, connected_sources=2)
        drain = drain_of(node, 20, [])
        assert drain.progress == Progress(DrainState.NO, 1000, 2, 0.0)
        drain.start()
        assert drain.progress == Progress(DrainState.DRAINING, 1000, 2, 20.0)
        await asyncio.sleep(REPORT_SECONDS + 1)
        seen = drain.progress
        assert (seen.state, seen.seconds_left) == (DrainState.DRAINING, 14.0)
        assert 0 < seen.listeners_left < 1000
        assert seen.sources_left == 2
        await over(drain)
        assert drain.progress == Progress(DrainState.DONE, 0, 0, 0.0)

    with capture_logs() as events:
        run(test())
    assert [event["event"] for event in events][0 :: len(events) - 1] == ["drain_began", "drain_done"]
    reports = [event for event in events if event["event"] == "draining"]
    assert len(reports) >= 2
    for before, after in pairwise(reports):
        assert before["listeners"] > after["listeners"]
        assert before["seconds_left"] > after["seconds_left"]


def test_it_can_be_undone_and_begun_again() -> None:
    async def test() -> None:
        node, changes = FakeNode(listeners=100), list[bool]()
        drain = drain_of(node, 20, changes)
        drain.start()
        await asyncio.sleep(2)
        drain.undo()
        stayed = node.counters.listeners
        assert 0 < stayed < 100
        await asyncio.sleep(60)
        assert (node.counters.listeners, drain.done.is_set()) == (stayed, False)
        assert drain.progress == Progress(DrainState.NO, stayed, 0, 0.0)
        drain.undo()
        drain.start()
        await over(drain)
        assert (node.counters.listeners, changes) == (0, [True, False, True])

    run(test())


def test_reports_come_every_few_seconds() -> None:
    async def test() -> None:
        drain = drain_of(FakeNode(listeners=10_000), 20, [])
        drain.start()
        await over(drain)

    with capture_logs() as events:
        run(test())
    left_seconds = [event["seconds_left"] for event in events if event["event"] == "draining"]
    assert left_seconds[0] == 15
    for before, after in pairwise(left_seconds):
        assert 5.0 <= round(before - after, 1) <= 5.1


def test_listeners_of_all_streams_go_and_no_more_at_a_time_than_of_one() -> None:
    async def test() -> None:
        node = FakeNode(listeners=100, streams=10)
        drain = drain_of(node, 20, [])
        drain.start()
        await over(drain)
        times = node.gone["listener"]
        assert [hub.listeners for hub in node.hubs] == [0] * 10
        assert max(times.count(at) for at in set(times)) <= 1000 / (20 / 0.1 / 2) + 1
        assert len(set(times)) > 90, "ten times a second"

    run(test())


def test_half_of_what_is_left_goes_in_each_part_of_the_time_so_that_the_end_is_quiet() -> None:
    async def test() -> None:
        node = FakeNode(listeners=10_000)
        drain = drain_of(node, 20, [])
        drain.start()
        await asyncio.sleep(10)
        # At twice the rate that would just do: the slope is steepest at the beginning.
        assert node.counters.listeners == pytest.approx(2500, rel=0.05)
        await over(drain)
        assert node.counters.listeners == 0

    run(test())


@pytest.mark.parametrize("listeners", [1, 2, 10])
def test_a_drain_that_has_a_moment_only_closes_everybody(listeners: int) -> None:
    async def test() -> None:
        node = FakeNode(listeners=listeners, connected_sources=3)
        drain = drain_of(node, 0.1, [])
        began_at = asyncio.get_running_loop().time()
        drain.start()
        await over(drain)
        assert node.counters.listeners == 0
        assert asyncio.get_running_loop().time() - began_at <= 0.2

    run(test())


def test_the_last_listener_goes_at_once_and_the_drain_is_over() -> None:
    async def test() -> None:
        node = FakeNode(listeners=1)
        began_at = asyncio.get_running_loop().time()
        drain = drain_of(node, 20, [])
        drain.start()
        await over(drain)
        assert asyncio.get_running_loop().time() - began_at <= 2 * TICK_SECONDS

    run(test())


def test_a_member_that_nobody_is_connected_to_is_drained_when_its_streams_have_moved() -> None:
    async def test() -> None:
        node = FakeNode(owned=1)
        began_at = asyncio.get_running_loop().time()
        node.owned_until = began_at + 1
        drain = drain_of(node, 20, [])
        drain.start()
        await over(drain)
        assert 1 <= asyncio.get_running_loop().time() - began_at <= 1 + 2 * TICK_SECONDS

    run(test())


def test_encoders_alone_are_waited_for_and_closed_in_the_second_half() -> None:
    async def test() -> None:
        node = FakeNode(connected_sources=2)
        drain = drain_of(node, 20, [])
        began_at = asyncio.get_running_loop().time()
        drain.start()
        await over(drain)
        first, second = node.gone["source"]
        assert 10 <= first - began_at < 10.2
        assert second - began_at <= 20

    run(test())


def test_streams_that_do_not_move_cannot_make_it_longer() -> None:
    async def test() -> None:
        node = FakeNode(listeners=1, owned=1)
        began_at = asyncio.get_running_loop().time()
        node.owned_until = began_at + 1000
        drain = drain_of(node, 1, [])
        drain.start()
        await over(drain)
        assert 1 <= asyncio.get_running_loop().time() - began_at <= 1 + 2 * TICK_SECONDS

    run(test())


def test_the_time_that_is_left_is_in_tenths_and_never_below_zero() -> None:
    async def test() -> None:
        drain = drain_of(FakeNode(listeners=1, announce_seconds=60), 20, [])
        drain.start()
        await asyncio.sleep(4.96)
        assert drain.progress.seconds_left == 15.0
        await asyncio.sleep(30)
        assert drain.progress == Progress(DrainState.DRAINING, 1, 0, 0.0)
        await over(drain)

    run(test())


def test_one_that_is_over_can_be_undone_too() -> None:
    async def test() -> None:
        node, changes = FakeNode(listeners=1), list[bool]()
        drain = drain_of(node, 20, changes)
        drain.undo()
        assert changes == [], "there is nothing to undo"
        drain.start()
        await over(drain)
        drain.undo()
        assert drain.progress == Progress(DrainState.NO, 0, 0, 0.0)
        assert (node.said, changes) == (["give away", "announce", "come back"], [True, False])
        drain.start()
        await over(drain)
        assert changes == [True, False, True]

    run(test())


@pytest.mark.parametrize(("seconds", "notice"), [(60, 5), (4, 2)])
def test_balancers_know_before_the_first_is_let_go(seconds: float, notice: float) -> None:
    async def test() -> None:
        node, changes = FakeNode(listeners=10, connected_sources=1), list[bool]()
        drain = drain_of(node, seconds, changes)
        began_at = asyncio.get_running_loop().time()
        drain.start(notice_seconds=NOTICE_SECONDS)
        assert changes == [True], "it is not ready at once"
        await over(drain)
        first, last = node.gone["listener"][0] - began_at, node.gone["listener"][-1] - began_at
        assert notice <= first
        assert last <= seconds
        assert (len(node.gone["listener"]), len(node.gone["source"])) == (10, 1)

    run(test())


def test_a_member_without_people_waits_too_for_whom_balancers_send_meanwhile() -> None:
    async def test() -> None:
        drain = drain_of(FakeNode(), 60, [])
        began_at = asyncio.get_running_loop().time()
        drain.start(notice_seconds=NOTICE_SECONDS)
        await over(drain)
        assert NOTICE_SECONDS <= asyncio.get_running_loop().time() - began_at < NOTICE_SECONDS + 1

    run(test())


class BalancedNode(FakeNode):
    """Its listeners come back by a balancer, which sends them here for as long as it does not know.

    Args:
        listeners: How many there are.
        knows_after_seconds: When the balancer sends nobody here any more, from now on.
    """

    def __init__(self, *, listeners: int, knows_after_seconds: float) -> None:
        super().__init__(listeners=listeners)
        self.knows_at = asyncio.get_running_loop().time() + knows_after_seconds
        self.cuts = [0] * listeners
        self.here = list(range(listeners))
        [hub] = self.hubs
        hub.close_listeners = self.close  # type: ignore[method-assign]

    def close(self, count: int) -> int:
        gone, self.here = self.here[:count], self.here[count:]
        for each in gone:
            self.cuts[each] += 1
        if asyncio.get_running_loop().time() < self.knows_at:
            self.here += gone
        self.counters.listeners = len(self.here)
        return len(gone)


# A readiness probe every two seconds, and a second and a half until every node knows.
@pytest.mark.parametrize(("notice_seconds", "most_cuts"), [(NOTICE_SECONDS, 1), (0.0, 2)])
def test_nobody_is_cut_twice_by_one_drain(notice_seconds: float, most_cuts: int) -> None:
    async def test() -> None:
        node = BalancedNode(listeners=30, knows_after_seconds=3.5)
        drain = drain_of(node, 20, [])
        drain.start(notice_seconds=notice_seconds)
        await over(drain)
        assert node.here == []
        if most_cuts == 1:
            assert node.cuts == [1] * 30
        else:
            # What the notice is for.
            assert max(node.cuts) >= most_cuts

    run(test())
