"""A real HAProxy with the shipped configuration."""

from tests.support.processes.proxy_process import DEPLOY, HOST, ProxyProcess, changed

CONFIGURATION = DEPLOY / "haproxy" / "haproxy.cfg"


class HAProxyProcess(ProxyProcess):
    """See `ProxyProcess`. One port is for everything, sources too."""

    def command(self) -> list[str]:
        """Write the configuration, its HTTPS line taken into use."""
        self.source_port = self.port
        upstream = rf"\g<1>{HOST}:{self._upstream_port}"
        changes = (
            # A test has neither the rights of root nor the system's log.
            (r"^    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n", ""),
            (r"^    maxconn 20000", f"    maxconn {self._connections}"),
            (r"log /dev/log local0", "log stdout format raw local0"),
            (r"^    bind :::80 v4v6", f"    bind {HOST}:{self.port}"),
            (
                r"^    #   bind :::443 v4v6 ssl crt /etc/.*",
                f"    bind {HOST}:{self.tls_port} ssl crt {self._pair.in_one_file()}",
            ),
            (r"(^backend web\n[\s\S]*?server audiocast )127\.0\.0\.1:8000", upstream),
            (r"(^backend sources\n[\s\S]*?server audiocast )127\.0\.0\.1:8000", upstream),
        )
        path = self.folder / "haproxy.cfg"
        path.write_text(changed(CONFIGURATION.read_text(), changes))
        self.log = self.folder / "output"
        return ["haproxy", "-f", str(path)]
