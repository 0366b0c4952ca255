"""A source is gone: listeners are held with silence in real time, then the stream ends properly."""

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from audiocast.ogg.page import Page
from audiocast.ogg.silence import silence_packet
from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

GRACE_SECONDS = 3.0
# Silence is made each 100 ms.
MAX_GAP_SECONDS = 1.0

WAYS_OF_GOING = ("killed", "finished")


@pytest.mark.parametrize("way", WAYS_OF_GOING)
def test_silence_in_real_time_then_an_end_page_and_a_clean_close(way: str, tmp_path: Path) -> None:
    settings = AudiocastServer(tmp_path / "server.log", SOURCE_GRACE_SECONDS=GRACE_SECONDS)
    stream = numbered_audio(seconds=2)
    with settings as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, stream) as source:
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}?preroll=20") as listener:
                source.wait_until_sent()
                listener.wait_for_audio(2)
                if way == "killed":
                    source.kill()
                else:
                    assert source.finish().status == 200
                gone_at = time.monotonic()
                server.wait_for_state(started.stream_id, "held")
                capture = listener.wait_for_end()
                held_seconds = time.monotonic() - gone_at
        assert server.state(started.stream_id)["state"] == "ended"
        assert server.metric("audiocast_listeners") == 0
    assert [event for event in server.events() if event["level"] == "error"] == []
    assert listener.end == "closed"
    capture.check_one_stream()
    assert capture.pages[-1].is_eos
    heard = [number_of(packet) for packet in capture.packets[:100]]
    assert heard == list(range(100))
    silence = capture.packets[100:]
    silence_seconds = len(silence) * PACKET_SECONDS
    # The silence is as long as the absence, but for one tick and the last page.
    assert silence_seconds == pytest.approx(GRACE_SECONDS, abs=0.3)
    assert silence_seconds <= held_seconds + 0.5
    assert all(number_of(packet) == 0 for packet in silence[:-1])
    assert silence[-1] == silence_packet(capture.head)
    _check_rate(capture.pages, first_silent=100)
    # It came while it lasted, not at its end.
    times = [gone_at, *(at for at, _ in listener.arrivals if at > gone_at)]
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) >= GRACE_SECONDS / MAX_GAP_SECONDS
    assert max(gaps) < MAX_GAP_SECONDS


def test_the_source_is_back_within_the_grace_and_is_heard_at_once(server: AudiocastServer) -> None:
    started = server.start_stream()
    again = numbered_audio(seconds=30, packet_bytes=301, serial=2)
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)) as source:
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, f"/stream/{started.stream_id}") as listener:
            listener.wait_for_audio(1)
            source.kill()
            server.wait_for_state(started.stream_id, "held")
            with PacedSource(started.keyed_url, again):
                server.wait_for_state(started.stream_id, "live")
                listener.wait(lambda: len(listener.capture().packets[-1]) == 301, "the source that is back")
                capture = listener.wait_for_audio(listener.capture().seconds + 1)
    capture.check_one_stream()
    back = [number_of(packet) for packet in capture.packets if len(packet) == 301]
    assert back == list(range(len(back)))


def _check_rate(pages: Sequence[Page], *, first_silent: int) -> None:
    """Silence has the byte rate of the stream before it, so that players who read in blocks do not starve."""
    audio = pages[2:]
    spoken = silent = spoken_bytes = silent_bytes = 0
    for page in audio[:-1]:
        packets = [packet for packet, _ in page.fragments()]
        if spoken < first_silent:
            spoken += len(packets)
            spoken_bytes += len(page.encode())
        else:
            silent += len(packets)
            silent_bytes += len(page.encode())
    assert silent_bytes / silent == pytest.approx(spoken_bytes / spoken, rel=0.15)
