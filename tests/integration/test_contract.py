"""The HTTP contract, route by route, on a server that runs."""

import io
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import png
import pytest
import qrcode
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import Answer, connect, exchange, read_answer
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

TOKEN = "a-token-for-tests"
SECRET = "a-secret-for-tests-1"
QR_BORDER_MODULES = 4
STATE_FIELDS = {
    "stream_id",
    "title",
    "live",
    "started_at",
    "listeners",
    "bitrate_bps",
    "channels",
    "owner",
    "now_playing",
}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    """A server where anyone may start a stream."""
    log = tmp_path_factory.mktemp("contract") / "server.log"
    with AudiocastServer(log, NODE_NAME="node-1", LOG_LEVEL="debug", SECRET_KEYS=SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def closed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    """A server that wants a token."""
    log = tmp_path_factory.mktemp("tokens") / "server.log"
    settings = AudiocastServer(log, API_TOKENS=f"another-token-of-ours, {TOKEN}", LOG_LEVEL="debug")
    with settings as server:
        yield server


def start(server: AudiocastServer, body: bytes = b"", headers: str = "") -> Answer:
    """Ask for a stream, byte by byte."""
    length = f"Content-Length: {len(body)}\r\n"
    head = f"POST /api/start HTTP/1.1\r\nHost: radio.example\r\n{headers}{length}\r\n"
    return exchange(server.port, head.encode() + body)


def test_a_browser_gets_a_page_where_nothing_is(server: AudiocastServer) -> None:
    answer = requests.get(f"{server.base}/nope", headers={"Accept": "text/html"}, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert "<!DOCTYPE html>" in answer.text


def test_start_gives_a_key_and_links(open_server: AudiocastServer) -> None:
    answer = start(open_server)
    said = json.loads(answer.body)
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-store"
    stream_id, key = said["stream_id"], said["ingest_key"]
    assert re.fullmatch(r"[a-z2-9]{10}", stream_id)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", key), "the key can be put into a URL as it is"
    assert said == {
        "stream_id": stream_id,
        "ingest_key": key,
        "ingest_url": f"http://radio.example/ingest/{stream_id}",
        "listen_url": f"http://radio.example/listen/{stream_id}",
        "stream_url": f"http://radio.example/stream/{stream_id}",
        "qr_url": f"http://radio.example/listen/{stream_id}/qr.svg",
        "access_code": None,
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[" * 60_000, "bad_json"),
        (b"[]", "bad_request"),
        (b'"text"', "bad_request"),
        (b'{"title": 1}', "bad_request"),
        (b'{"titel": "typing mistake"}', "bad_request"),
        (json.dumps({"title": "x" * 201}).encode(), "bad_request"),
    ],
)
def test_a_body_that_start_does_not_know_is_refused(
    open_server: AudiocastServer, body: bytes, code: str
) -> None:
    answer = start(open_server, body)
    assert (answer.status, answer.error) == (400, code)


def test_an_id_may_be_chosen_only_with_a_token(
    open_server: AudiocastServer, closed_server: AudiocastServer
) -> None:
    refused = start(open_server, b'{"id": "my-radio"}')
    assert (refused.status, refused.error) == (403, "id_needs_token")
    bearer = f"Authorization: Bearer {TOKEN}\r\n"
    answer = start(closed_server, b'{"id": "my-radio", "title": "Mine"}', bearer)
    assert (answer.status, json.loads(answer.body)["stream_id"]) == (201, "my-radio")
    for bad in ("", "-x", "a b", "a/b", "é", "x" * 65, "..", "a\x00"):
        answer = start(closed_server, json.dumps({"id": bad}).encode(), bearer)
        assert (bad, answer.status, answer.error) == (bad, 400, "bad_request")


@pytest.mark.parametrize(
    "headers", ["", "Authorization: Bearer wrong\r\n", "Authorization: Bearer \r\n", f"X-Token: {TOKEN}\r\n"]
)
def test_start_needs_a_token_when_there_are_tokens(closed_server: AudiocastServer, headers: str) -> None:
    answer = start(closed_server, headers=headers)
    assert (answer.status, answer.error) == (401, "token_needed")
    assert "www-authenticate" in answer.headers


def test_links_are_those_that_a_trusted_proxy_was_asked_for(open_server: AudiocastServer) -> None:
    forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: live.example:8443\r\n"
    said = json.loads(start(open_server, headers=forwarded).body)
    assert said["listen_url"].startswith("https://live.example:8443/listen/")
    said = json.loads(start(open_server, headers="X-Forwarded-Host: <script>, b\r\n").body)
    assert said["listen_url"].startswith("http://radio.example/listen/")


def test_links_do_not_believe_a_stranger(tmp_path: Path) -> None:
    forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
    with AudiocastServer(tmp_path / "server.log", TRUSTED_PROXIES="10.0.0.0/8") as server:
        said = json.loads(start(server, headers=forwarded).body)
        assert said["listen_url"].startswith("http://radio.example/")


def test_links_believe_no_host_but_that_of_the_request_if_so_set(tmp_path: Path) -> None:
    forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
    with AudiocastServer(tmp_path / "server.log", TRUST_FORWARDED_HOST="false") as server:
        said = json.loads(start(server, headers=forwarded).body)
        assert said["listen_url"].startswith("https://radio.example/")


def test_links_are_built_on_the_domain_that_is_set(tmp_path: Path) -> None:
    settings = {"STREAM_DOMAIN": "fm.example", "STREAM_SCHEME": "https"}
    forwarded = "X-Forwarded-Proto: http\r\nX-Forwarded-Host: other.example\r\n"
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        said = json.loads(start(server, headers=forwarded).body)
        assert said["stream_url"] == f"https://fm.example/stream/{said['stream_id']}"


def test_state_and_list(open_server: AudiocastServer) -> None:
    started = open_server.start_stream(title="Jazz", visibility="public")
    waiting = open_server.state(started.stream_id)
    assert set(waiting) >= STATE_FIELDS
    assert (waiting["live"], waiting["started_at"], waiting["channels"]) == (False, None, None)
    assert started.stream_id not in _listed(open_server)
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        live = open_server.wait_for_state(started.stream_id, "live")
        assert started.stream_id in _listed(open_server)
    assert set(live) >= STATE_FIELDS
    assert (live["stream_id"], live["title"], live["live"]) == (started.stream_id, "Jazz", True)
    assert (live["owner"], live["channels"], live["listeners"]) == ("node-1", 1, 0)
    assert live["started_at"] > 1.7e9
    # 240-byte packets, 50 a second, and 28 bytes of Ogg for each.
    assert live["bitrate_bps"] == pytest.approx(268 * 50 * 8, rel=0.02)


def test_the_state_of_an_unknown_stream_is_a_404(open_server: AudiocastServer) -> None:
    answer = exchange(open_server.port, b"GET /api/streams/nobody HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.error) == (404, "stream_not_found")


@pytest.mark.parametrize("way", ["query", "basic", "bearer"])
def test_metadata_is_shown_with_the_key_in_each_place(open_server: AudiocastServer, way: str) -> None:
    started = open_server.start_stream()
    key = started.ingest_key
    url = f"{open_server.base}/api/streams/{started.stream_id}/metadata"
    ways: dict[str, dict[str, Any]] = {
        "query": {"params": {"key": key}},
        "basic": {"auth": ("anyone", key)},
        "bearer": {"headers": {"Authorization": f"Bearer {key}"}},
    }
    given = ways[way]
    song = {"title": "Песня", "artist": "Band"}
    assert requests.put(url, json=song, timeout=10).status_code == 401
    assert open_server.state(started.stream_id)["now_playing"] is None
    assert requests.put(url, json=song, timeout=10, **given).status_code == 204
    assert open_server.state(started.stream_id)["now_playing"] == song
    unknown: tuple[object, ...] = ({"titel": "x"}, [], {"title": "x" * 201})
    for bad in unknown:
        assert requests.put(url, json=bad, timeout=10, **given).json()["error"] == "bad_request"
    assert requests.put(url, data=b"{", timeout=10, **given).json()["error"] == "bad_json"
    assert open_server.state(started.stream_id)["now_playing"] == song


def test_the_last_tracks_have_a_place_of_their_own(open_server: AudiocastServer) -> None:
    started = open_server.start_stream()
    url, key = f"{open_server.base}/api/streams/{started.stream_id}", {"key": started.ingest_key}
    began = time.time()
    for title in ("One", "Two"):
        requests.put(f"{url}/metadata", json={"title": title, "artist": "Band"}, params=key, timeout=10)
    answer = requests.get(f"{url}/history", timeout=10)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    two, one = answer.json()["tracks"]
    assert (two["title"], one["title"], one["artist"]) == ("Two", "One", "Band")
    assert began - 1 < one["started_at"] <= two["started_at"] < time.time() + 1
    assert "history" not in open_server.state(started.stream_id)
    assert requests.get(f"{open_server.base}/api/streams/nobody/history", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("song", "title"),
    [("Band+-+Song", "Band - Song"), ("%D0%9F%D0%B5%D1%81%D0%BD%D1%8F", "Песня"), ("caf%E9", "café")],
)
def test_metadata_of_icecast_clients(open_server: AudiocastServer, song: str, title: str) -> None:
    started = open_server.start_stream()
    mount = f"/ingest/{started.stream_id}"
    url = f"{open_server.base}/admin/metadata?mode=updinfo&song={song}"
    auth = ("source", started.ingest_key)
    assert requests.get(f"{url}&mount={mount}", timeout=10).status_code == 401
    assert requests.get(f"{url}&mount=/other", auth=auth, timeout=10).json()["error"] == "bad_mount"
    assert requests.get(url, auth=auth, timeout=10).json()["error"] == "argument_missing"
    answer = requests.get(f"{url}&mount={mount}", auth=auth, timeout=10)
    assert (answer.status_code, "<return>1</return>" in answer.text) == (200, True)
    assert open_server.state(started.stream_id)["now_playing"] == {"title": title, "artist": ""}


def test_metadata_never_touches_the_bitstream_and_comes_as_an_event(open_server: AudiocastServer) -> None:
    started = open_server.start_stream(title="Events")
    url = f"{open_server.base}/api/streams/{started.stream_id}"
    with requests.get(f"{url}/events", stream=True, timeout=10) as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        states = _states(events)
        assert next(states)["state"] == "waiting"
        key = {"key": started.ingest_key}
        began = time.monotonic()
        for title in ("One", "Two", "Three", "Song"):
            requests.put(f"{url}/metadata", json={"title": title}, params=key, timeout=10)
            assert next(states)["now_playing"] == {"title": title, "artist": ""}
        # A title a second, told at once: four looks of their own at the state, 2 s apart, would take 8 s.
        assert time.monotonic() - began < 7
        with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
            live = next(state for state in states if state["state"] == "live")
            assert live["now_playing"] == {"title": "Song", "artist": ""}
        assert next(state for state in states if state["state"] == "held")
        requests.delete(url, params=key, timeout=10)
        assert next(state for state in states if state["state"] == "ended")


def test_the_qr_codes_are_of_the_listen_link(open_server: AudiocastServer) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "live.example"}
    url = f"{open_server.base}/listen/abc/qr"
    drawing = requests.get(f"{url}.svg", headers=headers, timeout=10)
    picture = requests.get(f"{url}.png", headers=headers, timeout=10)
    assert drawing.headers["Content-Type"] == "image/svg+xml"
    assert picture.headers["Content-Type"] == "image/png"
    expected = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QR_BORDER_MODULES)
    expected.add_data("https://live.example/listen/abc")
    expected.make(fit=True)
    matrix = expected.get_matrix()
    assert _modules(picture.content, len(matrix)) == matrix
    assert drawing.content.startswith(b"<?xml")
    dark = sum(map(sum, matrix))
    assert len(re.findall(r"M\s*\d", drawing.text)) == dark, "one square for each dark module"


@pytest.mark.parametrize(
    ("domain", "scope"), [("", "private"), ("fm.example", "public")], ids=["any host", "one domain"]
)
def test_shared_caches_keep_no_link_that_depends_on_the_request(
    tmp_path: Path, domain: str, scope: str
) -> None:
    with AudiocastServer(tmp_path / "server.log", STREAM_DOMAIN=domain) as server:
        forged = {"X-Forwarded-Host": "evil.example"}
        for name in ("qr.svg", "qr.png"):
            answer = requests.get(f"{server.base}/listen/abc/{name}", headers=forged, timeout=10)
            assert answer.headers["Cache-Control"] == f"{scope}, max-age=3600"
        for path in ("/", "/listen/abc", "/embed/abc"):
            answer = requests.get(server.base + path, headers=forged, timeout=10)
            assert answer.headers["Cache-Control"] == "private, no-cache"


def test_many_codes_at_once_are_refused_as_the_contract_has_it(open_server: AudiocastServer) -> None:
    hosts = [f"{number}." + "a" * 240 for number in range(60)]
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(open_server.port)) for _ in hosts]
        for host, connection in zip(hosts, connections, strict=True):
            connection.sendall(f"GET /listen/b/qr.svg HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answers = [read_answer(connection, 30) for connection in connections]
    refused = [answer for answer in answers if answer.status != 200]
    assert 16 <= len(answers) - len(refused) < 60
    assert {(answer.status, answer.error) for answer in refused} == {(503, "drawing_busy")}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)


