"""Packets become parts, parts become segments; which of them there are, and which the playlist lists.

A part is a fragment (see `fragments`) of at most 0.4 s; a segment is five parts, one after another. The
numbers of a timeline's segments begin where its owner says. What a name stands for never changes: a name
holds the timeline's own word (`run`), and another timeline of the same stream has another one. Times inside
the media are times of day, so that those of another one go on from there.

Bounded in segments and in bytes. A segment that the playlist lists no more stays for as long as the longest
playlist that has listed it lasts (RFC 8216 section 6.2.2).
"""

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from audiocast.hls.fragments import fragment, init_section
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE

# A player holds back three of them. Half as much is half a second less of delay for twice the requests.
PART_SECONDS = 0.4

SEGMENT_PARTS = 5

# The longest that a whole segment can be.
SEGMENT_SECONDS = 2

LISTED_SEGMENTS = 10

# Segments that the playlist does not list any more are kept for the players that are late.
KEPT_SEGMENTS = LISTED_SEGMENTS + 1

MAX_PART_BYTES = 262_144

# Bound of all segments together. 42 seconds at the highest rate of Opus, 510 kbit/s, are 2.7 MB.
MAX_BYTES = 4 * 1_048_576

# 2025-01-01: what times in the media count from.
EPOCH_UNIX_SECONDS = 1_735_689_600

# Times of day count on by the samples, and follow the clock by at most this much a segment: networks stop
# and make up for it, and encoders' clocks are a little off.
CLOCK_STEP_SECONDS = 0.02

# Sources that send seconds at once have made all but the last sample earlier than it came, so what counts is
# the audio that came soonest after it was made, of so many segments: bursts of 10 s are known to occur.
CLOCK_SEGMENTS = 8

