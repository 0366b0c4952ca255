"""Blocks of PCM to the pages of one Ogg Opus bitstream (RFC 7845), as they come.

Every packet gets a page of its own, so that a listener waits for no other packet. It neither waits nor sends.
"""

from collections.abc import Iterable, Iterator

from audiocast.ogg.headers import OpusTags
from audiocast.ogg.page import FLAG_EOS, encode_page, lace
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from tk_streamer.encoder import OpusEncoder


def ogg_pages(
    encoder: OpusEncoder, blocks: Iterable[bytes], *, tags: OpusTags, serial: int
) -> Iterator[bytes]:
    """Give the header pages at once, a page for each packet, and the end of stream after the last block.

    Args:
        encoder: A fresh one; it is flushed at the end.
        blocks: PCM as `OpusEncoder.encode` takes it. Whoever paces them paces the pages.
        tags: What the stream says about itself.
        serial: Serial number of the bitstream, 32 bits; another one for each connection.
    """
    writer = PageWriter(serial)
    yield writer.headers(encoder.head, tags)
    for block in blocks:
        for packet in encoder.encode(block):
            yield writer.audio([packet])
    # An end page on which no packet ends counts as a fault, so a stream without a sample gets a packet too.
    *others, last = encoder.flush() or [silence_packet(encoder.head)]
    for packet in others:
        yield writer.audio([packet])
    # The packet reaches past the end of the audio; the position cuts it off there (RFC 7845 section 4.4).
    yield encode_page(
        flags=FLAG_EOS,
        granule_position=encoder.end_granule_position,
        serial=serial,
        sequence=writer.sequence,
        lacing=lace([last]),
        body=last,
    )
