"""Compares the sound played into a microphone with what a listener got: how alike, and how much later.

Both are recorded as they arrive, with the time of each piece. A part of the played sound is searched in the
listener's: first by its loudness curve, then sample by sample, each tenth of a second by itself. For when a
busy machine has let the microphone fall behind, the broadcaster makes its blocks longer or shorter by a
thousandth (tk_streamer/audio/timekeeping.py): nobody hears it, and two seconds of it fit at no single place.
"""

import math
import os
import statistics
import subprocess
import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from types import TracebackType
from typing import Self

from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from tests.client.sound import SAMPLE_RATE, decode
from tests.support.audio.capture import HEADER_PAGES
from tests.support.http.listener import Listener

# 4 kHz are enough to compare: most of speech and music is below 2 kHz.
COARSE = 12
RATE_HZ = SAMPLE_RATE // COARSE
# The step of the loudness curve: 10 ms.
STEP = RATE_HZ // 100
# What is shifted as one; in it, a thousandth is less than half a sample at `RATE_HZ`.
PIECE = RATE_HZ // 10
# From one piece to the next.
MOST_DRIFT = 1
_READ_BYTES = 1_920


@dataclass(frozen=True)
class Comparison:
    """Result of a comparison.

    Attributes:
        correlation: Correlation of both sounds after alignment; 1 for sounds that differ only in loudness, or
            in speed by a thousandth.
        delay_seconds: The time between the arrival of a sound at the recorder and at the listener.
    """

    correlation: float
    delay_seconds: float


@dataclass(frozen=True)
class TimedSamples:
    """Mono samples at `RATE_HZ`, and how many samples at 48 kHz had come at which time (`time.monotonic`)."""

    samples: Sequence[float]
    arrivals: Sequence[tuple[int, float]]

    def arrived_at(self, position: int) -> float:
        """Return the time at which a sample, counted at `RATE_HZ`, had arrived."""
        index = bisect_left(self.arrivals, (position * COARSE, -math.inf))
        return self.arrivals[min(index, len(self.arrivals) - 1)][1]


