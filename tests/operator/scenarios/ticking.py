"""An operator that works step by step, as a test says."""

import asyncio
import time

from audiocast_operator.app import Operator
from audiocast_operator.settings import OperatorSettings
from tests.operator.simulated.cluster import SimulatedCluster


class Ticking:
    """An operator that does something only when it is told to, at times that the test says.

    Args:
        cluster: Where it works.

    Attributes:
        unix_seconds: The time of day.
    """

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._seconds = 0.0
        self.unix_seconds = time.time()
        self._operator = self._start()

    async def step(self, seconds: float = 0.0) -> None:
        """Let time pass, then let the operator and the cluster do all that there is to do."""
        self._seconds += seconds
        self.unix_seconds += seconds
        await asyncio.gather(*await self._operator.timer.tick())
        await self._cluster.workloads.settle()

    async def restart(self) -> None:
        """Put another operator in its place, which remembers nothing."""
        await self._operator.close()
        self._operator = self._start()

    async def close(self) -> None:
        """End it."""
        await self._operator.close()

    def _start(self) -> Operator:
        return Operator(OperatorSettings(), monotonic=lambda: self._seconds, now=lambda: self.unix_seconds)
