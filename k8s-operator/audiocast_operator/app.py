"""The composition root: settings become objects, the objects run and stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from lightkube.core.async_client import AsyncClient

from audiocast_operator.clients.kube import LightKube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.clients.watcher import KopfWatcher
from audiocast_operator.errors import OperatorError
from audiocast_operator.metrics import RECONCILES
from audiocast_operator.probes import metrics_routes, probe_routes
from audiocast_operator.reconcile.cast_reconciler import CastReconciler
from audiocast_operator.reconcile.keyed_lock import KeyedLock
from audiocast_operator.reconcile.resync import ResyncTimer
from audiocast_operator.reconcile.stream_reconciler import StreamReconciler
from audiocast_operator.reconcile.watches import Watches
from audiocast_operator.serving import OwnServer
from audiocast_operator.settings import OperatorSettings

log = structlog.get_logger()


class Operator:
    """The whole operator, in one event loop. It must be made inside the running loop, and closed.

    Args:
        settings: Its settings.
        monotonic: Returns the seconds of a monotonic clock.
        now: Returns the Unix time.
    """

    def __init__(
        self,
        settings: OperatorSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._kube = LightKube(AsyncClient())
        self._watcher = KopfWatcher()
        self._members = MembersClient()
        self._locks = KeyedLock()
        streams = StreamReconciler(self._kube, self._members, monotonic=monotonic, now=now)
        self._casts = CastReconciler(
            self._kube,
            self._members,
            streams,
            cluster_domain=settings.cluster_domain,
            operator_namespace=settings.pod_namespace,
            monotonic=monotonic,
            common_problems=lambda: [*self.timer.problems, *self.watches.problems],
        )
        self.timer = ResyncTimer(
            self._kube,
            namespace=settings.namespace,
            tick_seconds=settings.tick_seconds,
            reconcile=self.reconcile,
        )
        self.watches = Watches(self._watcher, namespace=settings.namespace, reconcile=self.reconcile)

    async def run(self) -> None:
        """Watch and tick until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.timer.run())
            tasks.create_task(self.watches.run())

    async def close(self) -> None:
        """Close all connections."""
        self._watcher.close()
        await self._members.close()
        await self._kube.close()

    async def reconcile(self, namespace: str, name: str) -> None:
        """Reconcile an AudioCast, after a reconcile of it that is running. Errors are logged and counted."""
        await self._locks.run((namespace, name), lambda: self._reconcile(namespace, name))

    async def _reconcile(self, namespace: str, name: str) -> None:
        result = "ok"
        try:
            await self._casts.reconcile(namespace, name)
        except OperatorError as error:
            result = error.result
            log.warning("not_reconciled", namespace=namespace, cast=name, reason=str(error))
        except Exception:
            # A bug in the reconcile of one AudioCast must not stop the others.
            result = "bug"
            log.exception("bug", namespace=namespace, cast=name)
        RECONCILES.labels(result).inc()


async def serve(settings: OperatorSettings, stop: asyncio.Event) -> None:
    """Run the operator, its probes and its metrics.

    Args:
        settings: Its settings.
        stop: Set when it shall end.

    Raises:
        OSError: Somebody else has one of its ports.
        lightkube.core.exceptions.ConfigError: Neither a service account nor KUBECONFIG names an API server.
    """
    operator = Operator(settings)
    probes = probe_routes(operator.timer, silent_seconds=settings.silent_seconds)
    servers: list[OwnServer] = []
    try:
        for port, routes in ((settings.probe_port, probes), (settings.metrics_port, metrics_routes())):
            if port:
                servers.append(OwnServer(port, routes))
        await _until(stop, operator.run)
    finally:
        for server in servers:
            await asyncio.to_thread(server.close)
        await operator.close()


async def _until(stop: asyncio.Event, run: Callable[[], Awaitable[None]]) -> None:
    """Run something until it shall stop, or ends with an error."""
    running = asyncio.ensure_future(run())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        running.cancel()
        stopping.cancel()
        done, _ = await asyncio.gather(running, stopping, return_exceptions=True)
    if isinstance(done, Exception):
        raise done
