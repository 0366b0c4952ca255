"""What a listener got: the bytes of a body, taken apart into pages and packets, and held against the promise.

The promise is one logical bitstream (RFC 3533 section 6, RFC 7845 section 4): one serial number, valid
checksums, page numbers without a hole after the join, granule positions that count the samples really sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.headers import OpusHead, is_opus_head, is_opus_tags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import Page
from audiocast.ogg.reader import PageReader

HEADER_PAGES = 2


@dataclass(frozen=True)
class Capture:
    """A listener's body.

    Attributes:
        pages: All whole pages, the two header pages first. A page that was cut at the end is left out.
        packets: All audio packets.
    """

    pages: Sequence[Page]
    packets: Sequence[bytes]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Take a body apart.

        Raises:
            audiocast.ogg.errors.OggError: A page is damaged, or something lies between pages.
        """
        pages = read_pages(body)
        assembler = PacketAssembler()
        packets = [packet for page in pages for packet in assembler.push(page)]
        return cls(pages, packets[HEADER_PAGES:])

    @property
    def head(self) -> OpusHead:
        """What the stream says of itself."""
        return OpusHead.parse(self.pages[0].body)

    @property
    def audio_pages(self) -> Sequence[Page]:
        """All pages but the headers."""
        return self.pages[HEADER_PAGES:]

    @property
    def seconds(self) -> float:
        """How much audio it is."""
        streams = self.head.stream_count if self.pages else 1
        return sum(packet_samples(packet, streams) for packet in self.packets) / SAMPLE_RATE

    def check_one_stream(self) -> None:
        """Hold it against the promise; checksums were checked when it was parsed."""
        assert is_opus_head(self.pages[0].body)
        assert is_opus_tags(self.pages[1].body)
        assert [page.is_bos for page in self.pages] == [True] + [False] * (len(self.pages) - 1)
        assert not any(page.is_eos for page in self.pages[:-1]), "an end of stream before the end"
        assert not any(page.is_continued for page in self.pages), "a page that begins inside a packet"
        assert len({page.serial for page in self.pages}) == 1
        self._check_numbers()
        self._check_granules()

    def _check_numbers(self) -> None:
        assert [page.sequence for page in self.pages[:HEADER_PAGES]] == [0, 1]
        numbers = [page.sequence for page in self.audio_pages]
        if numbers:
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert numbers[0] >= HEADER_PAGES

    def _check_granules(self) -> None:
        streams = self.head.stream_count
        before: int | None = None
        for page in self.audio_pages:
            samples = sum(packet_samples(packet, streams) for packet, _ in page.fragments())
            assert samples > 0, f"page {page.sequence} has no audio"
            if before is not None:
                assert page.granule_position == before + samples, f"granule position of page {page.sequence}"
            before = page.granule_position


def read_pages(stream: bytes) -> list[Page]:
    """Give all whole pages of a stream of good pages."""
    reader = PageReader()
    reader.feed(stream)
    return list(iter(reader.next_page, None))


def is_run_of(part: Sequence[bytes], whole: Sequence[bytes]) -> bool:
    """Say whether `part` is in `whole`, in order and without a hole."""
    return any(
        whole[start : start + len(part)] == part
        for start, packet in enumerate(whole)
        if not part or packet == part[0]
    )
