"""The timer: every AudioCast is reconciled every few seconds, whatever the watches say.

Watches can die without a word. What they bring makes things quick; what makes them sure is this. It is no
timer of kopf's: those put a finalizer on the object, and an object with one cannot be deleted once the
operator is gone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, STREAM, Kube
from audiocast_operator.errors import OperatorError
from audiocast_operator.metrics import LAST_TICK, TICKS

log = structlog.get_logger()

Name = tuple[str, str]


class Timer:
    """Ticks for as long as it runs.

    Args:
        kube: The API.
        namespace: To look in; empty: all of them.
        tick_seconds: Between two ticks.
        reconcile: Called for each AudioCast, by namespace and name.
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
        self._work: dict[Name, asyncio.Task[None]] = {}

    @property
    def silent_seconds(self) -> float:
        """How long ago it has ticked last."""
        return time.monotonic() - self._ticked_at

    async def run(self) -> None:
        """Tick until cancelled."""
        try:
            while True:
                await self._tick()
                self._ticked_at = time.monotonic()
                TICKS.inc()
                LAST_TICK.set_to_current_time()
                await asyncio.sleep(self._tick_seconds)
        finally:
            for task in self._work.values():
                task.cancel()
            await asyncio.gather(*self._work.values(), return_exceptions=True)

    async def _tick(self) -> None:
        """Begin the work for each; one that is slow delays nobody else, and is not begun twice."""
        try:
            names = await self._names()
        except OperatorError as error:
            log.warning("not_listed", reason=str(error))
            return
        self._work = {name: task for name, task in self._work.items() if not task.done()}
        for name in names - self._work.keys():
            self._work[name] = asyncio.create_task(self._reconcile_one(*name))

    async def _names(self) -> set[Name]:
        """Give all AudioCasts, those too that are only named by a Stream."""
        casts = await self._kube.find_all(AUDIOCAST, self._namespace)
        streams = await self._kube.find_all(STREAM, self._namespace)
        return {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in casts} | {
            (each["metadata"]["namespace"], each["spec"]["audioCast"]) for each in streams
        }

    async def _reconcile_one(self, namespace: str, name: str) -> None:
        try:
            await self._reconcile(namespace, name)
        except OperatorError as error:
            log.warning("not_reconciled", namespace=namespace, cast=name, reason=str(error))
        except Exception:
            # A bug with one AudioCast must not stop the others' timer; it is counted, and said in full.
            log.exception("bug", namespace=namespace, cast=name)
