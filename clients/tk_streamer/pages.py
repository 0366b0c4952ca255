"""Blocks of PCM to the pages of one Ogg Opus bitstream (RFC 7845), as they come.

Every packet gets a page of its own, so that a listener waits for no other packet. It neither waits nor sends.
"""

from collections.abc import Iterable, Iterator

from audiocast.ogg.headers import OpusTags
from audiocast.ogg.page import FLAG_EOS, encode_page, lace
from audiocast.ogg.writer import PageWriter
from tk_streamer.encoder import OpusEncoder


def ogg_pages(
    encoder: OpusEncoder, blocks: Iterable[bytes], *, tags: OpusTags, serial: int
) -> Iterator[bytes]:
    """Give the header pages at once, then a page for each packet, and the end of the stream after the last block.

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
    *others, last = encoder.flush() or [b""]
    for packet in others:
        yield writer.audio([packet])
    if not last:
        yield writer.audio([], eos=True)
        return
    # The last packet is filled up with silence: its page says where the audio ends (RFC 7845 section 4.4).
    yield encode_page(
        flags=FLAG_EOS,
        granule_position=encoder.end_granule_position,
        serial=serial,
        sequence=writer.sequence,
        lacing=lace([last]),
        body=last,
    )
