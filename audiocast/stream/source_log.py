"""The last pages of a source as they came, so that another node can go on where its connection broke.

A page is known everywhere by its serial and page number (RFC 3533 section 6), so a node asks for what follows
the last page that it has. The log starts anew with each source, and keeps the rest of the one before for a
few seconds: an encoder that moves to another member and an edge that asks anew may come at the same time. It
holds the header pages of each segment of a chain in their place, and knows those of the segment that its
oldest page belongs to.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from audiocast.ogg.errors import BadHead
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.page import FLAG_BOS, Page, lace
from audiocast.stream.errors import NoAudio
from audiocast.stream.source_id import SourceId

# Pages of headers before the first audio of an Ogg stream. Comments of 61,440 bytes have one, or 241 when
# each page has one segment only.
MAX_HEADER_PAGES = 1_000

# All of them together: of what is longer, other nodes get what the sieve has left. It is less than a frame of
# a link (70,000 bytes), and more than opusenc writes without a picture.
MAX_KEPT_HEADER_BYTES = 61_440

# How much of the source before is kept, and for how much audio of the present one: an edge that has lost its
# owner finds the next one within a second or two, on a busy machine within some.
REST_SAMPLES = 5 * SAMPLE_RATE


class Position(NamedTuple):
    """Which page of a source: the same everywhere."""

    serial: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Parse the text form.

        Raises:
            ValueError: `text` is none.
        """
        serial, _, sequence = text.partition(".")
        if not (serial.isascii() and serial.isdigit() and sequence.isascii() and sequence.isdigit()):
            raise ValueError(f"expected a position like 17.200, got {text[:40]!r}")
        return cls(int(serial), int(sequence))

    def __str__(self) -> str:
        return f"{self.serial}.{self.sequence}"


# A page as it came, its serial and page number, how much audio ends on it, and the header pages of the chain
# segment that it belongs to (empty for the header pages themselves). Plain tuples, as in a backlog.
_Logged = tuple[bytes, int, int, int, bytes]


# Pages by which another node can be ahead: twice a backlog of usual pages, 20 s of 20 ms. More is none of
# that, but an encoder which has begun to count its pages anew.
MAX_AHEAD_PAGES = 2_000


class _Rest(NamedTuple):
    """The last pages of the source before, and the index of their end."""

    source_id: SourceId
    pages: list[_Logged]
    end: int


class HeaderPages:
    """What other nodes get before the first audio of an Ogg stream: its own pages, or two in their place.

    Attributes:
        pages: The oldest comes first.
    """

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self._bytes = 0

    def add(self, page: Page, opus_head: OpusHead | None, tags: OpusTags | None) -> None:
        """Keep a page; when all are too large, two pages with what is known of the headers so far.

        Args:
            page: The source's next page.
            opus_head: Of the segment; None until it has come.
            tags: Likewise its comments.

        Raises:
            NoAudio: There are more than `MAX_HEADER_PAGES`.
            audiocast.ogg.errors.BadHead: The first packet is too large for an OpusHead.
        """
        if len(self.pages) >= MAX_HEADER_PAGES:
            raise NoAudio(
                f"expected audio after at most {MAX_HEADER_PAGES} pages of headers, got more of them"
            )
        self._bytes += len(page.body)
        if self._bytes <= MAX_KEPT_HEADER_BYTES:
            self.pages.append(page)
            return
        if opus_head is None:
            raise BadHead(f"expected an OpusHead, got a packet of more than {MAX_KEPT_HEADER_BYTES} bytes")
        head = opus_head.encode()
        first_sequence = self.pages[0].sequence if self.pages else page.sequence
        self.pages = [Page(FLAG_BOS, 0, page.serial, first_sequence, lace([head]), head)]
        if tags is not None:
            short = tags.short().encode()
            self.pages.append(Page(0, 0, page.serial, page.sequence, lace([short]), short))


