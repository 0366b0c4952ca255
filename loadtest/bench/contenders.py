"""The servers that are compared: each is started on the server's core, and says where audio comes in and out.

It owns their configuration: audiocast and Icecast have their defaults, but for limits that would end the
comparison and nothing else. The floor is a bare loop of `send` (`floor.c`). It never measures.
"""

import abc
import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests

from loadtest.bench.processes import SERVER_CORE, on_core
from loadtest.bench.programs import Line, Program, ProgramFailed, compiled
from tests.support.processes.server import AudiocastServer

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 20.0
SOURCE_PASSWORD = "bench"
ICECAST_SHARE = "/usr/share/icecast2"


class Contender(abc.ABC):
    """One server; it runs while the `with` block does.

    Args:
        folder: For its files; readable by everybody, since Icecast does not stay root.
        streams: How many it will carry.

    Attributes:
        name: For tables.
        gentle_pause_ms: Between two listeners that come gently.
        port: Where listeners go.
        pid: Of its (first) process.
    """

    name: str
    gentle_pause_ms = 1
    port = 0
    pid = 0

    def __init__(self, folder: Path, *, streams: int = 1) -> None:
        self.folder = folder
        self.streams = streams

    def __enter__(self) -> Self:
        with on_core(SERVER_CORE):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abc.abstractmethod
    def start(self) -> None:
        """Start it, and wait until it serves."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End it, and wait until it has ended."""

    @abc.abstractmethod
    def source_urls(self) -> list[str]:
        """Give where the sources go, in the order of `paths`; see `loadtest.source`."""

    @abc.abstractmethod
    def paths(self) -> list[str]:
        """Give the paths that listeners ask for. After `source_urls`."""

    def skips(self) -> int:
        """Give how many times it has moved a slow listener ahead, and hidden it in the page numbers."""
        return 0


class Audiocast(Contender):
    """`audiocast serve` with its default settings."""

    name = "audiocast"
    query = ""
    settings: Mapping[str, str | int] = {}

    def start(self) -> None:
        """Start it with its start-up line as the sign that it serves."""
        self._server = AudiocastServer(self.folder / "audiocast.log", **self.settings)
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
        self._paths = [urlsplit(each.stream_url).path + self.query for each in started]
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


class AudiocastLow(Audiocast):
    """The same, its listeners asking for every page at once."""

    name = "audiocast low"
    query = "?latency=low"


class Icecast(Contender):
    """Debian's icecast2 with its shipped limits; only clients and sources may be more.

    Its accept queue holds 5: it drops the connections of more, and these come again after 1, 3 and 7 seconds.
    """

    name = "icecast"
    gentle_pause_ms = 5

    def start(self) -> None:
        """Write a configuration and start it with that."""
        self.port = _free_port()
        logs = self.folder / "icecast-logs"
        logs.mkdir(exist_ok=True)
        logs.chmod(0o777)
        configuration = self.folder / "icecast.xml"
        configuration.write_text(icecast_configuration(self.port, logs, sources=self.streams))
        try:
            self._process = subprocess.Popen(
                ["icecast2", "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise ProgramFailed(
                "expected icecast2, found none; on Debian: apt-get install icecast2"
            ) from error
        self.pid = self._process.pid
        self._wait_until_serving(logs / "error.log")

    def stop(self) -> None:
        """Stop it by SIGTERM; by SIGKILL when it takes too long over its listeners."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def source_urls(self) -> list[str]:
        """Give the mounts, with the password in the URL."""
        return [f"http://source:{SOURCE_PASSWORD}@{HOST}:{self.port}{path}" for path in self.paths()]

    def paths(self) -> list[str]:
        """Give the mounts."""
        return [f"/stream{number}.ogg" for number in range(self.streams)]

    def _wait_until_serving(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{HOST}:{self.port}/status-json.xsl", timeout=START_SECONDS)
                return
            time.sleep(0.05)
        said = log.read_text()[-1000:] if log.exists() else "nothing"
        raise ProgramFailed(f"expected icecast2 to serve within {START_SECONDS:g} s; its log says: {said}")


class Floor(Contender):
    """One `send` per page and listener, in C, and nothing else.

    Attributes:
        counted: What it has counted; after its source has gone.
    """

    name = "floor"
    counted: Line

    def start(self) -> None:
        """Compile it, start it, read its ports."""
        self._program = Program([compiled("floor", self.folder)], SERVER_CORE)
        self._program.__enter__()
        ports = self._program.line(START_SECONDS)
        self.port, self._source_port, self.pid = ports["port"], ports["source_port"], self._program.pid

    def stop(self) -> None:
        """End it."""
        self._program.end()

    def source_urls(self) -> list[str]:
        """Give its port for a source.

        Raises:
            ValueError: More than one stream is wanted.
        """
        if self.streams > 1:
            raise ValueError(f"expected one stream, the floor has no more; got {self.streams}")
        return [f"tcp://{HOST}:{self._source_port}"]

    def paths(self) -> list[str]:
        """Give any path: it reads none."""
        return ["/"]

    def wait_for_count(self) -> Line:
        """Wait until its source has gone; give its count of pages, sends, losses, listeners."""
        return self._program.line(STOP_SECONDS)


# By the names that the command line has for them.
CONTENDERS: dict[str, type[Contender]] = {
    each.name.replace(" ", "-"): each for each in (Audiocast, AudiocastLow, Icecast, Floor)
}


def icecast_configuration(port: int, logs: Path, *, sources: int) -> str:
    """Give Icecast's configuration: queue and burst as Debian ships them."""
    owner = (
        "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if os.geteuid() == 0 else ""
    )
    shipped = Path("/etc/icecast2/icecast.xml").read_text()
    found = {name: re.search(rf"<{name}>(\d+)</{name}>", shipped) for name in ("queue-size", "burst-size")}
    limits = "".join(f"<{name}>{value[1]}</{name}>" for name, value in found.items() if value)
    return f"""<icecast>
    <limits>
        <clients>20000</clients>
        <sources>{sources}</sources>
        {limits}
    </limits>
    <authentication>
        <source-password>{SOURCE_PASSWORD}</source-password>
        <admin-user>admin</admin-user>
        <admin-password>{SOURCE_PASSWORD}</admin-password>
    </authentication>
    <hostname>localhost</hostname>
    <listen-socket><port>{port}</port><bind-address>{HOST}</bind-address></listen-socket>
    <paths>
        <logdir>{logs}</logdir>
        <webroot>{ICECAST_SHARE}/web</webroot>
        <adminroot>{ICECAST_SHARE}/admin</adminroot>
    </paths>
    <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
    <security><chroot>0</chroot>{owner}</security>
</icecast>
"""


@contextlib.contextmanager
def _failing_as_program() -> Iterator[None]:
    """One server that does not answer ends its trial, not the run."""
    try:
        yield
    except (AssertionError, requests.RequestException) as error:
        raise ProgramFailed(f"expected an answer of audiocast, got: {str(error)[:500]}") from error


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