@pytest.mark.parametrize("characters", [256, 2250, 15_000])
def test_a_host_longer_than_any_makes_an_ordinary_code(open_server: AudiocastServer, characters: int) -> None:
    url = f"{open_server.base}/listen/abc/qr.png"
    answer = requests.get(url, headers={"Host": "a" * characters}, timeout=30)
    expected = requests.get(url, headers={"Host": "localhost"}, timeout=10)
    assert (answer.status_code, answer.content) == (200, expected.content)


@pytest.mark.parametrize("path", ["/", "/listen/abc"])
def test_pages_let_in_nothing_foreign(open_server: AudiocastServer, path: str) -> None:
    page = requests.get(open_server.base + path, timeout=10)
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//(?!127\.0\.0\.1)""", page.text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page.text), "an inline script"


def test_only_the_decoders_worker_may_compile_and_it_reaches_nothing(open_server: AudiocastServer) -> None:
    url = f"{open_server.base}/static/player/live"
    policies = {
        name: requests.get(f"{url}/{name}", timeout=10).headers.get("Content-Security-Policy")
        for name in ("wasm_worker.js", "worklet.js", "decoder.js")
    }
    strict = "default-src 'none'; script-src 'self' 'unsafe-eval'"
    assert policies == {"wasm_worker.js": strict, "worklet.js": None, "decoder.js": None}


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        ("GET /nothing HTTP/1.1", 404, "not_found"),
        ("POST / HTTP/1.1", 405, "method_not_allowed"),
        ("GET /api/start HTTP/1.1", 405, "method_not_allowed"),
        ("GET /ingest/abc HTTP/1.1", 405, "method_not_allowed"),
        ("DELETE /stream/abc HTTP/1.1", 405, "method_not_allowed"),
        ("GET /static/nothing.js HTTP/1.1", 404, "not_found"),
        ("GET /static/../settings.py HTTP/1.1", 403, "forbidden"),
        ("GET /listen/a%20b HTTP/1.1", 404, "bad_stream_id"),
        ("BREW / HTTP/1.1", 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_form(
    open_server: AudiocastServer, request_line: str, status: int, code: str
) -> None:
    answer = exchange(open_server.port, f"{request_line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.status == status
    assert answer.error == code


def test_metrics_are_clean(open_server: AudiocastServer) -> None:
    url = f"http://127.0.0.1:{open_server.internal_port}"
    requests.get(f"{open_server.base}/api/streams", timeout=10)
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        answer = requests.get(f"{url}/metrics", headers={"Accept": accept}, timeout=10)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(accept.partition(";")[0])
    text = requests.get(f"{url}/metrics", timeout=10).text
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30
    )
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("audiocast_")]
    assert not complaints
    assert 'audiocast_build_info{node="node-1"' in text


