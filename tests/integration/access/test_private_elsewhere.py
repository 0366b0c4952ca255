"""Private streams where something stands between: several workers on one port, nginx as a cache of HLS."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from audiocast.web.public.covers.urls import cover_version
from tests.repo import tree
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.ports import free_port
from tests.support.processes.server import AudiocastServer, Started

TRIES = 12


@contextmanager
def on_air(server: AudiocastServer, visibility: str) -> Iterator[Started]:
    """Put a stream on the air."""
    started = server.start_stream(title="Members only", visibility=visibility)
    with PacedSource(started.keyed_url, numbered_audio(seconds=120)):
        server.wait_until_live(started)
        yield started


def token(server: AudiocastServer, started: Started) -> str:
    url = f"{server.base}/api/streams/{started.stream_id}/listen-links?key={started.ingest_key}"
    return str(requests.post(url, timeout=15).json()["links"][0]["token"])


def statuses(url: str) -> set[int]:
    """Ask again and again, over a connection of its own each time: any worker may answer."""
    return {requests.get(url, timeout=15, headers={"Connection": "close"}).status_code for _ in range(TRIES)}


def test_each_worker_keeps_strangers_out_and_lets_tokens_in(tmp_path: Path) -> None:
    settings: dict[str, str | float] = {"WORKERS": 2, "HEADER_WAIT_TIMEOUT": 0.2, "program": "audiocast"}
    with (
        AudiocastServer(tmp_path / "server.log", **settings) as server,
        on_air(server, "private") as started,
    ):
        state = f"{server.base}/api/streams/{started.stream_id}"
        assert statuses(state) == {404}
        assert statuses(started.stream_url) == {404}
        assert statuses(started.listen_url) == {401}
        good = token(server, started)
        assert statuses(f"{state}?token={good}") == {200}
        path = f"/stream/{started.stream_id}?token={good}"
        listeners = [Listener(server.port, path) for _ in range(TRIES)]
        for listener in listeners:
            listener.wait_for_audio(0.3)
        url = f"{server.base}/api/streams/{started.stream_id}/listen-links/revoke?key={started.ingest_key}"
        assert requests.post(url, timeout=15).status_code == 204
        for listener in listeners:
            assert listener.wait_for_end(5).pages[-1].is_eos
            listener.close()
        # Somebody has waited for it in vain: strangers are told that it waits for its source.
        deadline = time.monotonic() + 15
        while told(f"{state}?token={good}") != {"waiting"}:
            assert time.monotonic() < deadline
        assert told(state) == {"waiting"}
        unknown = "zzzzzzzzzz"
        assert statuses(f"{server.base}/stream/{unknown}") == {404}
        event = first_event(server, started.stream_id)
        assert '"state": "waiting"' in event or '"state":"waiting"' in event
        assert event == first_event(server, unknown)
        assert told(f"{state}?token={token(server, started)}") == {"live"}
        assert statuses(f"{state}?token={token(server, started)}") == {200}


def told(url: str) -> set[str]:
    """Give the states that workers tell of a stream."""
    answers = [requests.get(url, timeout=15, headers={"Connection": "close"}) for _ in range(TRIES)]
    return {answer.json()["state"] for answer in answers}


def first_event(server: AudiocastServer, stream_id: str) -> str:
    """Give the first event of a stream, without its id and without the version that hangs on it."""
    url = f"{server.base}/api/streams/{stream_id}/events"
    with requests.get(url, timeout=15, stream=True) as answer:
        assert answer.status_code == 200
        text: str = next(answer.iter_content(8192)).decode()
    version = cover_version(stream_id, {"title": "", "accent": ""})
    assert version in text
    assert stream_id in text
    # While nobody has it, each worker names itself.
    text = re.sub(r'"owner": ?"[^"]*"', "OWNER", text)
    return text.replace(stream_id, "ID").replace(version, "VERSION")


@contextmanager
def nginx_cache(folder: Path, upstream: int) -> Iterator[str]:
    """Run nginx as the documents have it for HLS; give its URL."""
    found = re.search(r"```nginx\n(proxy_cache_path .*?)```", (tree.ROOT / "docs/hls.md").read_text(), re.S)
    assert found is not None
    port = free_port()
    site = found[1].replace("/var/cache/nginx/hls", str(folder / "cache"))
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "127.0.0.1:8000", f"127.0.0.1:{upstream}"
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths}\n{site}\n}}"
    )
    command = ["nginx", "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    nginx = subprocess.Popen(command)
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                requests.get(base, timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield base
    finally:
        nginx.terminate()
        nginx.wait(30)


def media_of(playlist: requests.Response) -> str:
    """Give the address of the first part or segment that a playlist lists."""
    name = re.findall(r'#EXT-X-PART:.*URI="([^"]+)"', playlist.text)[0]
    return playlist.url.replace("index.m3u8", name)


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_a_cache_keeps_nothing_of_a_private_stream(tmp_path: Path, visibility: str) -> None:
    with (
        AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0.2) as server,
        on_air(server, visibility) as started,
        nginx_cache(tmp_path, server.port) as base,
    ):
        query = f"?token={token(server, started)}" if visibility == "private" else ""
        playlist = requests.get(f"{base}/stream/{started.stream_id}/hls/index.m3u8{query}", timeout=15)
        assert playlist.status_code == 200, playlist.text
        # The address that the server redirects to is a path: a proxy's own host stays.
        assert playlist.url.startswith(base)
        media = media_of(playlist)
        sent = [requests.get(media, timeout=15).content for _ in range(3)]
        assert sent[0]
        assert sent == sent[:1] * 3
        kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        is_kept = any(sent[0] in path.read_bytes() for path in kept)
        assert is_kept == (visibility == "unlisted")
        # What a stranger can ask for: the same name without the token, and with another one.
        plain = re.sub(r"/hls/al1\.[^/]+/", "/hls/", media)
        forged = re.sub(r"/hls/(al1\.[^/]+).{4}/", r"/hls/\1AAAA/", media)
        expected = 404 if visibility == "private" else 200
        assert [requests.get(url, timeout=15).status_code for url in (plain, forged)] == [expected] * 2
