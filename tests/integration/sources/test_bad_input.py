"""Whatever comes in wrong gets a 4xx that says so, and a stream with a listener goes on beside it all."""

import base64
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from audiocast.ogg.page import HEADER_BYTES, MAX_PAGE_BYTES
from tests.integration.on_air import OnAir
from tests.support.audio import media as media_files
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import Answer, connect, exchange, read_answer
from tests.support.http.listener import Listener
from tests.support.http.source import Framing, PacedSource, framed, ingest_head, timed_pages
from tests.support.processes.server import AudiocastServer, Started

GRACE_SECONDS = 3
LEAD_SECONDS = 3
# The server's bound for a request's head.
HEAD_TIMEOUT_SECONDS = 15.0

FRAMINGS: tuple[Framing, ...] = ("chunked", "raw")


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    settings = AudiocastServer(
        tmp_path_factory.mktemp("bad") / "server.log",
        SOURCE_GRACE_SECONDS=GRACE_SECONDS,
        INGEST_LEAD_SECONDS=LEAD_SECONDS,
        INGEST_FORMATS="none",
    )
    with settings as server:
        started = server.start_stream(title="Undisturbed")
        with PacedSource(started.keyed_url, numbered_audio(seconds=300)):
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                listener.wait_for_audio(1)
                yield OnAir(server, started, listener)
                # After all of it, the stream still lives.
                listener.wait_for_audio(listener.capture().seconds + 2)


@pytest.fixture(autouse=True)
def undisturbed(on_air: OnAir) -> Iterator[None]:
    """Hold the listener's stream against what was sent, after each test."""
    yield
    listener = on_air.listener
    capture = listener.capture()
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a packet is missing or foreign"
    assert listener.end is None
    assert on_air.server.state(on_air.started.stream_id)["state"] == "live"


@pytest.fixture
def other(on_air: OnAir) -> Started:
    """A stream of its own, for sources that bring some audio before they go wrong."""
    return on_air.server.start_stream()


def post(url: str, body: bytes, framing: Framing) -> Answer:
    """Send a body that a reader cannot take; the connection stays open until it has answered."""
    target = url.partition("//")[2].partition("/")[2]
    port = int(url.split("/")[2].rpartition(":")[2])
    with connect(port) as connection:
        data = body if framing == "raw" else framed(body) + b"0\r\n\r\n" if body else b"0\r\n\r\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(ingest_head(f"/{target}", framing) + data)
        return read_answer(connection)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (media_files.mp3_file, "MP3"),
        (media_files.aac_file, "AAC"),
        (media_files.mp4_file, "MP4"),
        (media_files.webm_file, "WebM"),
        (media_files.wav_file, "WAV"),
        (media_files.flac_file, "FLAC"),
        (media_files.vorbis_file, "Vorbis"),
        (media_files.ogg_flac_file, "FLAC"),
    ],
)
def test_another_format_is_refused_by_its_name(
    on_air: OnAir, media: Path, make: Callable[[Path], Path], name: str, framing: Framing
) -> None:
    answer = post(on_air.started.keyed_url, make(media).read_bytes(), framing)
    assert (answer.status, answer.error) == (415, "not_ogg_opus")
    assert name.lower() in answer.body.decode().lower()


@pytest.mark.parametrize("framing", FRAMINGS)
def test_two_streams_side_by_side_are_refused(on_air: OnAir, media: Path, framing: Framing) -> None:
    body = media_files.multiplexed_file(media).read_bytes()
    answer = post(on_air.started.keyed_url, body, framing)
    assert (answer.status, answer.error) == (415, "multiplexed")


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    ("page", "offset", "status", "code"),
    [
        (0, 0, 415, "not_ogg_opus"),
        (0, 4, 400, "bad_page_version"),
        (0, HEADER_BYTES + 8, 400, "bad_crc"),
    ],
)
def test_a_flipped_bit_before_the_head_leaves_the_stream_alone(
    on_air: OnAir, page: int, offset: int, status: int, code: str, framing: Framing
) -> None:
    pages = [bytearray(data) for data, _ in timed_pages(numbered_audio(seconds=0.2))]
    pages[page][offset] ^= 0x10
    answer = post(on_air.started.keyed_url, b"".join(pages), framing)
    assert (answer.status, answer.error) == (status, code)