def test_metrics_are_not_on_the_public_port_nor_the_api_on_the_internal_one(
    open_server: AudiocastServer,
) -> None:
    for path in ("/metrics", "/readyz", "/livez"):
        assert requests.get(open_server.base + path, timeout=10).status_code == 404
    internal = f"http://127.0.0.1:{open_server.internal_port}"
    assert requests.get(f"{internal}/livez", timeout=10).text == "ok\n"
    assert requests.get(f"{internal}/readyz", timeout=10).text == "ok\n"
    assert requests.get(f"{internal}/api/streams", timeout=10).status_code == 404


def test_no_key_token_or_secret_is_in_any_log(
    open_server: AudiocastServer, closed_server: AudiocastServer
) -> None:
    started = open_server.start_stream(title="Quiet")
    key = started.ingest_key
    _use_the_key_everywhere(open_server, started)
    start(closed_server, headers=f"Authorization: Bearer {TOKEN}\r\n")
    said = open_server.log.read_text()
    assert '"path"' in said, "requests are logged at this level"
    mac = key.rpartition(".")[2]
    for secret in (key, mac, SECRET):
        assert secret not in said
    assert TOKEN not in closed_server.log.read_text()
    for line in said.splitlines():
        event = json.loads(line)
        assert event["node"] == "node-1"


