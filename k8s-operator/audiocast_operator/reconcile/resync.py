"""The timer that reconciles every AudioCast every few seconds, whatever the watches bring.

A watch can die unnoticed. Watches make the operator quick; the timer makes it sure. It is not one of kopf's
timers: those put a finalizer on the object, and an object with a finalizer cannot be deleted once the
operator is gone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, STREAM, Kube
from audiocast_operator.errors import OperatorError
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
        reconcile: Called with namespace and name of each AudioCast, in a task of its own.

    Attributes:
        listed_at: When all AudioCasts and Streams could be listed last, in monotonic seconds; None: never.
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
        self._tasks: dict[CastKey, asyncio.Task[None]] = {}

    @property
    def silent_seconds(self) -> float:
        """Time since the last tick, good or bad; before the first one since the timer was made."""
        return time.monotonic() - self._ticked_at

    async def run(self) -> None:
        """Tick until cancelled."""
        try:
            while True:
                is_whole = await self._tick()
                self._ticked_at = time.monotonic()
                TICKS.inc()
                if is_whole:
                    self.listed_at = self._ticked_at
                    LAST_TICK.set_to_current_time()
                else:
                    FAILED_TICKS.inc()
                await asyncio.sleep(self._tick_seconds)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _tick(self) -> bool:
        """Start a task for each AudioCast; return whether all could be listed.

        A task that still runs delays no other, and is not started twice.
        """
        problems = Problems("timer")
        casts = await self._list(problems)
        if problems.found:
            log.warning("not_listed", reason=told(problems.found))
        self._tasks = {cast: task for cast, task in self._tasks.items() if not task.done()}
        for cast in casts - self._tasks.keys():
            self._tasks[cast] = asyncio.create_task(self._reconcile_one(*cast))
        return not problems.found

    async def _list(self, problems: Problems) -> set[CastKey]:
        """Return all AudioCasts, and those that do not exist but are named by a Stream."""
        casts = await problems.attempt(self._kube.find_all(AUDIOCAST, self._namespace)) or []
        streams = await problems.attempt(self._kube.find_all(STREAM, self._namespace)) or []
        named = {
            (each["metadata"]["namespace"], each.get("spec", {}).get("audioCast", "")) for each in streams
        }
        return {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in casts} | {
            key for key in named if key[1]
        }

    async def _reconcile_one(self, namespace: str, name: str) -> None:
        try:
            await self._reconcile(namespace, name)
        except OperatorError as error:
            log.warning("not_reconciled", namespace=namespace, cast=name, reason=str(error))
        except Exception:
            # A bug in the reconcile of one AudioCast must not stop the timer of the others.
            log.exception("bug", namespace=namespace, cast=name)
