"""A real nginx with the shipped site, and the port for sources that the site's head proposes."""

import os
import re

from tests.support.processes.proxy_process import DEPLOY, HOST, ProxyProcess, changed

SITE = DEPLOY / "nginx" / "audiocast.conf"
# Of its own: log, listening sockets, connections kept open.
SPARE_FILES = 100
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


class NginxProcess(ProxyProcess):
    """See `ProxyProcess`. Its `source_port` is one of its own."""

    def command(self) -> list[str]:
        """Write site and main configuration."""
        (self.folder / "audiocast.conf").write_text(self._site())
        main = self.folder / "nginx.conf"
        main.write_text(self._main())
        return ["nginx", "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(main)]

    def _site(self) -> str:
        """Give the site, its HTTPS lines taken into use."""
        changes = (
            (r"server 127\.0\.0\.1:8000;", f"server {HOST}:{self._upstream_port};"),
            (r"^    listen 80;", f"    listen {HOST}:{self.port};"),
            (r"^    listen \[::\]:80;\n", ""),
            (r"^    #   listen 443 ssl;", f"    listen {HOST}:{self.tls_port} ssl;"),
            (r"^    #   (ssl_certificate )    /etc/letsencrypt/.*;", rf"    \1{self.certificate};"),
            (r"^    #   (ssl_certificate_key )/etc/letsencrypt/.*;", rf"    \1{self._pair.key};"),
            (r"/var/log/nginx/audiocast\.log", str(self.log)),
        )
        return changed(SITE.read_text(), changes)

    def _stream(self) -> str:
        """Give the block in the site's head, uncommented."""
        found = re.search(r"^#   stream \{\n(?:#   .*\n)*?#   \}$", SITE.read_text(), re.MULTILINE)
        assert found, f"expected a block stream {{}} in the head of {SITE.name}"
        block = re.sub(r"^#   ", "", found[0], flags=re.MULTILINE)
        changes = (
            (r"listen 8010;", f"listen {HOST}:{self.source_port};"),
            (r" +listen \[::\]:8010;\n", ""),
            (r"proxy_pass 127\.0\.0\.1:8000;", f"proxy_pass {HOST}:{self._upstream_port};"),
        )
        return changed(block, changes)

    def _main(self) -> str:
        # Workers of a master that is root become nobody, who may not enter a test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n    ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return f"""
load_module {STREAM_MODULE};
daemon off;
{user}
pid {self.folder}/nginx.pid;
# Each listener takes two connections.
worker_rlimit_nofile {2 * self._connections + SPARE_FILES};
events {{ worker_connections {2 * self._connections + SPARE_FILES}; }}
{self._stream()}
http {{
    {paths}
    # As Debian's nginx.conf has them.
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    # The server asks for no buffering too; here the site has to see to it alone.
    proxy_ignore_headers X-Accel-Buffering;
    include {self.folder}/audiocast.conf;
}}
"""
