"""A source has no end: 100 MiB, where Tornado cuts a body that nobody has lifted the bound of, is nothing."""

from functools import cache
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import Framing, PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

BOUND_BYTES = 100 * 1024 * 1024
LARGE_PACKET_BYTES = 60_000
FAST_SECONDS = 36.0
REAL_TIME_SECONDS = 20.0


@cache
def _long_audio() -> bytes:
    large = numbered_audio(seconds=FAST_SECONDS, packet_bytes=LARGE_PACKET_BYTES)
    return large + numbered_audio(seconds=REAL_TIME_SECONDS, serial=2)


@pytest.mark.parametrize("framing", ["chunked", "raw"])
def test_more_than_100_mib_and_the_stream_goes_on(framing: Framing, tmp_path: Path) -> None:
    audio = _long_audio()
    assert len(audio) > BOUND_BYTES
    with AudiocastServer(tmp_path / "server.log", MAX_INGEST_KBPS=0) as server:
        started = server.start_stream()
        # All of the large part at once, then on in real time on the same connection.
        with PacedSource(started.keyed_url, audio, framing=framing, lead_seconds=FAST_SECONDS) as source:
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}?preroll=0") as listener:
                listener.wait(lambda: source.sent_seconds > FAST_SECONDS, "100 MiB to be sent", seconds=60)
                listener.wait(
                    lambda: server.metric("audiocast_ingest_bytes_total") > BOUND_BYTES, "100 MiB to arrive"
                )
            with Listener(server.port, f"/stream/{started.stream_id}?preroll=0") as late:
                capture = late.wait_for_audio(3)
            assert server.state(started.stream_id)["state"] == "live"
            assert server.metric("audiocast_silence_seconds_total") == 0
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[-1] * PACKET_SECONDS < REAL_TIME_SECONDS
