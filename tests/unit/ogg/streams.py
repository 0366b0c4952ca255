"""What the Ogg tests share: streams taken apart, and one parser case fed in every way."""

from audiocast.ogg.errors import OggError
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import Page, encode_page, lace
from audiocast.ogg.reader import PageReader

Event = Page | type[OggError]


def read_events(reader: PageReader, data: bytes, feed_bytes: int | None = None) -> list[Event]:
    """Feed `data` in cuts of `feed_bytes` (all at once if None); give the pages and the kinds of errors."""
    events: list[Event] = []
    step = feed_bytes or max(len(data), 1)
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
        events += drain(reader)
    return events


def drain(reader: PageReader) -> list[Event]:
    """Call `next_page` until it wants more; it must do so within one call for each byte that it holds."""
    events: list[Event] = []
    for _ in range(reader.buffered_bytes + 2):
        try:
            page = reader.next_page()
        except OggError as error:
            events.append(type(error))
            message_length = len(str(error))
            assert 0 < message_length < 200
        else:
            if page is None:
                return events
            events.append(page)
    raise AssertionError(f"the reader does not come to an end; {len(events)} events so far")


def read_pages(stream: bytes) -> list[Page]:
    """Give all pages of a good stream."""
    reader = PageReader()
    reader.feed(stream)
    pages = list(iter(reader.next_page, None))
    reader.close()
    return pages


def read_packets(stream: bytes) -> list[bytes]:
    """Give all packets of a good stream, the two headers first."""
    assembler = PacketAssembler()
    packets = [packet for page in read_pages(stream) for packet in assembler.push(page)]
    assert (assembler.pending_bytes, assembler.dropped) == (0, 0)
    return packets


def make_page(*packets: bytes, sequence: int = 0, flags: int = 0, lacing: bytes | None = None) -> bytes:
    """Make a page with whole packets, or with any lacing that fits their bytes."""
    return encode_page(
        flags=flags,
        granule_position=960 * sequence,
        serial=7,
        sequence=sequence,
        lacing=lace(packets) if lacing is None else lacing,
        body=b"".join(packets),
    )
