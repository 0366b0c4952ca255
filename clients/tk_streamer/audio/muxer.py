"""Opus packets to the pages of one Ogg bitstream (RFC 7845), as they come.

Every packet gets a page of its own, so that a listener waits for no other packet. It does not encode or send.
"""

import random
from collections.abc import Sequence

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.page import FLAG_EOS, encode_page, lace
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter


class LiveMuxer:
    """One logical bitstream: of one connection, or of one file.

    Args:
        opus_head: The encoder's.
        tags: What the stream says about itself.
        serial: Serial number, 32 bits; None for one by chance.
    """

    def __init__(self, opus_head: OpusHead, tags: OpusTags, serial: int | None = None) -> None:
        self._opus_head = opus_head
        self._tags = tags
        self._serial = random.getrandbits(32) if serial is None else serial
        self._writer = PageWriter(self._serial)

    def header_pages(self) -> bytes:
        """Give the header pages, which come first and once."""
        return self._writer.headers(self._opus_head, self._tags)

    def audio_page(self, packets: Sequence[bytes]) -> bytes:
        """Give the page of these packets."""
        return self._writer.audio(packets)

    def last_page(self, packet: bytes | None, surplus_samples: int = 0) -> bytes:
        """Give the last page.

        Args:
            packet: The last packet. Without one the page gets silence that is cut off, because an end page on
                which no packet ends counts as a fault.
            surplus_samples: How far the packet reaches past the end of the audio; the page's position cuts
            that
                off (RFC 7845 section 4.4).
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
