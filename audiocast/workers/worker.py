"""One worker: its settings, its process, which is restarted when it dies, and its internal port's answers."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

import structlog
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from audiocast.setting_groups.port_settings import LAST_CERTIFICATE
from audiocast.settings import Settings
from audiocast.workers.ports import LOOPBACK

log = structlog.get_logger()

ANSWER_SECONDS = 2.0
POLL_SECONDS = 0.05

# From a worker's end to its next start, so that one that cannot run does not use a whole core to die.
RESTART_SECONDS = 0.5


class WorkerFailed(Exception):
    """A worker has ended before it was ready."""


class Worker:
    """One worker, and its process of the moment.

    Args:
        settings: The process's settings, passed on as its environment.
    """

    def __init__(self, settings: Settings) -> None:
        self.name = settings.node_name
        self._environment = settings.environment()
        self._base = f"http://{LOOPBACK}:{settings.internal_port}"
        self._process: asyncio.subprocess.Process | None = None
        self._http = AsyncHTTPClient(force_instance=True)

    async def start(self, certificate: bytes) -> None:
        """Start the process.

        Args:
            certificate: The last good one, PEM with its key, which it uses while the files are no good;
                empty: there is none.
        """
        with _in_memory(certificate) as descriptor:
            self._process = await self._started(descriptor)

    async def restart_forever(self, certificate: Callable[[], bytes]) -> None:
        """Start the process again whenever it ends. Never returns.

        Args:
            certificate: Returns the last good one; see `start`.
        """
        while True:
            code = await self._running.wait()
            log.error("worker_ended", worker=self.name, exit_code=code)
            await asyncio.sleep(RESTART_SECONDS)
            await self.start(certificate())

    async def _started(self, certificate: int | None) -> asyncio.subprocess.Process:
        options = () if certificate is None else (LAST_CERTIFICATE, f"/dev/fd/{certificate}")
        # The worker reads nothing from its standard input; end of file there means that the parent is gone.
        # A session of its own: Ctrl-C is for the parent, which stops all in order.
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "audiocast", "worker", *options),
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=() if certificate is None else (certificate,),
        )

    async def wait_until_ready(self) -> None:
        """Wait until the worker is ready.

        Raises:
            WorkerFailed: Its process has ended; its own log says why.
        """
        while not await self.is_ready():
            if self._running.returncode is not None:
                raise WorkerFailed(
                    f"expected {self.name} to serve, it has ended with code {self._running.returncode}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def is_ready(self) -> bool:
        """Return whether new requests should come to this worker."""
        return await self._get("/readyz") is not None

    async def metrics(self) -> str:
        """Return its metrics as text; empty while it does not answer."""
        return await self._get("/metrics") or ""

    async def stop(self, seconds: float) -> None:
        """Stop the process, which ends its streams first; kill it if it still runs after `seconds`."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            log.error("worker_killed", worker=self.name, seconds=seconds)
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """Kill the process."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "expected a worker that was started"
        return self._process

    async def _get(self, path: str) -> str | None:
        try:
            response = await self._http.fetch(f"{self._base}{path}", request_timeout=ANSWER_SECONDS)
        except (HTTPClientError, OSError):
            return None
        return response.body.decode()


@contextlib.contextmanager
def _in_memory(content: bytes) -> Iterator[int | None]:
    """Have a file on no disk; give its descriptor. None: it is empty, or this system has no such files."""
    if not content or not hasattr(os, "memfd_create"):
        yield None
        return
    descriptor = os.memfd_create("certificate")
    try:
        os.write(descriptor, content)
        yield descriptor
    finally:
        os.close(descriptor)
