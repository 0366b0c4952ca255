"""The parent of the workers: it starts, restarts and stops them, and answers for all of them.

It never sees audio or a listener's connection. From here workers get what they share: the public port, the
secret, and each other's addresses.
"""

import asyncio
import math
import signal

import structlog

from audiocast import __version__
from audiocast.limits import certificate_files, with_secret
from audiocast.settings import Settings
from audiocast.telemetry.sums import SummedMetrics
from audiocast.web.http.handlers import MAX_BODY_BYTES
from audiocast.web.http.server import Server
from audiocast.web.routes import health_application
from audiocast.workers.ports import LOOPBACK, port_of, reserve
from audiocast.workers.worker import Worker

log = structlog.get_logger()

# A worker ends its streams and exits within two seconds.
STOP_SECONDS = 10.0


class Supervisor:
    """Two or more workers, and the internal port that answers for them. Made inside the running loop.

    Args:
        settings: The server's settings, with a secret; `workers` is 2 or more.

    Raises:
        OSError: A port is taken.
    """

    def __init__(self, settings: Settings) -> None:
        self._public_port = reserve(settings.host, settings.port)
        self._tls_port = reserve(settings.host, settings.tls_port) if settings.tls_certificate else None
        self._internal_ports = [reserve(LOOPBACK, 0) for _ in range(settings.workers)]
        self.port = port_of(self._public_port)
        self.tls_port = None if self._tls_port is None else port_of(self._tls_port)
        ports = [port_of(reserved) for reserved in self._internal_ports]
        self.workers = [
            Worker(_worker_settings(settings, number, self.port, self.tls_port, ports))
            for number in range(len(ports))
        ]
        self.internal = Server(
            health_application(self._metrics, self._is_ready),
            host=settings.internal_host,
            port=settings.internal_port,
            max_body_bytes=MAX_BODY_BYTES,
        )
        # A worker may have to start while the files are no good.
        self._certificate = certificate_files(settings)
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all workers, and return when each is ready.

        Raises:
            WorkerFailed: A worker has ended before it was ready.
        """
        self.internal.start()
        for worker in self.workers:
            await worker.start(self._last_certificate())
        await asyncio.gather(*(worker.wait_until_ready() for worker in self.workers))
        self._tasks = [
            asyncio.ensure_future(worker.restart_forever(self._last_certificate)) for worker in self.workers
        ]
        if self._certificate is not None:
            self._certificate.watch()

    async def stop(self) -> None:
        """Stop all workers, which end their streams first."""
        self._stopping = True
        if self._certificate is not None:
            self._certificate.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.stop(STOP_SECONDS) for worker in self.workers))
        self.internal.stop_accepting()
        await self.internal.close()
        for reserved in (self._public_port, self._tls_port, *self._internal_ports):
            if reserved is not None:
                reserved.close()

    def kill(self) -> None:
        """Kill all workers."""
        for worker in self.workers:
            worker.kill()

    def _last_certificate(self) -> bytes:
        return b"" if self._certificate is None else self._certificate.current.pem

    async def _metrics(self) -> SummedMetrics:
        """Add up the workers' metrics; a worker that does not answer counts for nothing."""
        return SummedMetrics(await asyncio.gather(*(worker.metrics() for worker in self.workers)))

    async def _is_ready(self) -> bool:
        """One ready worker is enough: the kernel gives no connection to a dead one."""
        is_ready = await asyncio.gather(*(worker.is_ready() for worker in self.workers))
        return any(is_ready) and not self._stopping


async def supervise(settings: Settings) -> None:
    """Run workers until SIGTERM or SIGINT; a second signal ends them at once.

    Raises:
        OSError: A port is taken.
        WorkerFailed: A worker has ended before it was ready.
    """
    supervisor = Supervisor(with_secret(settings))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def note_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, note_signal)
    starting = asyncio.ensure_future(supervisor.start())
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            log.info(
                "serving",
                port=supervisor.port,
                internal_port=supervisor.internal.port,
                version=__version__,
                workers=settings.workers,
                **({} if supervisor.tls_port is None else {"tls_port": supervisor.tls_port}),
            )
            await stopped
    finally:
        starting.cancel()
        stopped.cancel()
        await supervisor.stop()
    log.info("stopped")


def _worker_settings(
    settings: Settings, number: int, port: int, tls_port: int | None, ports: list[int]
) -> Settings:
    """Return the settings of one worker: the server's, but for what workers share or divide."""
    count = len(ports)
    return settings.model_copy(
        update={
            "workers": 1,
            "port": port,
            "tls_port": settings.tls_port if tls_port is None else tls_port,
            "internal_host": LOOPBACK,
            "internal_port": ports[number],
            "node_name": f"{settings.node_name}-{number + 1}",
            "peers": ",".join(f"{LOOPBACK}:{each}" for each in ports),
            # All workers stop together, so streams have no member to move to.
            "drain_seconds": 0.0,
            "max_listeners": math.ceil(settings.max_listeners / count),
            "max_egress_mbps": settings.max_egress_mbps / count,
        }
    )
