"""A minute of sources that are ordinary but odd: listeners hear no silence that a source has not sent."""

import math
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
import requests

from tests.client.sound import SAMPLE_RATE
from tests.programs.broadcast import Broadcast
from tests.programs.heard import SILENCE_RMS, decoded
from tests.programs.odd_sources.ears import Ears, Heard, Hole
from tests.programs.odd_sources.sources import SOURCES, OddSource
from tests.programs.ordinary_user import ordinary_folder
from tests.support.audio.capture import read_pages
from tests.support.audio.hls_rules import Playlist
from tests.support.clock.machine_waits import MachineWaits
from tests.support.processes.server import AudiocastServer

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(200)]

SECONDS = 60.0
# A station's first segment has to be whole before anybody can relay it.
START_SECONDS = 45.0
WINDOW_SECONDS = 0.02
MOST_SILENCE_SECONDS = 0.1
# In a browser: as long as two of the tone and silence of speech, some times.
BROWSER_SECONDS = 24.0
LEAST_SECONDS = 12.0
# Of a page's head, before its lacing (RFC 3533 section 6).
HEAD_BYTES = 27
EDGE_SECONDS = 0.1
# How often is looked at all threads of the browser.
LOOK_SECONDS = 0.1
# Less does not part bursts.
PAUSE_SECONDS = 0.5
# How much browsers read at once (docs/delay.md), and how much the server sends at once.
ELEMENT_BLOCK_BITS = 8 * 32_768
BACKLOG_SECONDS = 3.5
# So that there is a backlog to join.
JOIN_SECONDS = 6.0
# From the join to where the counting begins: the first sound, and ten seconds in which the page adapts.
BROWSER_WAIT_SECONDS = 14.0
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
        late_seconds: By how much the source was later than it usually is, at the worst.
        in_browser: What a Chromium heard, by "page" and "audio".
        waits: What the machine let wait meanwhile.
    """

    samples: "array[int]"
    lasted_seconds: float
    state: dict[str, Any]
    hls_ahead_seconds: float
    events: list[str]
    late_seconds: float
    in_browser: dict[str, Heard]
    waits: MachineWaits


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
        ears = stack.enter_context(Ears(seconds=BROWSER_SECONDS))
        waits = stack.enter_context(MachineWaits(with_programs=True, every_seconds=LOOK_SECONDS))
        for name, broadcast in on_air.items():
            ears.wait(max(0.0, begin_of(broadcast) + JOIN_SECONDS - time.monotonic()))
            ears.listen(name, broadcast.stream)
        ears.wait(BROWSER_WAIT_SECONDS + BROWSER_SECONDS)
        yield {
            name: listen(server, broadcast, ears.heard(name), waits, ears.wait)
            for name, broadcast in on_air.items()
        }


def begin_of(broadcast: Broadcast) -> float:
    """Wait for the first audio and return when it came (`time.monotonic`)."""
    listener = broadcast.listener
    broadcast.program.wait_for(lambda: len(listener.arrivals) > 1, "audio", START_SECONDS)
    return listener.arrivals[0][0]


def listen(
    server: AudiocastServer,
    broadcast: Broadcast,
    in_browser: dict[str, Heard],
    waits: MachineWaits,
    wait: Callable[[float], None],
) -> Minute:
    """Wait until the listener, which has been there from the start, has been served for a minute."""
    listener = broadcast.listener
    began_at = begin_of(broadcast)
    while (left := began_at + SECONDS - time.monotonic()) > 0:
        assert listener.end is None, broadcast.program.output[-2000:]
        wait(min(left, 0.5))
    stream_id = broadcast.stream.stream_id
    lasted_seconds = time.monotonic() - began_at
    samples = decoded(listener.body)
    return Minute(
        samples,
        lasted_seconds,
        server.state(stream_id),
        hls_ahead_seconds(server, stream_id),
        [event["event"] for event in server.events() if event.get("stream_id") == stream_id],
        late_seconds(listener.body, listener.arrivals),
        in_browser,
        waits,
    )


def late_seconds(body: bytes, arrivals: list[tuple[float, int]]) -> float:
    """Return by how much the latest burst was later than most, by the audio that had come before it."""
    ends = [0]
    for page in read_pages(body):
        ends.append(ends[-1] + HEAD_BYTES + len(page.lacing) + len(page.body))
    granules = [0, *(max(0, page.granule_position) for page in read_pages(body))]
    waits = []
    for (before, size), (at, _) in pairwise(arrivals):
        if at - before > PAUSE_SECONDS:
            audio_seconds = granules[bisect_right(ends, size) - 1] / SAMPLE_RATE
            waits.append(at - audio_seconds)
    settled = waits[len(waits) // 5 :]
    return max(settled) - median(settled) if settled else 0.0


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


def more_than_a_pause(hole: Hole, source: OddSource, seconds: float) -> float:
    """Return how much of a hole is more than a source's own pause; at an edge it may be a part of one."""
    is_at_edge = hole.begin < EDGE_SECONDS or hole.begin + hole.length > seconds - EDGE_SECONDS
    is_pause = hole.length > source.pause_seconds / 2 or is_at_edge
    return max(0.0, hole.length - source.pause_seconds) if is_pause else hole.length


def let_wait_seconds(hole: Hole, waits: MachineWaits) -> float:
    """Return how long, in a hole, the machine let somebody wait who has to do with the sound."""
    offset = time.monotonic() - time.time()
    return waits.seconds(hole.since + offset, hole.until + offset)


@pytest.mark.parametrize(("name", "source"), SOURCES.items(), ids=SOURCES)
@pytest.mark.parametrize("way", ["page", "audio"])
def test_a_browser_hears_what_the_source_sends(
    minutes: dict[str, Minute], name: str, source: OddSource, way: str
) -> None:
    heard = minutes[name].in_browser[way]
    late = minutes[name].late_seconds
    counted = f"{heard.silent_seconds:.2f} of {heard.seconds:.1f} s silent, the source late by {late:.2f} s"
    waits = minutes[name].waits
    holes = [(round(hole.length, 2), round(let_wait_seconds(hole, waits), 2)) for hole in heard.holes[:9]]
    print(f"\n{name}, {way}: {counted}, {heard.shown}, silence and what is the machine's of it: {holes}")
    # At 8 kbit/s an element begins when it has its block of 32 KiB, half a minute later.
    assert heard.seconds >= (BROWSER_SECONDS - 1 if way == "page" else LEAST_SECONDS)
    silence_seconds = sum(
        max(0.0, more_than_a_pause(hole, source, heard.seconds) - let_wait_seconds(hole, waits))
        for hole in heard.holes
    )
    wait_seconds = 0.0
    if way == "audio" and ELEMENT_BLOCK_BITS / minutes[name].state["bitrate_bps"] > BACKLOG_SECONDS:
        # It plays its first block as soon as it is there, and the second one may be full only with the next
        # burst, or after a pause, in which nothing is sent.
        wait_seconds = source.burst_seconds + source.pause_seconds
    # What came late is silence of the source's own.
    assert silence_seconds <= late + wait_seconds + MOST_SILENCE_SECONDS
    if way == "page":
        assert heard.shown["method"] == "webcodecs"
        shown_seconds = float(heard.shown["delay"].split()[0]) / 1000
        assert source.burst_seconds * 0.9 <= shown_seconds <= source.burst_seconds * 2 + late + 1