@pytest.mark.parametrize(
    ("page", "offset", "code"),
    [
        (1, 22, "bad_crc"),
        (2, 6, "bad_crc"),
        (30, 0, "lost_sync"),
        (30, HEADER_BYTES + 20, "bad_crc"),
        (30, 22, "bad_crc"),
    ],
)
def test_a_flipped_bit_later_is_counted_and_the_source_goes_on(
    on_air: OnAir, other: Started, page: int, offset: int, code: str
) -> None:
    label = f'{{code="{code}"}}'
    before = on_air.server.metric("audiocast_source_faults_total", label)
    pages = [bytearray(data) for data, _ in timed_pages(numbered_audio(seconds=1))]
    pages[page][offset] ^= 0x01
    assert post(other.keyed_url, b"".join(pages), "chunked").status == 200
    assert on_air.server.metric("audiocast_source_faults_total", label) == before + 1


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_source_that_is_mostly_bad_is_told(other: Started, framing: Framing) -> None:
    pages = [bytearray(data) for data, _ in timed_pages(numbered_audio(seconds=4))]
    for page in pages[3:]:
        page[-1] ^= 0x01
    answer = post(other.keyed_url, b"".join(pages), framing)
    assert (answer.status, answer.error) == (400, "too_damaged")


def test_a_body_that_ends_inside_a_page(on_air: OnAir, other: Started) -> None:
    answer = post(other.keyed_url, numbered_audio(seconds=1)[:-100], "chunked")
    assert (answer.status, answer.error) == (400, "truncated")
    _leave_raw(on_air, other, numbered_audio(seconds=1)[:-100], code="truncated")


def test_headers_only(on_air: OnAir) -> None:
    headers = b"".join(page for page, _ in timed_pages(numbered_audio(seconds=0.1))[:2])
    answer = post(on_air.started.keyed_url, headers, "chunked")
    assert (answer.status, answer.error) == (400, "no_audio")
    _leave_raw(on_air, on_air.started, headers, code="no_audio")


