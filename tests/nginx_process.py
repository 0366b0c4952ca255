"""A real nginx with the site that `deploy/` ships, changed in nothing but addresses and paths."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SITE = Path(__file__).parents[1] / "deploy" / "nginx" / "audiocast.conf"
START_SECONDS = 10.0
STOP_SECONDS = 10.0
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class NginxProcess:
    """Runs while the `with` block does, on free ports of the loopback address.

    Args:
        folder: Where its files go.
        upstream_port: The server's public port.
    """

    def __init__(self, folder: Path, upstream_port: int) -> None:
        self.folder = folder
        self.port, self.tls_port = _free_ports(2)
        self.access_log = folder / "access.log"
        self.error_log = folder / "error.log"
        self.certificate = folder / "certificate.pem"
        self._upstream_port = upstream_port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        key = self.folder / "key.pem"
        make_certificate = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
        make_certificate += ["-addext", "subjectAltName=IP:127.0.0.1"]
        make_certificate += ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run(make_certificate, check=True, capture_output=True)
        (self.folder / "audiocast.conf").write_text(self._site(key))
        main = self.folder / "nginx.conf"
        main.write_text(self._main())
        command = ["nginx", "-p", str(self.folder), "-e", str(self.error_log), "-c", str(main)]
        self._process = subprocess.Popen(command, env={"PATH": PATH})
        self._wait_until_serving()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    @property
    def base(self) -> str:
        """URL of the plain port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_base(self) -> str:
        """URL of the HTTPS port; `certificate` vouches for it."""
        return f"https://127.0.0.1:{self.tls_port}"

    def _site(self, key: Path) -> str:
        """Give the shipped site with this run's addresses and paths, its HTTPS lines taken into use."""
        site = SITE.read_text()
        for pattern, replacement in (
            (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{self._upstream_port};"),
            (r"^    listen 80;", f"    listen 127.0.0.1:{self.port};"),
            (r"^    listen \[::\]:80;\n", ""),
            (r"^    #   listen 443 ssl;", f"    listen 127.0.0.1:{self.tls_port} ssl;"),
            (r"^    #   (ssl_certificate )    /etc/letsencrypt/.*;", rf"    \1{self.certificate};"),
            (r"^    #   (ssl_certificate_key )/etc/letsencrypt/.*;", rf"    \1{key};"),
            (r"/var/log/nginx/audiocast\.log", str(self.access_log)),
        ):
            site, count = re.subn(pattern, replacement, site, flags=re.MULTILINE)
            assert count == 1, f"expected one {pattern!r} in {SITE.name}, got {count}"
        return site

    def _main(self) -> str:
        # Workers of a master that is root become nobody, who may not enter a test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n    ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return f"""
daemon off;
{user}
pid {self.folder}/nginx.pid;
events {{}}
http {{
    {paths}
    # The server asks for no buffering too; here the site has to see to it alone.
    proxy_ignore_headers X-Accel-Buffering;
    include {self.folder}/audiocast.conf;
}}
"""

    def _wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except ConnectionRefusedError:
                assert self._process is not None
                assert self._process.poll() is None, f"nginx did not start:\n{self.error_log.read_text()}"
                assert time.monotonic() < deadline, "nginx takes no connections"
                time.sleep(0.02)
            else:
                return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
