"""opusenc as a live encoder: fed with sound in real time, what it writes is posted at once.

Each sample has a time: the first one that is fed was made at `first_sample_at`, the others at their rate. So
whoever gets a sample knows how old it is.
"""

import contextlib
import http.client
import math
import os
import subprocess
import threading
import time
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

SAMPLE_RATE = 48_000
CHANNELS = 2
BLOCK_SAMPLES = 960
TONE_HZ = 440
LOUDNESS = 8_000
_READ_BYTES = 65_536


class PacedEncoder:
    """Broadcasts a tone, hard CBR at 96 kbit/s, while the `with` block runs.

    Args:
        url: Where to post, key included.
        options: More of opusenc's options.
    """

    def __init__(self, url: str, options: str = "") -> None:
        # Without stdbuf the C library gathers 4 KiB of small pages before anything is written.
        command = (
            "stdbuf -o0 opusenc --quiet --raw --raw-rate 48000 --raw-chan 2 --bitrate 96 --hard-cbr"
            f" --framesize 20 {options} - -"
        )
        self._command = command.split()
        self._url = urlsplit(url)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.first_sample_at = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._feed, self._post)]
        self.first_sample_at = time.time()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self._process is not None
        self._process.wait()

    def _feed(self) -> None:
        """Write each block when its last sample is made."""
        assert self._process is not None
        assert self._process.stdin is not None
        blocks = _tone_blocks()
        number = 0
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            while True:
                due = self.first_sample_at + (number + 1) * BLOCK_SAMPLES / SAMPLE_RATE
                if self._stop.wait(max(0.0, due - time.time())):
                    return
                pipe.write(blocks[number % len(blocks)])
                pipe.flush()
                number += 1

    def _post(self) -> None:
        assert self._url.hostname is not None
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port)
        target = f"{self._url.path}?{self._url.query}"
        with contextlib.closing(connection):
            connection.request("POST", target, body=self._pages(), encode_chunked=True, headers=_CHUNKED)
            connection.getresponse().read()

    def _pages(self) -> Iterator[bytes]:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while data := os.read(pipe.fileno(), _READ_BYTES):
                yield data


_CHUNKED = {"Transfer-Encoding": "chunked", "Content-Type": "audio/ogg"}


def _tone_blocks() -> list[bytes]:
    """Give a second of the tone in blocks; it can be repeated without a click."""
    wave = (round(LOUDNESS * math.sin(2 * math.pi * TONE_HZ * n / SAMPLE_RATE)) for n in range(SAMPLE_RATE))
    samples = array("h", (value for sample in wave for value in (sample,) * CHANNELS))
    size = BLOCK_SAMPLES * CHANNELS
    return [samples[start : start + size].tobytes() for start in range(0, len(samples), size)]