def test_no_bytes_at_all(on_air: OnAir) -> None:
    answer = post(on_air.started.keyed_url, b"", "chunked")
    assert (answer.status, answer.error) == (400, "no_audio")
    _leave_raw(on_air, on_air.started, b"", code="no_audio")
    with_length = requests.post(on_air.started.keyed_url, data=b"", timeout=10)
    assert (with_length.status_code, with_length.json()["error"]) == (400, "no_audio")


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_source_ten_times_faster_than_real_time(other: Started, framing: Framing) -> None:
    with PacedSource(other.keyed_url, numbered_audio(seconds=60), framing=framing, speed=10) as source:
        answer = source.answer()
        assert (answer.status, answer.error) == (429, "too_fast")
        assert "retry-after" in answer.headers
        assert source.sent_seconds > LEAD_SECONDS


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_source_with_too_many_bytes(other: Started, framing: Framing) -> None:
    audio = numbered_audio(seconds=10, packet_bytes=20_000)
    with PacedSource(other.keyed_url, audio, framing=framing) as source:
        answer = source.answer()
    assert (answer.status, answer.error) == (429, "too_fast")


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ("", "key_missing"),
        ("?key=", "key_missing"),
        ("?key=wrong", "bad_key"),
        ("?key=ac1..AAAAAAAAAAAAAAAAAAAAAA", "bad_key"),
        ("?key=%00%FF", "bad_key"),
        ("?key=" + "x" * 5000, "bad_key"),
        ("OTHER", "bad_key"),
    ],
)
def test_a_wrong_key_or_none(
    on_air: OnAir, other: Started, credentials: str, code: str, framing: Framing
) -> None:
    credentials = f"?key={other.ingest_key}" if credentials == "OTHER" else credentials
    answer = post(on_air.started.ingest_url + credentials, numbered_audio(seconds=1), framing)
    assert (answer.status, answer.error) == (401, code)
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize(
    "value",
    ["Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(), "Bearer", "Digest x", "Bearer é"],
)
def test_an_authorization_that_is_none(on_air: OnAir, value: str) -> None:
    head = f"POST /ingest/{on_air.started.stream_id} HTTP/1.1\r\nHost: x\r\nAuthorization: {value}\r\n"
    answer = exchange(on_air.server.port, f"{head}Content-Length: 0\r\n\r\n".encode())
    assert answer.status == 401
    assert answer.error in ("key_missing", "bad_key")


def test_an_empty_key_in_the_url_does_not_hide_the_one_in_the_header(on_air: OnAir, other: Started) -> None:
    bearer = {"Authorization": f"Bearer {other.ingest_key}"}
    answer = requests.post(f"{other.ingest_url}?key=", data=b"", headers=bearer, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "no_audio")


def test_credentials_are_checked_before_100_continue(on_air: OnAir) -> None:
    path = f"/ingest/{on_air.started.stream_id}"
    expecting = "Host: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    with connect(on_air.server.port) as connection:
        connection.sendall(f"POST {path}?key=wrong HTTP/1.1\r\n{expecting}".encode())
        first = connection.recv(65_536)
    assert first.startswith(b"HTTP/1.1 401 ")
    other = on_air.server.start_stream()
    with connect(on_air.server.port) as connection:
        target = f"/ingest/{other.stream_id}?key={other.ingest_key}"
        connection.sendall(f"POST {target} HTTP/1.1\r\n{expecting}".encode())
        assert connection.recv(65_536) == b"HTTP/1.1 100 (Continue)\r\n\r\n"


ODD_IDS = [
    "",
    "..",
    ".",
    "%2e%2e",
    "%00",
    "a%00b",
    "%C3%A9",
    "é",
    "%FF",
    "a%20b",
    "a%2Fb",
    "a%0d%0ab",
    "-x",
    "_x",
    "x" * 65,
    "x" * 5000,
    "%",
    "<script>",
]


@pytest.mark.parametrize(
    "line",
    [
        "POST /ingest/{}?key=k",
        "PUT /ingest/{}",
        "GET /stream/{}",
        "GET /stream/{}.opus",
        "GET /listen/{}",
        "GET /listen/{}/qr.svg",
        "GET /api/streams/{}",
        "GET /api/streams/{}/events",
        "DELETE /api/streams/{}",
        "PUT /api/streams/{}/metadata",
    ],
)
def test_an_id_that_can_be_none(on_air: OnAir, line: str) -> None:
    headers = "Host: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    for stream_id in ODD_IDS:
        request = f"{line.format(stream_id)} HTTP/1.1\r\n{headers}"
        answer = exchange(on_air.server.port, request.encode())
        assert 400 <= answer.status < 500, stream_id
        assert answer.error, stream_id


@pytest.mark.parametrize("size", [20_000, 100_000, 1_000_000])
@pytest.mark.parametrize("where", ["one header", "many headers", "the path"])
@pytest.mark.parametrize("line", ["GET /api/streams", "POST /ingest/abc"])
def test_a_huge_head(on_air: OnAir, line: str, where: str, size: int) -> None:
    many = "".join(f"X-{number}: {'x' * 90}\r\n" for number in range(size // 100))
    filling = {
        "one header": f" HTTP/1.1\r\nHost: x\r\nX-Filling: {'x' * size}\r\n",
        "many headers": f" HTTP/1.1\r\nHost: x\r\n{many}",
        "the path": f"?x={'x' * size} HTTP/1.1\r\nHost: x\r\n",
    }[where]
    answer = exchange(on_air.server.port, f"{line}{filling}\r\n".encode())
    assert (answer.status, answer.error) == (431, "headers_too_large")


@pytest.mark.parametrize("framing_header", ["Content-Length: 5", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/api/streams", "/stream/{id}", "/listen/{id}", "/"])
def test_a_body_on_a_request_that_has_none(
    on_air: OnAir, path: str, method: str, framing_header: str
) -> None:
    path = path.format(id=on_air.started.stream_id)
    body = "hello" if "Length" in framing_header else "5\r\nhello\r\n0\r\n\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{framing_header}\r\n\r\n"
    answer = exchange(on_air.server.port, (head + body).encode())
    assert answer.status == 400
    if method == "GET":
        assert answer.error == "unexpected_body"


def test_audio_in_the_body_of_a_get_is_no_source(on_air: OnAir) -> None:
    other = on_air.server.start_stream()
    head = ingest_head(f"/ingest/{other.stream_id}?key={other.ingest_key}", "chunked")
    body = framed(numbered_audio(seconds=1)) + b"0\r\n\r\n"
    answer = exchange(on_air.server.port, head.replace(b"POST", b"GET", 1) + body)
    assert (answer.status, answer.error) == (405, "method_not_allowed")
    assert on_air.server.state(other.stream_id)["state"] == "waiting"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /api/start HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/start HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /api/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http(on_air: OnAir, request_bytes: bytes) -> None:
    answer = exchange(on_air.server.port, request_bytes)
    assert 400 <= answer.status < 500


def test_those_who_dawdle_are_told_and_let_go(on_air: OnAir) -> None:
    """All at the same time, since each takes its while."""
    server = on_air.server
    claim = _page_that_never_comes()
    begun = timed_pages(numbered_audio(seconds=0.2))
    streams = [server.start_stream() for _ in range(2)]
    with contextlib.ExitStack() as stack:

        def opened(data: bytes) -> socket.socket:
            connection = stack.enter_context(connect(server.port))
            connection.sendall(data)
            return connection

        def source(framing: Framing, started: Started, body: bytes) -> socket.socket:
            target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
            return opened(ingest_head(target, framing) + (framed(body) if framing == "chunked" else body))

        loris = opened(b"GET /api/streams HTTP/1.1\r\nHost: x\r\n")
        silent = {framing: source(framing, on_air.started, claim) for framing in FRAMINGS}
        audio = b"".join(page for page, _ in begun) + claim
        stalled = {
            framing: source(framing, started, audio)
            for framing, started in zip(FRAMINGS, streams, strict=True)
        }
        for connection in silent.values():
            answer = read_answer(connection, 20)
            assert (answer.status, answer.error) == (400, "no_audio")
        for connection in stalled.values():
            answer = read_answer(connection, 20)
            assert (answer.status, answer.error) == (408, "source_stalled")
        answer = _drip_until_answered(loris)
        assert (answer.status, answer.error) == (408, "request_timeout")


def _drip_until_answered(connection: socket.socket) -> Answer:
    """Send a header letter by letter, as slow-loris does: no pause is long, and there is no end."""
    deadline = time.monotonic() + 2 * HEAD_TIMEOUT_SECONDS
    connection.settimeout(0.5)
    connection.sendall(b"X-Slow: ")
    while time.monotonic() < deadline:
        connection.sendall(b"x")
        try:
            return Answer.parse(connection.recv(65_536))
        except TimeoutError:
            continue
    raise AssertionError("the server has taken a request's head for ever")


def _page_that_never_comes() -> bytes:
    """Begin a page of 65,307 bytes, the largest that there is, and give no more than its header."""
    page = bytearray(timed_pages(numbered_audio(seconds=0.02))[0][0][:HEADER_BYTES])
    page[HEADER_BYTES - 1] = 255
    claim = bytes(page) + b"\xff" * 255
    assert len(claim) + 255 * 255 == MAX_PAGE_BYTES
    return claim


def _leave_raw(on_air: OnAir, started: Started, body: bytes, *, code: str) -> None:
    """Send a body without a frame and go: nobody is there to read an answer, so it must be counted."""
    label = f'{{code="{code}"}}'
    before = on_air.server.metric("audiocast_source_errors_total", label)
    with connect(on_air.server.port) as connection:
        target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
        connection.sendall(ingest_head(target, "raw") + body)
    deadline = time.monotonic() + 10
    while on_air.server.metric("audiocast_source_errors_total", label) == before:
        assert time.monotonic() < deadline, f"no {code} was counted"
        time.sleep(0.05)
