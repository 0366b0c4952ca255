"""What the broadcaster costs: CPU of a stream, and the delay from a block of sound to its page on the wire.

    python loadtest/player/broadcaster_bench.py [--seconds 30]

Broadcasts a tone in real time to a server of its own on the loopback address, and prints the table that
docs/desktop-program.md has. The delay is from the moment at which the source gives the last block of a packet
to the one at which the page has arrived. The CPU is that of this process and of ffmpeg's, without the
receiving thread's.
"""

import argparse
import json
import math
import re
import resource
import socket
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from itertools import cycle, islice
from typing import Literal

from tk_streamer.audio.music import tone
from tk_streamer.audio.pcm import BLOCK_SECONDS
from tk_streamer.audio.sources import GeneratedSource
from tk_streamer.engine.station import Station, StationSettings

WARM_UP_SECONDS = 2.0
READ_BYTES = 65_536
Encoder = Literal["libopus", "ffmpeg"]


class StampedTone(GeneratedSource):
    """A tone that notes when it gave each block. It stands for a microphone: it is live."""

    is_live = True

    def __init__(self) -> None:
        # Computed before: the sound is not what is measured. A second holds 440 whole waves.
        super().__init__("tone", lambda channels: cycle(list(islice(tone(440, channels=channels), 50))))
        self.given_at: list[float] = []

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        block = super().read()
        self.given_at.append(time.monotonic())
        return block


class Receiver:
    """Answers what a broadcaster asks for, and notes when each page of its source came."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.came_at: list[float] = []
        self.cpu_seconds: dict[int, float] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(READ_BYTES)
                if not data:
                    return
                head += data
            request = head.split(b" HTTP/1.1", 1)[0].decode()
            if "/ingest/" in request:
                self._receive(connection, head.partition(b"\r\n\r\n")[2])
            else:
                length = int((re.search(rb"(?i)content-length: *(\d+)", head) or [0, 0])[1])
                body = head.partition(b"\r\n\r\n")[2]
                while len(body) < length:
                    body += connection.recv(READ_BYTES)
            payload = json.dumps(self._answer()).encode()
            connection.sendall(
                b"HTTP/1.1 201 Whatever\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(payload)
                + payload
            )

    def _answer(self) -> dict[str, object]:
        url = f"{self.url}/ingest/x"
        credentials = {"stream_id": "x", "ingest_key": "key", "ingest_url": url, "listen_url": url}
        return {**credentials, "live": True}

    def _receive(self, connection: socket.socket, data: bytes) -> None:
        """Note the pages: each is one chunk, and begins with OggS."""
        while not data.endswith(b"\r\n0\r\n\r\n"):
            now = time.monotonic()
            self.came_at += [now] * data.count(b"OggS")
            self.cpu_seconds[threading.get_ident()] = time.thread_time()
            data = connection.recv(READ_BYTES)
            if not data:
                return


def measure(encoder: Encoder, frame_ms: int, seconds: float) -> tuple[float, list[float], float]:
    """Broadcast for some seconds.

    Returns:
        CPU as a share of a core, the delays in seconds in order of size, and bit/s on the wire.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    children_before = children.ru_utime + children.ru_stime
    receiver, source = Receiver(), StampedTone()
    settings = StationSettings(receiver.url, encoder=encoder, frame_ms=frame_ms)
    station = Station(settings, source)
    station.start()
    time.sleep(WARM_UP_SECONDS)
    sent_before = station.status().bytes_sent
    cpu_before, received_before = time.process_time(), sum(receiver.cpu_seconds.values())
    began = time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    cpu = time.process_time() - cpu_before - (sum(receiver.cpu_seconds.values()) - received_before)
    bits = (station.status().bytes_sent - sent_before) * 8
    station.stop()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu += (children.ru_utime + children.ru_stime - children_before) * elapsed / (elapsed + WARM_UP_SECONDS)
    # The two header pages came first.
    pages = receiver.came_at[2:]
    blocks_a_page = frame_ms / 1000 / BLOCK_SECONDS
    delays = [
        came_at - source.given_at[math.ceil((number + 1) * blocks_a_page) - 1]
        for number, came_at in enumerate(pages[:-2])
    ]
    skipped = round(WARM_UP_SECONDS / (frame_ms / 1000))
    return cpu / elapsed, sorted(delays[skipped:]), bits / elapsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure CPU and delay of the broadcaster.")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each line (default: %(default)s)")
    seconds = parser.parse_args(arguments).seconds
    print("| encoder | frame | delay, median | 95 % | 99 % | CPU of one core | on the wire |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    cases: list[tuple[Encoder, int]] = [("libopus", 10), ("libopus", 20), ("libopus", 60), ("ffmpeg", 20)]
    for encoder, frame_ms in cases:
        cpu, delays, bits_a_second = measure(encoder, frame_ms, seconds)
        cuts = statistics.quantiles(delays, n=100)
        shown = " | ".join(f"{1000 * cuts[percent - 1]:.1f} ms" for percent in (50, 95, 99))
        cost = f"{100 * cpu:.1f} % | {bits_a_second / 1000:.1f} kbit/s"
        print(f"| {encoder} | {frame_ms} ms | {shown} | {cost} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
