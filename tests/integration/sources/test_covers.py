"""Cover pictures of any size come with a track at once: the source goes on, and they cost nobody anything."""

import time
from pathlib import Path

import pytest
import requests

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.writer import PageWriter
from audiocast.stream.rate_limit import HEADER_BYTES_PER_SECOND, MAX_HEADER_BYTES
from tests.support.audio.numbered_audio import number_of, numbered_audio, numbered_packet
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.source import Framing, PacedSource, ingest_head
from tests.support.processes.server import AudiocastServer, Started

HEAD = OpusHead(channels=1, pre_skip=312)
TRACKS = 3
PACKETS_A_TRACK = 100
# Five times what a source may send of audio at once.
PICTURE_BYTES = 7_500_000
VICTIM_SECONDS = 60


def track(number: int, picture_bytes: int = PICTURE_BYTES) -> bytes:
    picture = "METADATA_BLOCK_PICTURE=" + "A" * picture_bytes
    writer = PageWriter(100 + number)
    pages = [writer.headers(HEAD, OpusTags("a jukebox", (picture, f"TITLE=Track {number}")))]
    first = number * PACKETS_A_TRACK
    pages += [writer.audio([numbered_packet(each)]) for each in range(first, first + PACKETS_A_TRACK)]
    return b"".join(pages)


@pytest.mark.realtime
@pytest.mark.parametrize("framing", ["chunked", "raw"])
def test_each_track_has_a_large_picture_and_nothing_is_lost(
    server: AudiocastServer, framing: Framing
) -> None:
    started, other = server.start_stream(), server.start_stream()
    stream = b"".join(track(number) for number in range(TRACKS))
    victims_audio = numbered_audio(seconds=VICTIM_SECONDS)
    with PacedSource(other.keyed_url, victims_audio):
        server.wait_for_state(other.stream_id, "live")
        victim_path = f"/stream/{other.stream_id}?latency=low&preroll=0"
        with (
            Listener(server.port, victim_path) as victim,
            PacedSource(started.keyed_url, stream, framing=framing) as source,
        ):
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                source.wait_until_sent()
                wait_for_title(server, started, f"Track {TRACKS - 1}")
                listener.wait_for_audio(TRACKS * PACKETS_A_TRACK * 0.02)
    heard = [number for number in map(number_of, listener.capture().packets) if number]
    assert heard == list(range(1, TRACKS * PACKETS_A_TRACK))
    victims = list(map(number_of, victim.capture().packets))
    assert victims == list(range(victims[0], victims[-1] + 1))


def wait_for_title(server: AudiocastServer, started: Started, title: str) -> None:
    deadline = time.monotonic() + 20
    while (server.state(started.stream_id)["now_playing"] or {}).get("title") != title:
        assert time.monotonic() < deadline, f"expected the title {title}"
        time.sleep(0.05)


def test_a_source_that_sends_nothing_but_a_picture_is_read_slowly(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
        seconds = 3.0
        headers = track(0, picture_bytes=60_000_000)
        with connect(server.port) as connection:
            connection.sendall(ingest_head(target, "raw"))
            connection.settimeout(0.2)
            began_at = time.monotonic()
            sent = 0
            while time.monotonic() - began_at < seconds:
                try:
                    sent += connection.send(headers[sent : sent + 1_000_000])
                except TimeoutError:
                    continue
            assert sent < len(headers), "the server has not slowed it down"
            lasted = time.monotonic() - began_at
            metrics = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
        (line,) = [each for each in metrics.splitlines() if each.startswith("audiocast_ingest_bytes_total ")]
        taken = float(line.split()[1])
        # What has come while it was asked is little.
        assert MAX_HEADER_BYTES < taken < MAX_HEADER_BYTES + (lasted + 1) * HEADER_BYTES_PER_SECOND