class SourceLog:
    """A bounded run of pages. Each has an index that counts from the first one ever, as in a backlog.

    Args:
        max_seconds: Bound of the audio in it.
        max_bytes: Bound of its size.
    """

    def __init__(self, *, max_seconds: float, max_bytes: int) -> None:
        self._max_samples = max_seconds * SAMPLE_RATE
        self._max_bytes = max_bytes
        self._pages: deque[_Logged] = deque()
        self._headers = b""
        self._samples = 0
        self._bytes = 0
        self._source_id: SourceId | None = None
        self._rest: _Rest | None = None
        self.first = 0
        self.on_growth: set[Callable[[], None]] = set()

    @property
    def end(self) -> int:
        """The index that the next page will have."""
        return self.first + len(self._pages)

    @property
    def last(self) -> Position | None:
        """Position of the newest page; None while there is none."""
        if not self._pages:
            return None
        _, serial, sequence, *_ = self._pages[-1]
        return Position(serial, sequence)

    def clear(self) -> None:
        """Drop all pages. Indexes go on."""
        self.first = self.end
        self._pages.clear()
        self._samples = self._bytes = 0

    def begin_source(self, source_id: SourceId) -> None:
        """Drop the pages of the source before, but for their rest: another one starts."""
        if self._source_id is not None:
            kept, samples = 0, 0
            while kept < len(self._pages) and samples < REST_SAMPLES:
                kept += 1
                samples += self._pages[-kept][3]
            pages = list(islice(self._pages, len(self._pages) - kept, None))
            self._rest = _Rest(self._source_id, pages, self.end)
        self._source_id = source_id
        self.clear()

    def begin_chain_segment(self, header_pages: Sequence[Page]) -> None:
        """Add the header pages of a segment of a chain, the oldest first; of the first segment too."""
        pages: list[_Logged] = [(page.encode(), page.serial, page.sequence, 0, b"") for page in header_pages]
        self._headers = b"".join(data for data, *_ in pages)
        for page in pages:
            self._append(page)

    def append(self, page: Page, samples: int) -> None:
        """Add the next page.

        Args:
            page: Belongs to the chain segment that was begun last.
            samples: How much audio ends on it.
        """
        self._append((page.encode(), page.serial, page.sequence, samples, self._headers))

    def after(self, had: Position | None) -> tuple[bytes, int]:
        """Return how another node goes on.

        Args:
            had: The newest page that the node has; None: nothing of this source.

        Returns:
            Header pages that the node needs first, and the index of the page to go on with. When `had` is too
            old, the node misses what lies between. When it is newer than what has come here, as while an
            owner that is new to the stream still gets the pages before, the index is that of a page to come.
        """
        if had is not None:
            for back, (_, serial, sequence, *_) in enumerate(reversed(self._pages)):
                if (serial, sequence) == had:
                    return b"", self.end - back
        last = self.last
        if had is not None and last is not None and had.serial == last.serial:
            ahead = had.sequence - last.sequence
            if 0 < ahead <= MAX_AHEAD_PAGES:
                return b"", self.end + ahead
        if not self._pages:
            return b"", self.first
        _, oldest_serial, _, _, headers = self._pages[0]
        if had is not None and oldest_serial == had.serial:
            return b"", self.first
        return headers, self.first

    def rest_of(self, source_id: SourceId | None, had: Position | int | None) -> list[bytes]:
        """Return the last pages of the source before that another node lacks; none of any other source.

        Args:
            source_id: The source that the node knows.
            had: The newest page of it that the node has, or the index of the first one that it has not.
        """
        rest = self._rest
        if rest is None or rest.source_id != source_id:
            return []
        if isinstance(had, int):
            first = max(0, len(rest.pages) - (rest.end - had))
            return [data for data, *_ in rest.pages[first:]]
        for index, (_, serial, sequence, *_) in enumerate(rest.pages):
            if (serial, sequence) == had:
                return [data for data, *_ in rest.pages[index + 1 :]]
        return []

    def has_any_of(self, serial: int) -> bool:
        """Tell whether a page of the chain segment with this serial is here."""
        return any(each == serial for _, each, *_ in self._pages)

    def pages(self, index: int) -> list[bytes]:
        """Return the pages from `index` on; from the oldest one when that is gone."""
        return [data for data, *_ in islice(self._pages, max(0, index - self.first), None)]

    def _append(self, page: _Logged) -> None:
        self._pages.append(page)
        data, _, _, samples, _ = page
        self._samples += samples
        self._bytes += len(data)
        if self._rest is not None and self._samples > REST_SAMPLES:
            self._rest = None
        while self._samples > self._max_samples or self._bytes > self._max_bytes:
            oldest, _, _, samples, _ = self._pages.popleft()
            self.first += 1
            self._samples -= samples
            self._bytes -= len(oldest)
        for notify in tuple(self.on_growth):
            notify()
