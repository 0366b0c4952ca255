"""audiocast, as `audiocast serve` starts it without settings."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests

from loadtest.bench.contenders.contender import Contender
from loadtest.bench.programs import ProgramFailed
from tests.support.network.certificates import make_pair
from tests.support.processes.haproxy_process import HAProxyProcess
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.proxy_process import ProxyProcess
from tests.support.processes.server import AudiocastServer

# Each takes two files, and HAProxy does not start with fewer than it may need.
PROXY_CONNECTIONS = 5_000


class Audiocast(Contender):
    """`audiocast serve` with its default settings."""

    name = "audiocast"
    # Its pages gather for longer by 5 ms with each second of load, live ones for up
    # to 40 ms, which is 8 s, and those of buffered listeners for 55 ms more
    # at most.
    steady_seconds = 12.0
    settings: Mapping[str, str | int] = {}

    def start(self) -> None:
        """Start it with its start-up line as the sign that it serves."""
        self._server = AudiocastServer(
            self.folder / "audiocast.log", **{"program": "audiocast", **self.settings}
        )
        with _failing_as_program():
            self._server.__enter__()
        self.port, self.pid = self._server.port, self._server.pid

    def stop(self) -> None:
        """Stop it by SIGTERM; it is killed when it takes too long over its listeners."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.stop()

    def source_urls(self) -> list[str]:
        """Ask for the streams."""
        with _failing_as_program():
            started = [self._server.start_stream() for _ in range(self.streams)]
        self._paths = [urlsplit(each.stream_url).path for each in started]
        return [each.keyed_url for each in started]

    def paths(self) -> list[str]:
        """Give the paths of the streams that were asked for."""
        return self._paths

    def skips(self) -> int:
        """Give its own counter of them."""
        return int(self.metric("audiocast_listener_skips_total"))

    def metric(self, name: str) -> float:
        """Give one of its metrics."""
        with _failing_as_program():
            return self._server.metric(name)


class AudiocastTls(Audiocast):
    """audiocast with its own TLS."""

    name = "audiocast-tls"
    tls = True

    def start(self) -> None:
        """Start it with a certificate; its port for HTTPS is the one that is listened at."""
        self.settings = make_pair(self.folder).settings
        super().start()
        self.port = self._server.tls_port


class _BehindProxy(Audiocast):
    """Its listeners come through a proxy that speaks TLS with them; both are one server for whoever counts.

    The proxy has the configuration that `deploy/` has, but for addresses, paths and users. The source sends
    to audiocast's own port, as most encoders have to.
    """

    tls = True
    proxy: type[ProxyProcess]

    def start(self) -> None:
        super().start()
        self._proxy = self.proxy(self.folder / self.name, self.port, connections=PROXY_CONNECTIONS)
        try:
            self._proxy.__enter__()
        except (AssertionError, OSError) as error:
            super().stop()
            raise ProgramFailed(f"expected a proxy in front of audiocast, got: {error}") from error
        self.port = self._proxy.tls_port

    def stop(self) -> None:
        self._proxy.__exit__(None, None, None)
        super().stop()

    @property
    def pids(self) -> list[int]:
        return [self.pid, self._proxy.pid]


class AudiocastNginx(_BehindProxy):
    """audiocast behind nginx (`deploy/nginx`)."""

    name = "audiocast-nginx"
    proxy = NginxProcess


class AudiocastHAProxy(_BehindProxy):
    """audiocast behind HAProxy (`deploy/haproxy`)."""

    name = "audiocast-haproxy"
    proxy = HAProxyProcess


@contextlib.contextmanager
def _failing_as_program() -> Iterator[None]:
    """One server that does not answer ends its trial, not the run."""
    try:
        yield
    except (AssertionError, requests.RequestException) as error:
        raise ProgramFailed(f"expected an answer of audiocast, got: {str(error)[:500]}") from error
