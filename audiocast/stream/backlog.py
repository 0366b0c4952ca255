"""The last seconds of a stream's pages, bounded in seconds and in bytes.

A page has an index that counts from the start of the logical bitstream and never changes, so a listener's
place is one integer. Every page begins with a packet and ends with one (`muxer` sees to that), so a
listener may begin at any of them.

Pages are kept as plain tuples: Python's garbage collector stops following a tuple that holds no containers,
and would walk over a thousand objects of each stream again and again while the loop stands still.
"""

from itertools import islice
from typing import NamedTuple

from audiocast.ogg.opus import SAMPLE_RATE


class StreamPage(NamedTuple):
    """One page as listeners get it.

    Attributes:
        data: The whole page.
        samples: Audio in it, 48 kHz samples.
        end_granule: Granule position of its end.
        arrived_at: When its last packet arrived, the clock's seconds.
    """

    data: bytes
    samples: int
    end_granule: int
    arrived_at: float

    @property
    def start_granule(self) -> int:
        """Granule position of its first sample."""
        return self.end_granule - self.samples


# A `StreamPage` as it is kept.
_Record = tuple[bytes, int, int, float]

# In the place of a page that is gone.
_GONE: _Record = (b"", 0, 0, 0.0)

# So many places of pages that are gone are given up at once: a list moves all that is behind them, which are
# 8 kB of 20 s in pages of 20 ms.
GONE_PAGES = 64


class Backlog:
    """Pages by index, from `first` up to but not including `end`.

    Args:
        max_seconds: Older pages go when the rest still holds this much audio.
        max_bytes: And when the rest is larger than this; the newest page always stays.
    """

    def __init__(self, *, max_seconds: float, max_bytes: int) -> None:
        self._max_samples = round(max_seconds * SAMPLE_RATE)
        self._max_bytes = max_bytes
        self._pages: list[_Record] = []
        self._gone = 0
        self._samples = 0
        self._batches: dict[tuple[int, int], bytes] = {}
        self.first = 0
        self.end = 0
        self.size_bytes = 0
        self._gone_bytes = 0

    @property
    def seconds(self) -> float:
        """Audio in the backlog."""
        return self._samples / SAMPLE_RATE

    @property
    def end_granule(self) -> int:
        """Granule position at the end of the newest page."""
        return StreamPage(*self._pages[-1]).end_granule if self._pages else 0

    def append(self, page: StreamPage) -> None:
        """Add the newest page; drop what is too old."""
        pages = self._pages
        # A slice of it is a plain tuple.
        pages.append(page[:])
        self.end += 1
        self._samples += page.samples
        self.size_bytes += len(page.data)
        self._batches.clear()
        oldest = self._gone
        last = len(pages) - 1
        while oldest < last:
            data, samples, _, _ = pages[oldest]
            if self.size_bytes <= self._max_bytes and self._samples - samples < self._max_samples:
                break
            self._samples -= samples
            self.size_bytes -= len(data)
            self._gone_bytes += len(data)
            pages[oldest] = _GONE
            oldest += 1
        self.first += oldest - self._gone
        if oldest >= GONE_PAGES:
            del pages[:oldest]
            oldest = 0
        self._gone = oldest

    def bytes_before(self, index: int) -> int:
        """Return the bytes of all pages before `index`; of one that is gone, by the mean of those gone."""
        if index < self.first:
            return self._gone_bytes * index // self.first
        rest = sum(len(data) for data, *_ in self._records(index, self.end))
        return self._gone_bytes + self.size_bytes - rest

    def page(self, index: int) -> StreamPage:
        """Return one page.

        Raises:
            IndexError: It is gone, or not there yet.
        """
        if not self.first <= index < self.end:
            raise IndexError(f"expected an index from {self.first} to {self.end - 1}, got {index}")
        return StreamPage(*self._pages[self._gone + index - self.first])

    def start_granule(self, index: int) -> int:
        """Return the granule position at which a page begins, the next one at `end` too."""
        return self.page(index).start_granule if index < self.end else self.end_granule

    def pages(self, start: int, stop: int) -> list[StreamPage]:
        """Return the pages from `start` (at least `first`) up to but not including `stop`, if there."""
        return [StreamPage(*record) for record in self._records(start, stop)]

    def batch(self, start: int, stop: int) -> bytes:
        """Return the pages from `start` up to but not including `stop` as one piece.

        All listeners at the same place share the same bytes object, which is made once and kept until the
        next page.
        """
        batch = self._batches.get((start, stop))
        if batch is None:
            batch = b"".join([data for data, *_ in self._records(start, stop)])
            self._batches[start, stop] = batch
        return batch

    def start_of(self, seconds: float) -> int:
        """Return the index from which at most `seconds` of audio lie before `end`; `end` when none do."""
        left = seconds * SAMPLE_RATE
        index = self.end
        for _, samples, *_ in islice(reversed(self._pages), self.end - self.first):
            left -= samples
            if left < 0:
                break
            index -= 1
        return index

    def _records(self, start: int, stop: int) -> list[_Record]:
        moved = self._gone - self.first
        return self._pages[start + moved : max(0, stop + moved)]
