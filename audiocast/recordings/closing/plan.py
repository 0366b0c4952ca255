"""What of a show's chunks comes one behind the other in its file, and what is missing. Pure.

Within a reel each chunk says how much audio of the reel was before it, so a hole is known to the sample. The
next reel may begin with pages that the one before has too: pages are known by their numbers. What is missing
between two reels is as long as it was by the clock.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from audiocast.ogg.headers import FAMILY_RTP, OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.silence import SILENCE_SAMPLES
from audiocast.recordings.chunk import NO_SEQUENCE, ChunkHead

# What is missing, or silent, is filled with silence so that positions stay true to time; no more than this.
MAX_FILL_SAMPLES = 600 * SAMPLE_RATE

# Two members that have the same page have it within this time, their clocks' difference included.
SAME_PAGE_MS = 120_000


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """What a file gets of a chunk.

    Attributes:
        key: Of the chunk.
        silence_packets: Of 20 ms each, before it.
        skipped: Indexes of its pages that the file has already.
        opus_head: Set-up of the decoder from here on; None: as before.
    """

    key: str
    silence_packets: int
    skipped: frozenset[int]
    opus_head: OpusHead | None


@dataclass(slots=True)
class ShowPlan:
    """A file before it is made. Positions are samples of it.

    Attributes:
        chunks: What comes.
        samples: Length of the file.
        missing, gaps: From where to where silence stands for what is lost, or was not there.
        cuts: Where more silence than `MAX_FILL_SAMPLES` would have come, and how much more.
        titles, sources: Positions, and what begins there.
        is_private: The stream was private for a part of it.
    """

    chunks: list[PlannedChunk] = field(default_factory=list)
    samples: int = 0
    missing: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    titles: list[tuple[int, str, str]] = field(default_factory=list)
    sources: list[tuple[int, str]] = field(default_factory=list)
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class ReadHead:
    """A chunk as far as a plan needs it.

    Attributes:
        key: Its key.
        reel: Its reel.
        head: Where it belongs.
        opus_head: Decoder set-up.
        page_samples: How long each of its pages is.
    """

    key: str
    reel: int
    head: ChunkHead
    opus_head: OpusHead
    page_samples: Sequence[int]


class Planner:
    """Plans a file chunk by chunk, in the order of their keys."""

    def __init__(self) -> None:
        self.plan = ShowPlan()
        self._before: ReadHead | None = None
        # Of other reels, as long as a page of theirs may come again.
        self._recent: deque[ReadHead] = deque()
        self._opus_head: OpusHead | None = None

    def add(self, chunk: ReadHead) -> None:
        """Add the next chunk."""
        plan, head = self.plan, chunk.head
        plan.is_private |= head.is_private
        skipped = self._doubles(chunk)
        self._recent.append(chunk)
        while self._recent and self._recent[0].head.at_ms < head.at_ms - SAME_PAGE_MS:
            self._recent.popleft()
        if len(skipped) == len(chunk.page_samples):
            return
        lost, silent = self._hole(chunk, skipped)
        at = plan.samples
        self._fill(lost, plan.missing)
        self._fill(silent, plan.gaps)
        if not plan.sources or plan.sources[-1][1] != head.source:
            plan.sources.append((plan.samples, head.source))
        self._add_titles(chunk, skipped)
        silence = (plan.samples - at) // SILENCE_SAMPLES
        opus_head = chunk.opus_head if not self._fits(chunk.opus_head) else None
        self._opus_head = opus_head or self._opus_head
        plan.chunks.append(PlannedChunk(chunk.key, silence, skipped, opus_head))
        plan.samples += sum(
            samples for index, samples in enumerate(chunk.page_samples) if index not in skipped
        )
        self._before = chunk

    def _fits(self, opus_head: OpusHead) -> bool:
        before = self._opus_head
        if before is None:
            return False
        if before.mapping_family == opus_head.mapping_family == FAMILY_RTP:
            return True
        return before.layout == opus_head.layout

    def _doubles(self, chunk: ReadHead) -> frozenset[int]:
        """Return the indexes of pages that a chunk of another reel has, and of those that come before them.

        The file has what follows those already, so behind its end they would be heard in the wrong place.
        """
        head = chunk.head
        known: set[int] = set()
        for other in self._recent:
            if other.reel != chunk.reel and (other.head.source, other.head.serial) == (
                head.source,
                head.serial,
            ):
                known.update(other.head.sequences)
        known.discard(NO_SEQUENCE)
        if not known:
            return frozenset()
        doubles = [index for index, each in enumerate(head.sequences) if each in known]
        return frozenset(range(doubles[0])).union(doubles) if doubles else frozenset()

    def _hole(self, chunk: ReadHead, skipped: frozenset[int]) -> tuple[int, int]:
        """Return how much is missing before a chunk, and how much of silence was there."""
        before, head = self._before, chunk.head
        if before is None:
            return 0, 0
        away = head.silence + head.pause
        if before.reel == chunk.reel:
            return max(0, head.start - head.silence - before.head.end), away
        if 0 in skipped:
            # The pages before the first that is new are there: it follows them, or one of them.
            return 0, 0
        if head.before and head.before == before.head.last_page:
            return 0, away
        first, last = head.sequences[0], before.head.sequences[-1]
        is_same = (head.source, head.serial) == (before.head.source, before.head.serial)
        if is_same and last != NO_SEQUENCE and first == last + 1:
            return 0, head.silence
        elapsed = max(0, head.at_ms - before.head.end_ms) * SAMPLE_RATE // 1000
        if before.head.is_last and head.source != before.head.source:
            return 0, elapsed
        return elapsed, 0

    def _fill(self, samples: int, spans: list[tuple[int, int]]) -> None:
        plan = self.plan
        whole = round(samples / SILENCE_SAMPLES) * SILENCE_SAMPLES
        filled = min(whole, MAX_FILL_SAMPLES)
        if not filled:
            return
        spans.append((plan.samples, plan.samples + filled))
        plan.samples += filled
        if whole > filled:
            plan.cuts.append((plan.samples, whole - filled))

    def _add_titles(self, chunk: ReadHead, skipped: frozenset[int]) -> None:
        plan = self.plan
        skipped_samples = sum(chunk.page_samples[index] for index in skipped)
        for title in chunk.head.titles:
            if not plan.titles or plan.titles[-1][1:] != title[1:]:
                at = plan.samples + max(0, title.sample - skipped_samples)
                plan.titles.append((at, title.title, title.artist))


def seconds(spans: Iterable[tuple[int, int]]) -> list[list[float]]:
    """Return spans of samples as spans of seconds."""
    return [[round(start / SAMPLE_RATE, 3), round(end / SAMPLE_RATE, 3)] for start, end in spans]


def positions(marks: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Return what begins at samples as what begins at seconds."""
    return [[round(at / SAMPLE_RATE, 3), *what] for at, *what in marks]
