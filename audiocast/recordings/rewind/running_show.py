"""A show that is on, as far as it is recorded: its parts, one for each chunk, and where each is. Pure.

Positions are samples from the show's beginning, as in the file that is made of the show in the end. A part
stays where it was first seen: what comes late, behind what follows it, is in the file alone. Silence of a
source that was away, and what is lost, is no part: it lies between two of them.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.recordings.closing.plan import Planner, ReadHead
from audiocast.recordings.names import ShowId

# Of one show, the newest: six hours of chunks of 5 s.
MAX_PARTS = 4_320

# Of titles, and of what is missing, likewise.
MAX_MARKS = 500

# What is read of a file that has no chunks any more.
FILE_PART_SAMPLES = 5 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class ShowPart:
    """Some seconds of a show that follow each other.

    Attributes:
        key: Of its chunk; empty: the show's file alone has it.
        start: Samples of the show before it.
        samples: Its length.
        setup: Which of the show's decoder set-ups it needs.
        is_cut: It does not go on where the part before it ends, or not with the same set-up.
        skipped: Indexes of the chunk's pages that the part before has.
        at_ms: When it was sent, Unix milliseconds.
    """

    key: str
    start: int
    samples: int
    setup: int
    is_cut: bool
    skipped: frozenset[int]
    at_ms: int

    @property
    def end(self) -> int:
        """Samples of the show up to its end."""
        return self.start + self.samples


class RunningShow:
    """The parts so far.

    Args:
        show_id: The show.

    Attributes:
        parts: In their order, without holes in their numbers.
        dropped: How many parts there were before the first of them.
        setups: What decoders need, by `ShowPart.setup`.
        is_over: No more parts come.
        is_private: It is for those alone who may listen to the private stream.
        last_key: Of the last chunk that was seen; later ones have greater keys.
        version: Another one whenever something was added.
    """

    def __init__(self, show_id: ShowId) -> None:
        self.show_id = show_id
        self.parts: deque[ShowPart] = deque()
        self.dropped = 0
        self.setups: list[OpusHead] = []
        self.is_over = False
        self.is_private = False
        self.last_key = ""
        self.version = 0
        self._planner = Planner()
        self._starts: list[int] = []

    @property
    def end(self) -> int:
        """Where the last part ends."""
        return self.parts[-1].end if self.parts else 0

    @property
    def titles(self) -> list[tuple[int, str, str]]:
        """Positions of titles, with title and artist."""
        return self._planner.plan.titles

    @property
    def missing(self) -> list[tuple[int, int]]:
        """From where to where audio is lost."""
        return self._planner.plan.missing

    def skip(self, chunks: int, at_ms: int) -> None:
        """Begin in the middle of a show: positions before are by the clock.

        Args:
            chunks: How many were before the first one that is added.
            at_ms: When that one was sent, Unix milliseconds.
        """
        self.dropped = chunks
        self._planner.plan.samples = max(0, round((at_ms / 1000 - self.show_id.started_at) * SAMPLE_RATE))

    def add(self, chunk: ReadHead) -> None:
        """Add the next chunk."""
        plan = self._planner.plan
        self.last_key = chunk.key
        self._planner.add(chunk)
        self.is_private |= plan.is_private
        self.version += 1
        if not plan.chunks:
            # The parts before have all of it.
            return
        planned = plan.chunks.pop()
        is_other = not self.setups or _needs(self.setups[-1]) != _needs(chunk.opus_head)
        if is_other:
            self.setups.append(chunk.opus_head)
        skipped = sum(chunk.page_samples[index] for index in planned.skipped)
        samples = sum(chunk.page_samples) - skipped
        start = plan.samples - samples
        is_cut = start != self.end or is_other
        at_ms = chunk.head.at_ms + skipped * 1000 // SAMPLE_RATE
        self._append(
            ShowPart(chunk.key, start, samples, len(self.setups) - 1, is_cut, planned.skipped, at_ms)
        )
        for marks in (plan.titles, plan.missing, plan.gaps, plan.cuts, plan.sources):
            del marks[:-MAX_MARKS]

    def finish(self, samples: int) -> None:
        """Say that no more chunks come.

        Args:
            samples: Length of the show's file, which may have more than was seen of its chunks; 0: there is
                none.
        """
        while self.parts and self.end < samples:
            last = self.parts[-1]
            length = min(FILE_PART_SAMPLES, samples - last.end)
            at_ms = last.at_ms + last.samples * 1000 // SAMPLE_RATE
            self._append(ShowPart("", last.end, length, last.setup, False, frozenset(), at_ms))
        self.is_over = True
        self.version += 1

    def part_at(self, sample: int) -> ShowPart | None:
        """Return the part that has a sample, or the next one behind a hole; None: it is not there yet."""
        index = bisect_right(self._starts, sample) - 1
        if index >= 0 and sample < self.parts[index].end:
            return self.parts[index]
        return self.parts[index + 1] if index + 1 < len(self.parts) else None

    def exact_part(self, start: int) -> ShowPart | None:
        """Return the part that begins with a sample."""
        found = self.part_at(start)
        return found if found is not None and found.start == start else None

    def seconds_of(self, marks: Iterable[tuple[int, ...]]) -> list[list[float]]:
        """Return spans of samples as spans of seconds."""
        return [[round(each / SAMPLE_RATE, 3) for each in mark] for mark in marks]

    def _append(self, part: ShowPart) -> None:
        self.parts.append(part)
        self._starts.append(part.start)
        if len(self.parts) > MAX_PARTS:
            self.parts.popleft()
            del self._starts[0]
            self.dropped += 1


def _needs(opus_head: OpusHead) -> tuple[object, ...]:
    """Return what two bitstreams must have in common to be one for a decoder."""
    return opus_head.layout, opus_head.channels, opus_head.output_gain
