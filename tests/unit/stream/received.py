"""What a listener got, judged by the one promise: a single logical Ogg bitstream without a hole in it."""

from dataclasses import dataclass

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import SEQUENCE_MODULUS, Page
from audiocast.ogg.reader import PageReader
from tests.unit.stream.audio import is_numbered, number_of

HEADER_PAGES = 2


@dataclass(frozen=True)
class Received:
    """A listener's bytes, taken apart.

    Attributes:
        head, tags: From the header pages.
        pages: The audio pages that came whole.
        packets: All packets on them.
        ended: The last page is marked as the end.
        open_bytes: Bytes of a page that has not come whole.
    """

    head: OpusHead
    tags: OpusTags
    pages: list[Page]
    packets: list[bytes]
    ended: bool
    open_bytes: int

    @property
    def numbers(self) -> list[int]:
        """Numbers of the packets, silence left out."""
        return [number_of(data) for data in self.packets if is_numbered(data)]


def received(data: bytes | bytearray, *, http_head: bytes = b"") -> Received:
    """Take a listener's bytes apart, and hold them against RFC 3533 and RFC 7845.

    Asserted: valid checksums, one serial number, one begin, page numbers that go on by one from the first
    audio page, granule positions that grow by just the audio on each page, whole packets, nothing after the
    end.
    """
    assert data.startswith(http_head)
    reader = PageReader()
    reader.feed(data[len(http_head) :])
    pages = list(iter(reader.next_page, None))
    first, second, *audio = pages
    head, tags = OpusHead.parse(first.body), OpusTags.parse(second.body)
    assert [page.is_bos for page in pages] == [True] + [False] * (len(pages) - 1)
    assert {page.serial for page in pages} == {first.serial}
    assert [first.sequence, second.sequence] == [0, 1]
    assert not any(page.is_continued for page in pages)
    assert not any(page.is_eos for page in pages[:-1])
    packets: list[bytes] = []
    for before, page in zip([None, *audio], audio, strict=False):
        here = PacketAssembler().push(page)
        packets += here
        if before is not None:
            samples = sum(packet_samples(each, head.stream_count) for each in here)
            assert page.sequence == (before.sequence + 1) % SEQUENCE_MODULUS
            assert page.granule_position == before.granule_position + samples
    return Received(head, tags, audio, packets, pages[-1].is_eos, reader.buffered_bytes)
