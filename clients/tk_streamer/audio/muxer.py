"""Opus packets to the pages of one Ogg bitstream (RFC 7845), as they come.

The muxer neither encodes nor sends. A live connection gives each packet a page of its own, so that no packet
waits for another one.
"""

import random
from collections.abc import Sequence

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.page import FLAG_EOS, encode_page, lace
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter


class LiveMuxer:
    """Makes the one logical bitstream of a connection or of a file.

    Args:
        opus_head: The identification header of the encoder.
        tags: Vendor, title and artist.
        serial: Serial number, 32 bits; None for a random one.
    """

    def __init__(self, opus_head: OpusHead, tags: OpusTags, serial: int | None = None) -> None:
        self._opus_head = opus_head
        self._tags = tags
        self._serial = random.getrandbits(32) if serial is None else serial
        self._writer = PageWriter(self._serial)

    def header_pages(self) -> bytes:
        """Return the two header pages. Called first, and once."""
        return self._writer.headers(self._opus_head, self._tags)

    def audio_page(self, packets: Sequence[bytes]) -> bytes:
        """Return the page of these packets."""
        return self._writer.audio(packets)

    def last_page(self, packet: bytes | None, surplus_samples: int = 0) -> bytes:
        """Return the last page.

        Args:
            packet: The last packet. If it is None, the page holds silence that is cut off, because a last
                page on which no packet ends is invalid.
            surplus_samples: How far the packet reaches past the end of the audio; the page's granule position
                cuts the surplus off (RFC 7845 section 4.4).
        """
        position = self._writer.granule_position
        if packet is None:
            packet = silence_packet(self._opus_head)
        else:
            position += packet_samples(packet) - surplus_samples
        return encode_page(
            flags=FLAG_EOS,
            granule_position=max(position, self._opus_head.pre_skip),
            serial=self._serial,
            sequence=self._writer.sequence,
            lacing=lace([packet]),
            body=packet,
        )
