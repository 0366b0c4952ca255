"""Debian's Icecast 2."""

import contextlib
import os
import re
import subprocess
import time
from pathlib import Path

import requests

from loadtest.bench.contenders.contender import HOST, START_SECONDS, STOP_SECONDS, Contender, free_port
from loadtest.bench.programs import ProgramFailed
from tests.support.network.certificates import make_pair

SOURCE_PASSWORD = "bench"
READABLE = 0o644
ICECAST_SHARE = "/usr/share/icecast2"


class Icecast(Contender):
    """Debian's icecast2 with its shipped limits; only clients and sources may be more.

    Its accept queue holds 5: it drops the connections of more, and these come again after 1, 3 and 7 seconds.
    """

    name = "icecast"
    gentle_pause_ms = 5

    def start(self) -> None:
        """Write a configuration and start it with that."""
        self._plain_port = free_port()
        self.port = free_port() if self.tls else self._plain_port
        logs = self.folder / "icecast-logs"
        logs.mkdir(exist_ok=True)
        logs.chmod(0o777)
        configuration = self.folder / "icecast.xml"
        configuration.write_text(self._configuration(logs))
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
        return [f"http://source:{SOURCE_PASSWORD}@{HOST}:{self._plain_port}{path}" for path in self.paths()]

    def paths(self) -> list[str]:
        """Give the mounts."""
        return [f"/stream{number}.ogg" for number in range(self.streams)]

    def _wait_until_serving(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{HOST}:{self._plain_port}/status-json.xsl", timeout=START_SECONDS)
                return
            time.sleep(0.05)
        said = log.read_text()[-1000:] if log.exists() else "nothing"
        raise ProgramFailed(f"expected icecast2 to serve within {START_SECONDS:g} s; its log says: {said}")

    def _configuration(self, logs: Path) -> str:
        """Give its configuration: queue and burst as Debian ships them."""
        owner = (
            "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"
            if os.geteuid() == 0
            else ""
        )
        shipped = Path("/etc/icecast2/icecast.xml").read_text()
        found = {
            name: re.search(rf"<{name}>(\d+)</{name}>", shipped) for name in ("queue-size", "burst-size")
        }
        limits = "".join(f"<{name}>{value[1]}</{name}>" for name, value in found.items() if value)
        secured = certificate = ""
        if self.tls:
            secured = f"<listen-socket><port>{self.port}</port><ssl>1</ssl></listen-socket>"
            both = make_pair(self.folder).in_one_file()
            # It reads the file when it is no more root.
            both.chmod(READABLE)
            certificate = f"<ssl-certificate>{both}</ssl-certificate>"
        return f"""<icecast>
    <limits>
        <clients>20000</clients>
        <sources>{self.streams}</sources>
        {limits}
    </limits>
    <authentication>
        <source-password>{SOURCE_PASSWORD}</source-password>
        <admin-user>admin</admin-user>
        <admin-password>{SOURCE_PASSWORD}</admin-password>
    </authentication>
    <hostname>localhost</hostname>
    <listen-socket><port>{self._plain_port}</port><bind-address>{HOST}</bind-address></listen-socket>
    {secured}
    <paths>
        <logdir>{logs}</logdir>
        <webroot>{ICECAST_SHARE}/web</webroot>
        {certificate}
        <adminroot>{ICECAST_SHARE}/admin</adminroot>
    </paths>
    <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
    <security><chroot>0</chroot>{owner}</security>
</icecast>
"""


class IcecastTls(Icecast):
    """The same with its own TLS, on a second port."""

    name = "icecast-tls"
    tls = True
