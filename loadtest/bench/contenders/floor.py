"""The floor: the least that fan-out can cost when each page is sent to each listener by itself."""

from pathlib import Path

from loadtest.bench.contenders.contender import HOST, START_SECONDS, STOP_SECONDS, Contender
from loadtest.bench.processes import SERVER_CORE
from loadtest.bench.programs import Line, Program, compiled
from tests.support.network.certificates import make_pair


class Floor(Contender):
    """One `send` per page and listener, in C, and nothing else.

    Attributes:
        counted: What it has counted; after its source has gone.
    """

    name = "floor"
    counted: Line

    def start(self) -> None:
        """Compile it, start it, read its ports."""
        self._program = Program([compiled("floor", self.folder), *self._files()], SERVER_CORE)
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

    def _files(self) -> list[Path]:
        return []


class FloorTls(Floor):
    """One `SSL_write` per page and listener."""

    name = "floor-tls"
    tls = True

    def _files(self) -> list[Path]:
        pair = make_pair(self.folder)
        return [pair.certificate, pair.key]
