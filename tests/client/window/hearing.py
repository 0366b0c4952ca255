"""Compares what was played into a microphone with what a listener got: how alike, and how much later.

Both are recorded while they come, with the time of each piece. A part of the played sound is looked for in
the heard one: first by its loudness curve, then sample by sample.
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
from pathlib import Path
from types import TracebackType
from typing import Self

from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from tests.client.sound import SAMPLE_RATE, decode
from tests.support.audio.capture import HEADER_PAGES
from tests.support.http.listener import Listener

# For comparing, 4 kHz are enough: what is below 2 kHz is most of speech and music.
COARSE = 12
RATE_HZ = SAMPLE_RATE // COARSE
# Of the loudness curve: 10 ms.
STEP = RATE_HZ // 100
_READ_BYTES = 1_920


@dataclass(frozen=True)
class Heard:
    """Result of a comparison.

    Attributes:
        correlation: Of the played and the heard samples after alignment; 1 is the same but for loudness.
        delay_seconds: From a sound's coming out of the sink to its being at the listener's.
    """

    correlation: float
    delay_seconds: float


@dataclass(frozen=True)
class Timed:
    """Mono samples at `RATE_HZ`, and how many samples at 48 kHz had come at which time (`time.monotonic`)."""

    samples: Sequence[float]
    arrivals: Sequence[tuple[int, float]]

    def arrived_at(self, position: int) -> float:
        """Return when a sample, counted at `RATE_HZ`, was there."""
        index = bisect_left(self.arrivals, (position * COARSE, -math.inf))
        return self.arrivals[min(index, len(self.arrivals) - 1)][1]


class SinkRecorder:
    """Records what a sink plays, while the `with` block runs.

    Args:
        source: PulseAudio's name of the sink's monitor.
        environment: Of the daemon (`PulseServer.environment`).
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

    def recording(self) -> Timed:
        """Return what has been recorded so far."""
        pcm = bytes(self._pcm)
        return Timed(_coarse(array("h", pcm[: len(pcm) // 2 * 2])), list(self._arrivals))

    def _read(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while data := os.read(descriptor, _READ_BYTES):
            self._pcm += data
            self._arrivals.append((len(self._pcm) // 2, time.monotonic()))


def recording_of(listener: Listener, folder: Path) -> Timed:
    """Return what a listener has got so far; its stream is mixed down to one channel."""
    body = listener.body
    head_bytes = listener.size_bytes - len(body)
    arrivals = list(listener.arrivals)
    path = folder / "heard.opus"
    path.write_bytes(body)
    return Timed(_coarse(decode(path, channels=1)[0]), _page_arrivals(body, head_bytes, arrivals))


def compare(played: Timed, heard: Timed, *, at_seconds: float, seconds: float) -> Heard:
    """Look for a part of the played sound in the heard one.

    Args:
        played: From `SinkRecorder`.
        heard: From `recording_of`.
        at_seconds: Where the part begins, counted from the start of `played`.
        seconds: How long it is.
    """
    start, length = round(at_seconds * RATE_HZ), round(seconds * RATE_HZ)
    part = played.samples[start : start + length]
    assert len(part) == length, (
        f"expected {at_seconds + seconds} s played, got {len(played.samples) / RATE_HZ} s"
    )
    rough = STEP * _best_shift(_loudness(part), _loudness(heard.samples))
    first = max(0, rough - 2 * STEP)
    fine = first + _best_shift(part, heard.samples[first : rough + length + 2 * STEP])
    correlation = _correlation(part, heard.samples[fine : fine + length])
    end = length - 1
    return Heard(correlation, heard.arrived_at(fine + end) - played.arrived_at(start + end))


def _page_arrivals(
    body: bytes, head_bytes: int, arrivals: Sequence[tuple[float, int]]
) -> list[tuple[int, float]]:
    """Return how many samples were there with each piece of the response."""
    reader, assembler = PageReader(), PacketAssembler()
    fed = samples = packets = 0
    there = []
    for at_seconds, total_bytes in arrivals:
        reader.feed(body[fed : max(fed, total_bytes - head_bytes)])
        fed = max(fed, total_bytes - head_bytes)
        for page in iter(reader.next_page, None):
            for packet in assembler.push(page):
                packets += 1
                samples += packet_samples(packet, 1) if packets > HEADER_PAGES else 0
        there.append((samples, at_seconds))
    return there


def _coarse(samples: Sequence[int]) -> list[float]:
    """Return the means of `COARSE` samples each: a low-pass, good enough for comparing."""
    whole = len(samples) // COARSE * COARSE
    return [sum(samples[index : index + COARSE]) / COARSE for index in range(0, whole, COARSE)]


def _loudness(samples: Sequence[float]) -> list[float]:
    return [
        math.log1p(sum(map(abs, samples[index : index + STEP])))
        for index in range(0, len(samples) - STEP + 1, STEP)
    ]


def _best_shift(part: Sequence[float], whole: Sequence[float]) -> int:
    """Return where in `whole` the part fits best."""
    shifts = range(max(1, len(whole) - len(part) + 1))
    return max(shifts, key=lambda shift: _correlation(part, whole[shift : shift + len(part)]))


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Pearson's correlation; -1 for what is too short or has no sound in it."""
    if len(one) != len(other) or len(one) < 2:
        return -1.0
    try:
        return statistics.correlation(one, other)
    except statistics.StatisticsError:
        return -1.0