class SinkRecorder:
    """Records what a sink plays, while the `with` block runs.

    Args:
        source: PulseAudio's name of the sink's monitor.
        environment: Environment of the daemon (`PulseServer.environment`).
    """

    def __init__(self, source: str, environment: Mapping[str, str]) -> None:
        command = ["parec", "--raw", f"--device={source}", "--format=s16le", "--rate=48000", "--channels=1"]
        self._process = subprocess.Popen(
            [*command, "--latency-msec=10"], env={**os.environ, **environment}, stdout=subprocess.PIPE
        )
        self._pcm = bytearray()
        self._arrivals: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()

    @property
    def seconds(self) -> float:
        """How much has been recorded so far."""
        return len(self._pcm) / 2 / SAMPLE_RATE

    def recording(self) -> TimedSamples:
        """Return what has been recorded so far."""
        pcm = bytes(self._pcm)
        return TimedSamples(_coarse(array("h", pcm[: len(pcm) // 2 * 2])), list(self._arrivals))

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while data := os.read(descriptor, _READ_BYTES):
            self._pcm += data
            self._arrivals.append((len(self._pcm) // 2, time.monotonic()))


def recording_of(listener: Listener, folder: Path) -> TimedSamples:
    """Return what a listener has received so far, mixed down to one channel."""
    body = listener.body
    head_bytes = listener.size_bytes - len(body)
    arrivals = list(listener.arrivals)
    path = folder / "heard.opus"
    path.write_bytes(body)
    return TimedSamples(_coarse(decode(path, channels=1)[0]), _page_arrivals(body, head_bytes, arrivals))


def compare(played: TimedSamples, heard: TimedSamples, *, at_seconds: float, seconds: float) -> Comparison:
    """Search a part of the played sound in the listener's.

    Args:
        played: A recording of `SinkRecorder`.
        heard: A recording of `recording_of`.
        at_seconds: The start of the part, counted from the start of `played`.
        seconds: The length of the part.
    """
    start, length = round(at_seconds * RATE_HZ), round(seconds * RATE_HZ)
    part = played.samples[start : start + length]
    assert len(part) == length, (
        f"expected {at_seconds + seconds} s played, got {len(played.samples) / RATE_HZ} s"
    )
    rough = STEP * _best_shift(_loudness(part), _loudness(heard.samples))
    first = max(0, rough - 2 * STEP)
    places = _places(part, heard.samples[first : rough + length + 2 * STEP])
    aligned = [
        sample
        for number, place in enumerate(places)
        for sample in heard.samples[first + place + number * PIECE : first + place + (number + 1) * PIECE]
    ]
    correlation = _correlation(part[: len(aligned)], aligned)
    end = length - 1
    last = places[-1] if places else 0
    return Comparison(correlation, heard.arrived_at(first + last + end) - played.arrived_at(start + end))


def _page_arrivals(
    body: bytes, head_bytes: int, arrivals: Sequence[tuple[float, int]]
) -> list[tuple[int, float]]:
    """Return how many samples had arrived with each piece of the response."""
    reader, assembler = PageReader(), PacketAssembler()
    fed = samples = packets = 0
    arrived = []
    for at_seconds, total_bytes in arrivals:
        reader.feed(body[fed : max(fed, total_bytes - head_bytes)])
        fed = max(fed, total_bytes - head_bytes)
        for page in iter(reader.next_page, None):
            for packet in assembler.push(page):
                packets += 1
                samples += packet_samples(packet, 1) if packets > HEADER_PAGES else 0
        arrived.append((samples, at_seconds))
    return arrived


def _coarse(samples: Sequence[int]) -> list[float]:
    """Return the mean of each `COARSE` samples: a low-pass, good enough to compare."""
    whole = len(samples) // COARSE * COARSE
    return [sum(samples[index : index + COARSE]) / COARSE for index in range(0, whole, COARSE)]


def _loudness(samples: Sequence[float]) -> list[float]:
    return [
        math.log1p(sum(map(abs, samples[index : index + STEP])))
        for index in range(0, len(samples) - STEP + 1, STEP)
    ]


def _best_shift(part: Sequence[float], whole: Sequence[float]) -> int:
    """Return the position in `whole` at which the part fits best."""
    shifts = range(max(1, len(whole) - len(part) + 1))
    return max(shifts, key=lambda shift: _correlation(part, whole[shift : shift + len(part)]))


def _places(part: Sequence[float], whole: Sequence[float]) -> list[int]:
    """Return by how much each piece of `part` is to be shifted, so that all of them fit best in `whole`.

    Neighbours differ by `MOST_DRIFT` at most: of all such ways, the one with the greatest sum of products.
    """
    shifts = range(max(1, len(whole) - len(part) + 1))
    sums = [0.0] * len(shifts)
    ways: list[list[int]] = []
    for start in range(0, len(part) - PIECE + 1, PIECE):
        piece = part[start : start + PIECE]
        came_from = [
            max(
                range(max(0, shift - MOST_DRIFT), min(len(shifts), shift + MOST_DRIFT + 1)),
                key=sums.__getitem__,
            )
            for shift in shifts
        ]
        sums = [
            sums[came_from[shift]] + sum(map(mul, piece, whole[start + shift : start + shift + PIECE]))
            for shift in shifts
        ]
        ways.append(came_from)
    places = []
    place = max(shifts, key=sums.__getitem__)
    for came_from in reversed(ways):
        places.append(place)
        place = came_from[place]
    return places[::-1]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Pearson's correlation; -1 for sounds that are too short or silent."""
    if len(one) != len(other) or len(one) < 2:
        return -1.0
    try:
        return statistics.correlation(one, other)
    except statistics.StatisticsError:
        return -1.0
