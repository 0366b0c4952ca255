"""Sources with no framing behind HAProxy's one port, nginx's port for sources, and nginx's wrong one."""

import contextlib
import itertools
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs.documents import filled
from tests.programs.heard import check_tone
from tests.programs.program import Program
from tests.support.audio import media
from tests.support.http.exchange import connect, read_answer
from tests.support.http.listener import Listener
from tests.support.processes.haproxy_process import HAProxyProcess
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.proxy_process import ProxyProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

TONE_HZ = 440.0
AUDIO_SECONDS = 8.0
# More than encoders have decoders throw away.
PRE_SKIP_SECONDS = 0.1
# Ten encoders and their listeners start at once, on a machine that others use too.
START_SECONDS = 40.0

REFUSED_SECONDS = 20.0

_READ = "ffmpeg -v error -nostdin -re -i FILE -c copy -page_duration 20000 -f ogg"
_ICECAST = "-content_type audio/ogg icecast://source:INGEST_KEY@radio.example.org:8000/ingest/STREAM_ID"

# All send bytes until they close, but for Liquidsoap: its `Host` is empty, which nginx refuses.
SOURCES = {
    "put": f"exec {_READ} {_ICECAST}",
    "source": f"exec {_READ} -legacy_icecast 1 {_ICECAST}",
    "shout": (
        "shout --format ogg --host radio.example.org --port 8000 --user source --pass INGEST_KEY"
        " --mount /ingest/STREAM_ID < FILE"
    ),
    "shout2send": (
        f"exec gst-launch-1.0 -q audiotestsrc is-live=true freq={TONE_HZ:g} ! opusenc"
        " ! oggmux max-page-delay=20000000"
        " ! shout2send ip=radio.example.org port=8000 password=INGEST_KEY mount=/ingest/STREAM_ID"
    ),
    "liquidsoap": (
        'exec liquidsoap \'set("init.allow_root", true) output.icecast(method="post", chunked=true,'
        ' %ffmpeg(format="ogg", page_duration=20000, %audio(codec="libopus", b="96k", samplerate=48000)),'
        ' host="radio.example.org", port=8000, mount="/ingest/STREAM_ID", password="INGEST_KEY",'
        f" sine({TONE_HZ:g}.))'"
    ),
}

# What each says when it is cut off at a port that speaks HTTP.
REFUSALS = {
    "put": r"End of file|Input/output error|Connection reset by peer|Broken pipe",
    "source": r"End of file|Input/output error|Connection reset by peer|Broken pipe",
    "shout": r"Error connecting: (Login failed|Socket error)",
    "shout2send": r"shout_open\(\) failed: err=(Login failed|Socket error)",
}

# What each says of a wrong key.
WRONG_KEYS = {
    "put": r"Server returned 401 Unauthorized",
    "shout": r"Error connecting: Login failed",
    "shout2send": r"shout_open\(\) failed: err=Login failed",
}


@dataclass(frozen=True)
class Station:
    """A server behind both proxies."""

    server: AudiocastServer
    proxies: Mapping[str, ProxyProcess]
    folder: Path

    def program(self, source: str, stream: Started, port: int, key: str = "") -> Program:
        """Make a source client ready; a key of "" is the stream's."""
        file = media.opus_file(self.folder, seconds=60, tone_hz=TONE_HZ)
        command = filled(SOURCES[source].replace("FILE", str(file)), self.server, stream, port=port, key=key)
        return Program(command, log=self.folder / f"{stream.stream_id}.log", folder=self.folder)


@dataclass(frozen=True)
class OnAir:
    """A source client and one who listens to it."""

    program: Program
    listener: Listener


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("proxies")
    with (
        AudiocastServer(folder / "server.log", HEADER_WAIT_TIMEOUT=START_SECONDS) as server,
        NginxProcess(folder / "nginx", server.port) as nginx,
        HAProxyProcess(folder / "haproxy", server.port) as haproxy,
    ):
        yield Station(server, {"nginx": nginx, "haproxy": haproxy}, folder)


@pytest.fixture(scope="module")
def on_air(station: Station) -> Iterator[dict[tuple[str, str], OnAir]]:
    """All source clients through both proxies at the same time, and through each of them its listener."""
    with contextlib.ExitStack() as stack:
        running = {}
        for source, (name, proxy) in itertools.product(SOURCES, station.proxies.items()):
            stream = station.server.start_stream()
            program = stack.enter_context(station.program(source, stream, proxy.source_port))
            # Chunked framing is nginx's answer to HTTP/1.1, and in the way here.
            path = f"/stream/{stream.stream_id}?preroll=0"
            listener = stack.enter_context(Listener(proxy.port, path, version="HTTP/1.0"))
            running[source, name] = OnAir(program, listener)
        yield running


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
@pytest.mark.parametrize("source", SOURCES)
def test_a_source_without_framing_is_heard(
    on_air: dict[tuple[str, str], OnAir], source: str, proxy: str
) -> None:
    running = on_air[source, proxy]
    heard = running.listener
    running.program.wait_for(
        lambda: heard.size_bytes > 0 and heard.capture().seconds >= AUDIO_SECONDS + PRE_SKIP_SECONDS,
        f"{AUDIO_SECONDS} s of audio",
        START_SECONDS,
    )
    heard.capture().check_one_stream()
    check_tone(heard.body, TONE_HZ, seconds=AUDIO_SECONDS)


@pytest.mark.parametrize("source", REFUSALS)
def test_it_is_cut_off_at_a_port_that_speaks_http(station: Station, source: str) -> None:
    stream = station.server.start_stream()
    with station.program(source, stream, station.proxies["nginx"].port) as program:
        assert program.wait(REFUSED_SECONDS) != 0
        assert re.search(REFUSALS[source], program.output)
    assert station.server.state(stream.stream_id)["state"] == "waiting"


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
@pytest.mark.parametrize("source", WRONG_KEYS)
def test_it_says_that_the_key_is_wrong(station: Station, source: str, proxy: str) -> None:
    stream = station.server.start_stream()
    with station.program(source, stream, station.proxies[proxy].source_port, key="wrong") as program:
        assert program.wait(REFUSED_SECONDS) != 0
        assert re.search(WRONG_KEYS[source], program.output)


def test_an_encoder_may_begin_slowly(station: Station) -> None:
    """HAProxy decides by the first bytes, which need not come together."""
    stream = station.server.start_stream()
    with connect(station.proxies["haproxy"].port) as connection:
        for part in (
            b"P",
            b"UT /in",
            b"gest/" + stream.stream_id.encode(),
            b" HTTP/1.1\r\nHost: x\r\n",
            b"\r\n",
        ):
            connection.sendall(part)
            time.sleep(0.05)
        assert read_answer(connection).error == "key_missing"


def test_a_source_may_ask_first_on_the_same_connection(station: Station) -> None:
    """HAProxy decides once for a connection, by its first request."""
    stream = station.server.start_stream()
    put = f"PUT /ingest/{stream.stream_id}?key={stream.ingest_key} HTTP/1.1\r\nHost: x\r\n"
    with connect(station.proxies["haproxy"].port) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        while not (answer := connection.recv(4096)).endswith(b"\r\n\r\n"):
            assert answer, "expected an answer and an open connection"
        connection.sendall(put.encode() + b"\r\n" + media.opus_file(station.folder, seconds=3).read_bytes())
        assert station.server.wait_for_state(stream.stream_id, "live")["channels"] == 2
