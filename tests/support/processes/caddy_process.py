"""A real Caddy with the Caddyfile that is shipped, and a certificate of its own for localhost."""

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests.support.network.ports import free_ports
from tests.support.processes.proxy_process import DEPLOY, SYSTEM_PATH, changed

CADDYFILE = DEPLOY / "https" / "Caddyfile"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class CaddyProcess:
    """Runs while the `with` block does.

    Args:
        folder: Where its files go; of its own.
        upstream_port: The server's public port.
    """

    def __init__(self, folder: Path, upstream_port: int) -> None:
        self.folder = folder
        self.port, self.plain_port = free_ports(2)
        self._upstream_port = upstream_port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(exist_ok=True)
        # Its port for administration is one for all of a machine.
        own = changed(CADDYFILE.read_text(), [(r"\A((?:#.*\n)*\{\n)", "\\1\tadmin off\n")])
        (self.folder / "Caddyfile").write_text(own)
        command = ["caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]
        environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            "SITE": f"localhost:{self.port}",
            "HTTP_PORT": str(self.plain_port),
            "UPSTREAM": f"127.0.0.1:{self._upstream_port}",
        }
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            self._wait_until_serving()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def base(self) -> str:
        """URL of the HTTPS port."""
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> Path:
        """The file that vouches for it."""
        return self.folder / "caddy/pki/authorities/local/root.crt"

    def _stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    def _wait_until_serving(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while True:
            said = (self.folder / "output").read_text()
            assert self._process.poll() is None, f"Caddy did not start:\n{said}"
            try:
                if self.authority.exists() and requests.get(self.base, verify=str(self.authority), timeout=2):
                    return
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, f"Caddy takes no requests:\n{said}"
            time.sleep(0.1)
