"""Ogg Opus whose packets say their own number, so that a test knows what each listener got and missed.

The packets are well-formed 20 ms packets (RFC 6716 section 3.2.5, padded); what a decoder makes of them is
silence, and their number is in the padding, which decoders do not look at.
"""

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter

PACKET_SECONDS = 0.02
# What 96 kbit/s at 20 ms makes.
PACKET_BYTES = 240

_NUMBER_BYTES = 6
_HEAD = OpusHead(channels=1, pre_skip=312)


def numbered_audio(
    *,
    seconds: float,
    packet_bytes: int = PACKET_BYTES,
    packets_a_page: int = 1,
    serial: int = 1,
    first_number: int = 0,
) -> bytes:
    """Make a whole Ogg Opus stream without an end page, packets numbered from `first_number`."""
    writer = PageWriter(serial)
    end = first_number + round(seconds / PACKET_SECONDS)
    pages = [writer.headers(_HEAD, OpusTags(vendor="numbered", comments=()))]
    for start in range(first_number, end, packets_a_page):
        numbers = range(start, min(start + packets_a_page, end))
        pages.append(writer.audio([numbered_packet(number, packet_bytes) for number in numbers]))
    return b"".join(pages)


def numbered_packet(number: int, packet_bytes: int = PACKET_BYTES) -> bytes:
    """Make one packet."""
    return silence_packet(_HEAD, packet_bytes)[:-_NUMBER_BYTES] + number.to_bytes(_NUMBER_BYTES, "big")


def number_of(packet: bytes) -> int:
    """Give the number of a packet made here; 0 for silence that the server made."""
    return int.from_bytes(packet[-_NUMBER_BYTES:], "big")
