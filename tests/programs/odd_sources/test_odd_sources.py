"""A minute of sources that are ordinary but odd: listeners hear no silence that a source has not sent."""

import math
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.client.sound import SAMPLE_RATE
from tests.programs.broadcast import Broadcast
from tests.programs.heard import SILENCE_RMS, decoded
from tests.programs.odd_sources.sources import SOURCES, OddSource
from tests.programs.ordinary_user import ordinary_folder
from tests.support.audio.hls_rules import Playlist
from tests.support.processes.server import AudiocastServer

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(200)]

SECONDS = 60.0
# A station's first segment has to be whole before anybody can relay it.
START_SECONDS = 45.0
WINDOW_SECONDS = 0.02
MOST_SILENCE_SECONDS = 0.1
# From the clock, besides what the source sends at once.
MOST_DRIFT_SECONDS = 1.0


@dataclass(frozen=True)
class Minute:
    """What was heard of one source.

    Attributes:
        samples: One channel, 48 kHz, from the first sample that came.
        lasted_seconds: From the first audio to the last look.
        state: Of the stream, at the end.
        hls_ahead_seconds: How far the end of the HLS playlist was ahead of the clock then.
        events: Of the server's log, those of this stream.
    """

    samples: "array[int]"
    lasted_seconds: float
    state: dict[str, Any]
    hls_ahead_seconds: float
    events: list[str]


@pytest.fixture(scope="module")
def minutes() -> Iterator[dict[str, Minute]]:
    with ordinary_folder() as folder, ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log", HEADER_WAIT_TIMEOUT=60))
        on_air = {}
        for number, (name, source) in enumerate(SOURCES.items()):
            own = folder / str(number)
            own.mkdir(mode=0o777)
            own.chmod(0o777)
            source.make_files(own)
            files = {"audiocast.xml": source.config} if source.config else {}
            broadcast = Broadcast(server, source.command, folder=own, files=files)
            on_air[name] = stack.enter_context(broadcast)
        yield {name: listen(server, broadcast) for name, broadcast in on_air.items()}


def listen(server: AudiocastServer, broadcast: Broadcast) -> Minute:
    """Wait until the listener, which has been there from the start, has been served for a minute."""
    listener = broadcast.listener
    broadcast.program.wait_for(lambda: len(listener.arrivals) > 1, "audio", START_SECONDS)
    began_at = listener.arrivals[0][0]
    while (left := began_at + SECONDS - time.monotonic()) > 0:
        assert listener.end is None, broadcast.program.output[-2000:]
        time.sleep(min(left, 0.5))
    stream_id = broadcast.stream.stream_id
    lasted_seconds = time.monotonic() - began_at
    samples = decoded(listener.body)
    return Minute(
        samples,
        lasted_seconds,
        server.state(stream_id),
        hls_ahead_seconds(server, stream_id),
        [event["event"] for event in server.events() if event.get("stream_id") == stream_id],
    )


def hls_ahead_seconds(server: AudiocastServer, stream_id: str) -> float:
    text = requests.get(f"{server.base}/stream/{stream_id}/hls/index.m3u8", timeout=10).text
    segments = Playlist.parse(text).segments
    first, *_ = segments
    seconds = sum(segment.seconds or sum(length for _, length in segment.parts) for segment in segments)
    return first.at + seconds - time.time()


def silence_seconds(samples: "array[int]") -> float:
    size = round(WINDOW_SECONDS * SAMPLE_RATE)
    windows = (samples[start : start + size] for start in range(0, len(samples) - size, size))
    quiet = [math.sqrt(sum(sample * sample for sample in window) / size) <= SILENCE_RMS for window in windows]
    return sum(quiet) * WINDOW_SECONDS


@pytest.mark.parametrize(("name", "source"), SOURCES.items(), ids=SOURCES)
def test_listeners_hear_what_the_source_sends(
    minutes: dict[str, Minute], name: str, source: OddSource
) -> None:
    minute = minutes[name]
    heard_seconds = len(minute.samples) / SAMPLE_RATE
    silence = silence_seconds(minute.samples)
    print(
        f"\n{name}: {heard_seconds:.1f} s in {minute.lasted_seconds:.1f} s, {silence:.2f} s of silence,"
        f" HLS {minute.hls_ahead_seconds:+.1f} s, pages {minute.state['page_ms']} ms,"
        f" bursts {minute.state['burst_ms']} ms"
    )
    assert minute.lasted_seconds - 2 <= heard_seconds <= minute.lasted_seconds + source.burst_seconds * 3 + 2
    own_silence_seconds = (1 - source.tone_share) * heard_seconds
    assert silence <= own_silence_seconds + MOST_SILENCE_SECONDS
    assert minute.state["state"] == "live"
    assert not {"source_quiet", "source_lost", "stream_ended"} & set(minute.events)
    # Just before a burst comes, the last one was made as long ago as it is long.
    assert -source.burst_seconds - MOST_DRIFT_SECONDS <= minute.hls_ahead_seconds <= MOST_DRIFT_SECONDS
