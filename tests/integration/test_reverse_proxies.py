"""The shipped nginx site and HAProxy configuration between encoder, server and listener.

Nothing is lost, held back or told wrong.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import Page
from audiocast.ogg.reader import PageReader
from tests.support.audio import media
from tests.support.audio.capture import read_pages
from tests.support.audio.numbered_audio import number_of
from tests.support.http.socket_source import SocketSource, ask_for_upgrade, numbered_messages, socket_url
from tests.support.processes.haproxy_process import CONFIGURATION, HAProxyProcess
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.proxy_process import ProxyProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

HEADER_PACKETS = 2
LISTEN_SECONDS = 6.0
# The encoder makes a page every 20 ms. A proxy that gathers 4 KiB before it sends shows 3 moments a second.
LEAST_MOMENTS_A_SECOND = 10


@dataclass
class Heard:
    """What a listener got."""

    pages: list[Page] = field(default_factory=list)
    moments: int = 0
    seconds: float = 0.0

    @property
    def packets(self) -> list[bytes]:
        """All packets, the two headers first."""
        return packets_of(self.pages)


def packets_of(pages: list[Page]) -> list[bytes]:
    assembler = PacketAssembler()
    return [packet for page in pages for packet in assembler.push(page)]


@pytest.fixture(params=[NginxProcess, HAProxyProcess])
def proxy(request: pytest.FixtureRequest, tmp_path: Path, server: AudiocastServer) -> Iterator[ProxyProcess]:
    with request.param(tmp_path / "proxy", server.port) as proxy:
        yield proxy


def start_through(proxy: ProxyProcess) -> Started:
    response = requests.post(f"{proxy.base}/api/start", timeout=10)
    assert response.status_code == 201, response.text
    return Started(**response.json())


def listen(url: str, seconds: float) -> Heard:
    """Read a stream for so long; pages that come in one read came at one moment."""
    heard, reader = Heard(), PageReader()
    with requests.get(url, stream=True, timeout=10) as response:
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"] == "audio/ogg"
        start = time.monotonic()
        while heard.seconds < seconds:
            data = response.raw.read1(65_536)
            assert data, f"the stream ended after {heard.seconds:.1f} s, expected {seconds:g} s"
            heard.seconds = time.monotonic() - start
            reader.feed(data)
            pages = list(iter(reader.next_page, None))
            heard.pages += pages
            heard.moments += bool(pages)
    return heard


def test_audio_goes_through_whole_and_steadily(
    tmp_path: Path, server: AudiocastServer, proxy: ProxyProcess
) -> None:
    stream = start_through(proxy)
    file = media.opus_file(tmp_path, seconds=20)
    sent = packets_of(read_pages(file.read_bytes()))
    send = f"ffmpeg -loglevel error -nostdin -re -i {file} -c copy -page_duration 20000 -f ogg -method POST"
    with subprocess.Popen([*send.split(), "-content_type", "audio/ogg", stream.keyed_url]) as encoder:
        try:
            server.wait_for_state(stream.stream_id, "live")
            heard = listen(f"{stream.stream_url}?latency=low&preroll=0", LISTEN_SECONDS)
        finally:
            encoder.kill()

    audio = heard.packets[HEADER_PACKETS:]
    begin = sent.index(audio[0])
    assert audio == sent[begin : begin + len(audio)]
    assert len({page.serial for page in heard.pages}) == 1
    numbers = [page.sequence for page in heard.pages[HEADER_PACKETS:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert heard.moments / heard.seconds > LEAST_MOMENTS_A_SECOND
    assert len(audio) * 0.02 > LISTEN_SECONDS / 2


def test_a_browser_broadcasts_through_it(server: AudiocastServer, proxy: ProxyProcess) -> None:
    stream = start_through(proxy)
    with SocketSource(proxy.base, stream, numbered_messages(30), origin=proxy.base):
        server.wait_for_state(stream.stream_id, "live")
        heard = listen(f"{stream.stream_url}?latency=low&preroll=0", 1.0)
    numbers = [number_of(packet) for packet in heard.packets[HEADER_PACKETS:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert heard.moments > LEAST_MOMENTS_A_SECOND
    foreign = ask_for_upgrade(socket_url(proxy.base, stream), Origin="http://evil.example")
    assert (foreign.status_code, foreign.json()["error"]) == (403, "foreign_origin")


def test_links_are_those_of_the_visitor(proxy: ProxyProcess) -> None:
    plain = start_through(proxy)
    secure = requests.post(f"{proxy.tls_base}/api/start", timeout=10, verify=str(proxy.certificate)).json()
    assert plain.listen_url == f"{proxy.base}/listen/{plain.stream_id}"
    assert secure["listen_url"] == f"{proxy.tls_base}/listen/{secure['stream_id']}"
    assert secure["ingest_url"] == f"{proxy.tls_base}/ingest/{secure['stream_id']}"


def test_a_client_cannot_choose_the_links(proxy: ProxyProcess) -> None:
    lies = {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "https"}
    with requests.Session() as session:
        # On one connection, as browsers have it: each of its requests is looked at.
        links = [
            session.post(f"{proxy.base}/api/start", headers=headers, timeout=10).json()["listen_url"]
            for headers in ({}, lies)
        ]
    assert [link.rpartition("/")[0] for link in links] == [f"{proxy.base}/listen"] * 2


def test_a_refusal_reaches_the_encoder(tmp_path: Path, proxy: ProxyProcess) -> None:
    stream = start_through(proxy)
    # No format of those that a server may convert.
    webm = media.webm_file(tmp_path).read_bytes()
    chunks = (webm[at : at + 1000] for at in range(0, len(webm), 1000))
    response = requests.post(stream.keyed_url, data=chunks, timeout=10)
    assert 400 <= response.status_code < 500
    assert "WebM" in response.json()["message"]


def test_keys_stay_out_of_the_access_log(proxy: ProxyProcess) -> None:
    stream = start_through(proxy)
    requests.post(stream.keyed_url, data=b"no audio", timeout=10)
    metadata = (
        f"/admin/metadata?mode=updinfo&song=x&mount=/ingest/{stream.stream_id}&pass={stream.ingest_key}"
    )
    requests.get(proxy.base + metadata, headers={"Referer": stream.keyed_url}, timeout=10)
    requests.get(proxy.base, timeout=10)
    # A line is written after its response: the last request's stands for those before it.
    deadline = time.monotonic() + 10
    while "GET / " not in (log := proxy.log.read_text()):
        assert time.monotonic() < deadline, f"expected four lines, got {log}"
        time.sleep(0.02)
    assert "POST /api/start" in log
    assert "GET /admin/metadata" in log
    assert stream.ingest_key not in log


def test_haproxy_has_nothing_to_say_against_its_configuration() -> None:
    check = ["haproxy", "-c", "-f", str(CONFIGURATION)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Configuration file is valid\n", "")
