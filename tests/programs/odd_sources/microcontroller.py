"""Sends a tone as a microcontroller's muxer does: with all that public reports find odd in such muxers.

A program of its own, so that nothing of the product's muxer is in it. From pschatzmann/arduino-audio-tools
before its repair (#2111, #2115, #2368): the tags page is marked BOS, granule positions count bytes, the
pre-skip is what somebody once wrote down. From lostromb/concentus.oggfile (#18): a page is sent when its 255
segments are used up, which takes five seconds. From sheosi/ogg-opus (#1): tags whose count is one byte.

    python3 microcontroller.py FILE.opus http://HOST:PORT/PATH
"""

import http.client
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

SERIAL = 0xF0320777
BOS = 2
PRE_SKIP = 3840
SEGMENTS = 255
PACKET_SECONDS = 0.02


def crc(data: bytes) -> int:
    """Return the checksum of RFC 3533, bit by bit."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value


def page(sequence: int, flags: int, granule: int, packets: list[bytes]) -> bytes:
    """Return a page; each packet is shorter than 255 bytes."""
    lacing = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, SERIAL, sequence)
    rest = bytes([len(lacing)]) + lacing + b"".join(packets)
    return head + struct.pack("<I", crc(head + bytes(4) + rest)) + rest


def packets_of(path: Path) -> list[bytes]:
    """Return the packets of a file with one short packet on each page, without its headers."""
    data, packets, at = path.read_bytes(), [], 0
    while at < len(data):
        segments = data[at + 26]
        lacing = data[at + 27 : at + 27 + segments]
        begin = at + 27 + segments
        at = begin + sum(lacing)
        packets.append(data[begin:at])
    return packets[2:]


def pages(packets: list[bytes]) -> Iterator[bytes]:
    """Give each page when it is full."""
    yield page(0, BOS, 0, [struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, 16_000, 0, 0)])
    vendor = b"Arduino"
    yield page(1, BOS, 0, [b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + b"\x00"])
    began, granule = time.monotonic(), 0
    for number in range(0, len(packets) - SEGMENTS, SEGMENTS):
        full = packets[number : number + SEGMENTS]
        granule += sum(len(packet) for packet in full)
        time.sleep(max(0.0, began + (number + SEGMENTS) * PACKET_SECONDS - time.monotonic()))
        yield page(2 + number // SEGMENTS, 0, granule, full)


def main(path: Path, url: str) -> None:
    """Send the file, and print what the server says."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    headers = {"Content-Type": "audio/ogg", "Transfer-Encoding": "chunked"}
    connection.request(
        "POST",
        f"{parts.path}?{parts.query}",
        body=pages(packets_of(path)),
        headers=headers,
        encode_chunked=True,
    )
    print(connection.getresponse().read().decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
