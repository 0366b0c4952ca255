"""Paced sources: one process that sends made-up Ogg Opus to one or many streams, page by page, on time.

It owns when a page goes out: page k of a stream at START + (k + 1) * page duration, when a real encoder
would have filled it, so that whoever knows START and a granule position knows how late it is. Granule
positions begin at 0 (no pre-skip). All streams get the same bytes, spread evenly over the duration of a
page. The audio is noise of a constant bit rate: right in every field that a server looks at, and not worth
decoding.

Run as `python -m loadtest.source --page-ms 20 TARGETS`, TARGETS being a file with one URL a line:
`http://user:password@host:port/path` for a PUT as Icecast's clients send it (RFC 9110 section 10.1.1,
Expect, and a body until close), `tcp://host:port` for the pages alone. It prints one line of JSON when all
are connected, with the start of each stream, and one when it is told to end by SIGTERM.
"""

import argparse
import base64
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.writer import PageWriter

PACKET_MS = 20
PACKET_SAMPLES = SAMPLE_RATE * PACKET_MS // 1000
# RFC 6716 section 3.1: configuration 31, stereo, one frame.
TOC_CELT_FULLBAND_20_MS_STEREO = 0xFC

START_AFTER_NS = 200_000_000
ANSWER_SECONDS = 20.0
# It shares its core with thousands of listeners and must be on time; only root may ask for this.
NICENESS = -10

SECOND_NS = 1_000_000_000


def main() -> int:
    """Send until SIGTERM, or until a server closes; give the exit code."""
    parser = argparse.ArgumentParser(description="Send paced Ogg Opus to streams.")
    parser.add_argument("targets", type=Path, help="file with one URL a line")
    parser.add_argument("--page-ms", type=int, default=20, help="audio on a page, a multiple of 20 ms")
    parser.add_argument("--kbps", type=int, default=96, help="bit rate of the audio")
    parser.add_argument("--chunked", action="store_true", help="the body in chunks, a page each")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    urls = options.targets.read_text().split()
    connections = [connect(url, is_chunked=options.chunked) for url in urls]
    pages = paged_noise(options.page_ms, options.kbps)
    if options.chunked:
        pages = (b"%x\r\n%s\r\n" % (len(page), page) for page in pages)
    headers = next(pages)
    for connection in connections:
        connection.sendall(headers)
    page_ns = options.page_ms * SECOND_NS // 1000
    start_ns = time.monotonic_ns() + START_AFTER_NS
    starts_ns = [start_ns + number * page_ns // len(connections) for number in range(len(connections))]
    print(json.dumps({"starts_ns": starts_ns}), flush=True)
    lateness = Lateness()
    try:
        send_pages(connections, starts_ns, pages, page_ns, lateness.note)
    except OSError as error:
        print(f"source: expected the server to take pages, got: {error}", file=sys.stderr)
        return 1
    finally:
        print(json.dumps(lateness.summary()), flush=True)
    return 0


class Lateness:
    """How late pages went out; when this is not small, the delays that listeners see are the source's."""

    def __init__(self) -> None:
        self._late_ns: list[int] = []

    def note(self, late_ns: int) -> None:
        """Count one page."""
        self._late_ns.append(late_ns)

    def summary(self) -> dict[str, float]:
        """Give the number of pages, and the 99th percentile and maximum in milliseconds."""
        late = sorted(self._late_ns) or [0]
        return {
            "pages": len(self._late_ns),
            "late_p99_ms": late[len(late) * 99 // 100] / 1e6,
            "late_max_ms": late[-1] / 1e6,
        }


def paged_noise(page_ms: int, kbps: int) -> Iterator[bytes]:
    """Give the header pages, then audio pages without an end.

    Raises:
        ValueError: The page is no multiple of a packet.
    """
    packets_a_page, rest_ms = divmod(page_ms, PACKET_MS)
    if rest_ms or not packets_a_page:
        raise ValueError(f"expected a page of a multiple of {PACKET_MS} ms, got {page_ms} ms")
    noise = random.Random(page_ms)
    packet_bytes = kbps * PACKET_MS // 8
    writer = PageWriter(serial=1)
    yield writer.headers(OpusHead(channels=2, pre_skip=0), OpusTags(vendor="noise", comments=()))
    while True:
        packets = (bytes((TOC_CELT_FULLBAND_20_MS_STEREO,)) + noise.randbytes(packet_bytes - 1),)
        yield writer.audio(packets * packets_a_page)


def send_pages(
    connections: list[socket.socket],
    starts_ns: list[int],
    pages: Iterator[bytes],
    page_ns: int,
    note: Callable[[int], None],
) -> None:
    """Send each page to each connection when it is due, without an end.

    Args:
        connections: Of the streams.
        starts_ns: When each began (`time.monotonic_ns`).
        pages: Without the header pages.
        page_ns: Audio on each.
        note: Is told of every page sent how late it was, nanoseconds.

    Raises:
        OSError: A server has closed, or takes nothing for long.
    """
    for number, page in zip(count(1), pages, strict=False):
        for connection, start_ns in zip(connections, starts_ns, strict=True):
            due_ns = start_ns + number * page_ns
            left_ns = due_ns - time.monotonic_ns()
            if left_ns > 0:
                time.sleep(left_ns / SECOND_NS)
            connection.sendall(page)
            note(time.monotonic_ns() - due_ns)


def connect(url: str, *, is_chunked: bool = False) -> socket.socket:
    """Open a connection that takes Ogg pages.

    Args:
        url: See the module.
        is_chunked: A PUT says that its body comes in chunks, not until close.

    Raises:
        ConnectionError: The server does not want them; the message has its status line.
    """
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "tcp":
        return connection
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = f"PUT {path} HTTP/1.1\r\nHost: {parts.hostname}\r\nContent-Type: audio/ogg\r\n"
    if parts.username is not None:
        credentials = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        head += f"Authorization: Basic {credentials}\r\n"
    if is_chunked:
        head += "Transfer-Encoding: chunked\r\n"
    connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
    answer = connection.recv(1024)
    if answer.split(b" ")[1:2] != [b"100"]:
        raise ConnectionError(f"expected 100 Continue for a PUT of {parts.path}, got {answer[:80]!r}")
    return connection


def _end(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
