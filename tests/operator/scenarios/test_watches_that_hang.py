"""An API server that hangs: it takes a watch and answers nothing, or begins an answer and never ends it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from audiocast_operator.app import Operator
from audiocast_operator.clients import watcher as kopf_watcher
from audiocast_operator.clients.watcher import KopfWatcher
from audiocast_operator.reconcile.watches import FAILURES_TO_TELL, Watches
from audiocast_operator.settings import OperatorSettings
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, still_cluster
from tests.operator.simulated.faults import HANGS_AT_ONCE, HANGS_LATER, Fault
from tests.operator.simulated.workloads import wait_until

FOREVER = 1_000
SECONDS = 20.0


@pytest.fixture
async def still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedCluster]:
    # Of 30, 300 and 40 seconds.
    monkeypatch.setattr(kopf_watcher, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(kopf_watcher, "WATCH_SECONDS", 1)
    monkeypatch.setattr(kopf_watcher, "LATE_SECONDS", 0.5)
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        yield cluster


class Watching:
    """Watches that count how often they were begun anew, beside an operator that does what it is told to.

    Args:
        cluster: Where they are.
        environment: Gives the watches to the operator.
    """

    def __init__(self, cluster: SimulatedCluster, environment: pytest.MonkeyPatch) -> None:
        self._cluster = cluster
        self._watcher = KopfWatcher()
        self.woken = 0
        self.delays: list[float] = []
        self.watches = Watches(
            self._watcher, namespace=NAMESPACE, reconcile=self._wake, sleep=self._note_delay
        )
        self.operator = Operator(OperatorSettings())
        environment.setattr(self.operator, "watches", self.watches)

    async def __aenter__(self) -> "Watching":
        self._running = asyncio.create_task(self.watches.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._cluster.api.faults.clear()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._watcher.close()
        await self.operator.close()

    async def step(self) -> None:
        """Let the timer tick once."""
        await asyncio.gather(*await self.operator.timer.tick())
        await self._cluster.workloads.settle()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition, while they watch."""
        await wait_until(lambda: self._running.done() or holds(), SECONDS)
        assert not self._running.done()

    async def until_told(self, holds: Callable[[str], bool]) -> None:
        """Let the timer tick until the conditions say so; an answer of the API that was late is told, too."""
        deadline = asyncio.get_running_loop().time() + SECONDS
        while not holds(told := str(self._cluster.cast()["conditions"])):
            assert asyncio.get_running_loop().time() < deadline, told
            await self.step()

    async def _wake(self, namespace: str, cast: str) -> None:
        self.woken += 1

    async def _note_delay(self, seconds: float) -> None:
        self.delays.append(seconds)


@pytest.mark.parametrize(
    ("hangs", "said"),
    [
        (HANGS_AT_ONCE, "could not watch Pod: no answer for 0 s"),
        (HANGS_LATER, "could not watch Pod: the API server has not ended a watch of 1 s"),
    ],
)
async def test_watches_that_hang_are_told_and_begun_anew_while_the_timer_goes_on(
    still: SimulatedCluster, monkeypatch: pytest.MonkeyPatch, hangs: str, said: str
) -> None:
    still.create_cast(replicas=1)
    still.api.faults.append(Fault("GET", "/pods$", 200, FOREVER, query="watch=true", hangs=hangs))
    ports = itertools.count(9000)
    async with Watching(still, monkeypatch) as watching:
        # It does not wait for them.
        await watching.step()
        assert len(still.workloads.pods) == 1
        await watching.until(lambda: len(watching.delays) >= FAILURES_TO_TELL)
        port = next(ports)
        still.change(service={"port": port})
        await watching.step()
        assert still.store.get("services", NAMESPACE, "live")["spec"]["ports"][0]["port"] == port
        await watching.until_told(lambda told: said in told)
        if hangs == HANGS_LATER:
            # It is told for as long as it is so, also while they seem to be open.
            watching.delays.clear()
            await watching.until(lambda: bool(watching.delays))
            assert watching.watches.problems
        still.api.faults.clear()
        await watching.until(lambda: not watching.watches.problems)
        woken = watching.woken
        still.change(service={"port": next(ports)})
        await watching.until(lambda: watching.woken > woken)
        await watching.until_told(lambda told: "could not watch" not in told)


async def test_one_watch_that_died_in_silence_is_begun_anew_and_not_told(
    still: SimulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    still.create_cast(replicas=1)
    still.api.faults.append(Fault("GET", "/pods$", 200, 1, query="watch=true", hangs=HANGS_LATER))
    async with Watching(still, monkeypatch) as watching:
        await watching.until(lambda: len(watching.delays) == 1)
        assert not watching.watches.problems
        woken = watching.woken
        still.change(service={"port": 9000})
        await watching.until(lambda: watching.woken > woken)
        assert not watching.watches.problems
