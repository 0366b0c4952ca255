"""The timer that reconciles every AudioCast every few seconds, whatever the watches bring.

A watch can die unnoticed. Watches make the operator quick; the timer makes it sure.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, STREAM, Kind, Kube
from audiocast_operator.errors import OperatorError
from audiocast_operator.manifests.owner import Json
from audiocast_operator.metrics import FAILED_TICKS, LAST_TICK, TICKS
from audiocast_operator.reconcile.problems import Problems, told

log = structlog.get_logger()

CastKey = tuple[str, str]


class ResyncTimer:
    """Reconciles all AudioCasts at each tick.

    Args:
        kube: The Kubernetes API.
        namespace: The namespace to look in; empty: all of them.
        tick_seconds: Time between two ticks.
        reconcile: Called with namespace and name of each AudioCast, in a task of its own. It raises nothing.

    Attributes:
        listed_at: When all AudioCasts and Streams could be listed last, in monotonic seconds; None: never.
        problems: Why they could not be listed in the last tick.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str,
        tick_seconds: float,
        reconcile: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._tick_seconds = tick_seconds
        self._reconcile = reconcile
        self._ticked_at = time.monotonic()
        self.listed_at: float | None = None
        self.problems: list[OperatorError] = []
        self._known: dict[Kind, set[CastKey]] = {}
        self._tasks: dict[CastKey, asyncio.Future[None]] = {}

    @property
    def silent_seconds(self) -> float:
        """Time since the last tick, good or bad; before the first one since the timer was made."""
        return time.monotonic() - self._ticked_at

    async def run(self) -> None:
        """Tick until cancelled."""
        try:
            while True:
                await self.tick()
                await asyncio.sleep(self._tick_seconds)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def tick(self) -> list[asyncio.Future[None]]:
        """Start a task for each AudioCast; return all that run.

        A task that still runs delays no other, and is not started twice.
        """
        problems = Problems("timer")
        casts = await self._list(problems)
        self.problems = problems.found
        if problems.found:
            log.warning("not_listed", reason=told(problems.found))
        self._tasks = {cast: task for cast, task in self._tasks.items() if not task.done()}
        for cast in casts - self._tasks.keys():
            self._tasks[cast] = asyncio.ensure_future(self._reconcile(*cast))
        self._ticked_at = time.monotonic()
        TICKS.inc()
        if problems.found:
            FAILED_TICKS.inc()
        else:
            self.listed_at = self._ticked_at
            LAST_TICK.set_to_current_time()
        return list(self._tasks.values())

    async def _list(self, problems: Problems) -> set[CastKey]:
        """Return all AudioCasts, and those that do not exist but are named by a Stream.

        Those of a kind that cannot be listed now are those that were there when it could.
        """
        for kind, name_of in ((AUDIOCAST, _own_name), (STREAM, _cast_name)):
            found = await problems.attempt(self._kube.find_all(kind, self._namespace))
            if found is not None:
                self._known[kind] = {(each["metadata"]["namespace"], name_of(each)) for each in found}
        return {key for keys in self._known.values() for key in keys if key[1]}


def _own_name(cast: Json) -> str:
    return str(cast["metadata"]["name"])


def _cast_name(stream: Json) -> str:
    return str(stream.get("spec", {}).get("audioCast", ""))