def _use_the_key_everywhere(server: AudiocastServer, started: Started) -> None:
    key = {"key": started.ingest_key}
    url = f"{server.base}/api/streams/{started.stream_id}"
    with PacedSource(started.keyed_url, numbered_audio(seconds=5)):
        server.wait_for_state(started.stream_id, "live")
    requests.post(started.keyed_url, data=b"no audio", timeout=10)
    requests.post(f"{server.base}/ingest/other", params=key, data=b"x", timeout=10)
    requests.put(f"{url}/metadata", params=key, data=b"{", timeout=10)
    requests.get(f"{server.base}/nothing", params=key, timeout=10)
    requests.get(f"{server.base}/stream/{started.stream_id}", params={**key, "preroll": "x"}, timeout=10)
    requests.delete(url, headers={"Authorization": f"Bearer {started.ingest_key}"}, timeout=10)


def _listed(server: AudiocastServer) -> list[str]:
    streams = requests.get(f"{server.base}/api/streams", timeout=10).json()["streams"]
    return [stream["stream_id"] for stream in streams]


def _states(events: requests.Response) -> Iterator[dict[str, Any]]:
    for line in events.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def _modules(image: bytes, size: int) -> list[list[bool]]:
    """Return a QR code's modules by the middle pixel of each; dark is True."""
    width, height, rows, _ = png.Reader(file=io.BytesIO(image)).read()
    assert width == height
    pixels = [list(row) for row in rows]
    step = width // size
    assert step * size == width
    middles = [step * index + step // 2 for index in range(size)]
    return [[pixels[y][x] == 0 for x in middles] for y in middles]