_PART_SAMPLES = round(PART_SECONDS * SAMPLE_RATE)
_MEDIA = re.compile(r"(\d{1,18})(?:\.(\d{1,4}))?\.m4s", re.ASCII)
_INIT = re.compile(r"init(\d{1,9})\.mp4", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment.

    Attributes:
        data: The fragment.
        samples: Audio in it, 48 kHz samples.
    """

    data: bytes
    samples: int


@dataclass(slots=True)
class Segment:
    """Some parts in a row.

    Attributes:
        number: Media sequence number.
        init: Number of the initialization section.
        is_cut: It does not go on where the one before it ended.
        cuts: Its discontinuity sequence number.
        began_at: When its first sample was made, unix seconds.
        parts: So far, or all.
    """

    number: int
    init: int
    is_cut: bool
    cuts: int
    began_at: float = 0.0
    parts: list[Part] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Audio in the segment, 48 kHz samples."""
        return sum(part.samples for part in self.parts)

    @property
    def data(self) -> bytes:
        """The parts as one piece."""
        return b"".join(part.data for part in self.parts)

    @property
    def size_bytes(self) -> int:
        """Length of `data`."""
        return sum(len(part.data) for part in self.parts)


class Timeline:
    """One stream's audio, from the first request for it on.

    Args:
        run: A word that no other timeline of the stream has: letters and digits.
        first_number: Number of the first segment; larger than any of the timelines before.
        first_cut: Number of discontinuities before it; no less than in the timelines before.
    """

    def __init__(self, run: str, first_number: int, first_cut: int) -> None:
        self.run = run
        self.first_number = first_number
        self.is_ended = False
        # Whole ones, the oldest first.
        self.segments: deque[Segment] = deque()
        # The one that the next part goes to; it may have none yet.
        self.open_segment = Segment(first_number, init=-1, is_cut=False, cuts=first_cut)
        self._inits: dict[int, bytes] = {}
        self._pending: list[tuple[bytes, int]] = []
        self._pending_samples = 0
        self._pending_bytes = 0
        self._next_at = 0.0
        # How late audio came against `_next_at`, the least of each segment; that of the open one is the last.
        self._lateness: deque[float] = deque([math.inf], maxlen=CLOCK_SEGMENTS)
        self._decode_time = 0
        self._fragments = 0
        self._size_bytes = 0

    @property
    def listed(self) -> list[Segment]:
        """The whole segments that the playlist lists."""
        return list(self.segments)[-LISTED_SEGMENTS:]

    @property
    def hinted(self) -> tuple[int, int]:
        """Segment and number of the part that comes next."""
        return self.open_segment.number, len(self.open_segment.parts)

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """Go on with packets for another decoder set-up: a discontinuity, unless there was nothing before."""
        self._finish_segment()
        if self.segments and not self.open_segment.is_cut:
            self.open_segment.is_cut = True
            self.open_segment.cuts += 1
        self.open_segment.init += 1
        self._inits[self.open_segment.init] = init_section(opus_head)

    def append(self, packets: Iterable[tuple[bytes, int]], arrived_at: float) -> bool:
        """Add the next packets; return whether there is a new part.

        Args:
            packets: With their durations in samples.
            arrived_at: When the last of them arrived, unix seconds.
        """
        packets = list(packets)
        before = self._fragments
        made_at = arrived_at - sum(samples for _, samples in packets) / SAMPLE_RATE
        expected_at = self._next_at + self._pending_samples / SAMPLE_RATE
        self._lateness[-1] = min(self._lateness[-1], made_at - expected_at)
        for packet, samples in packets:
            if self._pending and self._pending_samples + samples > _PART_SAMPLES:
                self._finish_part()
            if not self._pending and not self.open_segment.parts:
                self._set_clock(made_at)
            self._pending.append((packet, samples))
            self._pending_samples += samples
            self._pending_bytes += len(packet)
            made_at += samples / SAMPLE_RATE
            # At once when another one like this would not fit: waiting for it would be delay.
            if self._pending_samples + samples > _PART_SAMPLES or self._pending_bytes > MAX_PART_BYTES:
                self._finish_part()
        return self._fragments > before

    def end(self) -> None:
        """End the timeline: no more packets come."""
        self._finish_segment()
        self.is_ended = True

    def has(self, number: int, part: int | None) -> bool:
        """Return whether a segment, or a part of it, is there or was.

        Args:
            number: Media sequence number of the segment.
            part: None for the whole segment. One past the last of a whole segment means the first of the next
                (RFC 8216bis section 6.2.5.2).
        """
        segment = self._segment(number)
        if part is not None and segment is not None and part >= len(segment.parts):
            number, part = number + 1, 0
        if number < self.open_segment.number:
            return True
        return part is not None and number == self.open_segment.number and part < len(self.open_segment.parts)

    def media(self, name: str) -> bytes | None:
        """Return what a name in the playlist stands for; None when it is gone, not there yet, or no name."""
        if init := _INIT.fullmatch(name):
            return self._inits.get(int(init[1]))
        position = self.position(name)
        if position is None:
            return None
        number, part = position
        segment = self.open_segment if number == self.open_segment.number else self._segment(number)
        if part is None:
            return segment.data if segment is not None and segment is not self.open_segment else None
        return segment.parts[part].data if segment is not None and part < len(segment.parts) else None

    def position(self, name: str) -> tuple[int, int | None] | None:
        """Return segment and part that a name stands for; None when it stands for something else."""
        found = _MEDIA.fullmatch(name)
        return (int(found[1]), int(found[2]) if found[2] else None) if found else None

    def _segment(self, number: int) -> Segment | None:
        if not self.segments or not self.segments[0].number <= number < self.open_segment.number:
            return None
        return self.segments[number - self.segments[0].number]

    def _set_clock(self, made_at: float) -> None:
        if self.open_segment.is_cut or not self.segments:
            self._next_at = made_at
            self._lateness.clear()
        if not self.segments:
            # A machine may think that it is 1970.
            self._decode_time = max(0, round((made_at - EPOCH_UNIX_SECONDS) * SAMPLE_RATE))
        late_seconds = min([*self._lateness, made_at - self._next_at])
        step_seconds = max(-CLOCK_STEP_SECONDS, min(late_seconds, CLOCK_STEP_SECONDS))
        self._next_at += step_seconds
        self._lateness = deque((late - step_seconds for late in self._lateness), maxlen=CLOCK_SEGMENTS)
        self._lateness.append(made_at - self._next_at)
        self.open_segment.began_at = self._next_at

    def _finish_part(self) -> None:
        if not self._pending:
            return
        self._fragments += 1
        data = fragment(self._pending, number=self._fragments, decode_time=self._decode_time)
        self.open_segment.parts.append(Part(data, self._pending_samples))
        self._decode_time += self._pending_samples
        self._next_at += self._pending_samples / SAMPLE_RATE
        self._pending, self._pending_samples, self._pending_bytes = [], 0, 0
        if len(self.open_segment.parts) == SEGMENT_PARTS:
            self._finish_segment()

    def _finish_segment(self) -> None:
        self._finish_part()
        done = self.open_segment
        if not done.parts:
            return
        self.segments.append(done)
        self.open_segment = Segment(done.number + 1, init=done.init, is_cut=False, cuts=done.cuts)
        self._size_bytes += done.size_bytes
        while len(self.segments) > LISTED_SEGMENTS + KEPT_SEGMENTS or (
            self._size_bytes > MAX_BYTES and len(self.segments) > 1
        ):
            self._size_bytes -= self.segments.popleft().size_bytes
        for gone in range(min(self._inits), self.segments[0].init):
            del self._inits[gone]
