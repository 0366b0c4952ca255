"""nginx as a cache before the server, by the document: each part is asked for once, however many listen."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.programs.documents import block
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.hls_reader import HlsReader
from tests.support.http.source import PacedSource
from tests.support.processes.proxy_process import HOST, ProxyProcess, changed
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

PLAYERS = 30
PLAY_SECONDS = 6.0


class NginxCache(ProxyProcess):
    """See `ProxyProcess`; speaks HTTP alone."""

    def command(self) -> list[str]:
        """Write the document's site and a main configuration."""
        changes = (
            (r"/var/cache/nginx/hls", f"{self.folder}/cache"),
            (r"listen 80;", f"listen {HOST}:{self.port};"),
            (r"proxy_pass http://127\.0\.0\.1:8000;", f"proxy_pass http://{HOST}:{self._upstream_port};"),
        )
        site = changed(block("hls.md", "Behind caches", "nginx"), changes)
        # Workers of a master that is root become nobody, who may not enter a test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        main = self.folder / "nginx.conf"
        main.write_text(
            f"daemon off; {user} pid {self.folder}/nginx.pid; events {{}}\n"
            f"http {{ {paths} access_log {self.log};\n{site}}}\n"
        )
        return ["nginx", "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(main)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0.2) as server:
        yield server


def test_each_part_and_each_playlist_is_asked_for_once(server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream()
    with (
        NginxCache(tmp_path / "nginx", server.port) as cache,
        PacedSource(started.keyed_url, numbered_audio(seconds=60), lead_seconds=3),
        ThreadPoolExecutor(PLAYERS) as pool,
    ):
        server.wait_for_state(started.stream_id, "live")
        readers = list(
            pool.map(lambda _: HlsReader(cache.base, started.stream_id), range(PLAYERS), timeout=30)
        )
        list(pool.map(lambda reader: reader.read(PLAY_SECONDS), readers, timeout=60))
        for reader in readers:
            reader.fetch(reader.playlist.whole[-1].uri)
        given = {kind: answers(server, kind) for kind in ("part", "segment", "playlist")}
        parts = {uri for reader in readers for uri in reader.media if uri.count(".") == 2}
        segments = {uri for reader in readers for uri in reader.media if uri.count(".") == 1}
        assert given["part"] == len(parts)
        assert given["segment"] == len(segments)
        queries = {url for reader in readers for url in reader.playlists if "?" in url}
        assert given["playlist"] <= len(queries) + 2, "what nobody waits for may be asked for each second"
        # Enough was played for all this to mean something.
        asked = sum(len(reader.media) for reader in readers)
        assert len(parts) >= PLAY_SECONDS / 0.4
        assert asked > 10 * (given["part"] + given["segment"])
        for reader in readers[1:]:
            common = reader.media.keys() & readers[0].media.keys()
            assert {uri: reader.media[uri] for uri in common} == {
                uri: readers[0].media[uri] for uri in common
            }


def test_errors_are_not_kept(server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream()
    with NginxCache(tmp_path / "nginx", server.port) as cache:
        url = f"{cache.base}/stream/{started.stream_id}/hls/index.m3u8"
        assert requests.get(url, timeout=10).status_code == 404
        with PacedSource(started.keyed_url, numbered_audio(seconds=60), lead_seconds=3):
            server.wait_for_state(started.stream_id, "live")
            assert requests.get(url, timeout=10).status_code == 200


def answers(server: AudiocastServer, kind: str) -> float:
    return server.metric("audiocast_hls_answers_total", f'{{kind="{kind}"}}')
