"""The composition root: settings become objects, the objects run and stop."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import structlog
from lightkube.core.async_client import AsyncClient

from audiocast_operator.clients.kube import LightKube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.errors import OperatorError
from audiocast_operator.metrics import RECONCILES
from audiocast_operator.reconcile.cast_reconciler import CastReconciler
from audiocast_operator.reconcile.keyed_lock import KeyedLock
from audiocast_operator.reconcile.resync import ResyncTimer
from audiocast_operator.reconcile.stream_reconciler import StreamReconciler
from audiocast_operator.settings import OperatorSettings

log = structlog.get_logger()


class Operator:
    """The whole operator, in one event loop. It must be made inside the running loop."""

    def __init__(self, settings: OperatorSettings) -> None:
        self._kube = LightKube(AsyncClient())
        self._members = MembersClient()
        self._locks = KeyedLock()
        streams = StreamReconciler(self._kube, self._members, monotonic=time.monotonic)
        self._casts = CastReconciler(
            self._kube,
            self._members,
            streams,
            cluster_domain=settings.cluster_domain,
            operator_namespace=settings.pod_namespace,
            monotonic=time.monotonic,
        )
        self.timer = ResyncTimer(
            self._kube,
            namespace=settings.namespace,
            tick_seconds=settings.tick_seconds,
            reconcile=self.reconcile,
        )
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the timer."""
        self._running = asyncio.create_task(self.timer.run())

    async def stop(self) -> None:
        """Stop the timer and close all connections."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        await self._members.close()
        await self._kube.close()

    async def reconcile(self, namespace: str, name: str) -> None:
        """Reconcile an AudioCast, after a reconcile of it that is already running.

        Raises:
            OperatorError: The reconcile has stopped half-way.
        """
        await self._locks.run((namespace, name), _counted(lambda: self._casts.reconcile(namespace, name)))


def _counted(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        result = "bug"
        try:
            await work()
            result = "ok"
        except OperatorError as error:
            result = error.result
            raise
        finally:
            RECONCILES.labels(result).inc()

    return run
