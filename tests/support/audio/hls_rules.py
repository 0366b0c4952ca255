"""A media playlist of HLS, taken apart and held against the rules, alone and as what follows another.

RFC 8216 sections 4.3 and 6.2; draft-pantos-hls-rfc8216bis sections 4.4 and 6.2 for parts and hints.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Self

# Of the part target; a segment's last part may be shorter.
LEAST_PART = 0.85

ROUNDING_SECONDS = 0.001
# How far times of day may be from what the durations add up to: they follow the clock, slowly.
CLOCK_SECONDS = 0.03

Attributes = dict[str, str]


@dataclass
class Segment:
    """One that is listed; without a URI the one that is being made.

    Attributes:
        number: Media sequence number.
        discontinuity: Discontinuity sequence number.
        init: Of the map that it needs.
        at: Of its first sample, unix seconds.
        parts: URI and seconds of each part that is listed.
        uri: Of the whole of it; empty while there are parts only.
        seconds: Of the whole of it.
    """

    number: int
    discontinuity: int = 0
    init: str = ""
    at: float = 0.0
    parts: list[tuple[str, float]] = field(default_factory=list)
    uri: str = ""
    seconds: float = 0.0


@dataclass
class Playlist:
    """One that keeps the rules.

    Attributes:
        header: What stands before all segments, by name of the tag.
        segments: In order; the last one may be unfinished.
        hint: URI of the part that comes next; empty after the end.
        is_ended: No more comes.
    """

    header: Attributes
    segments: list[Segment]
    hint: str
    is_ended: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a playlist apart and hold it against the rules that concern it alone."""
        lines = text.split("\n")
        assert lines[0] == "#EXTM3U"
        assert lines[-1] == "", "the last line ends too"
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufeff]", text), "no control characters"
        playlist = cls(*_read(lines[1:-1]))
        playlist._check_header()
        playlist._check_segments()
        playlist._check_parts()
        return playlist

    @property
    def whole(self) -> list[Segment]:
        """The segments that are there as a whole."""
        return [segment for segment in self.segments if segment.uri]

    @property
    def target_seconds(self) -> int:
        return int(self.header["TARGETDURATION"])

    @property
    def part_target_seconds(self) -> float:
        return float(attributes(self.header["PART-INF"])["PART-TARGET"])

    @property
    def next_position(self) -> tuple[int, int]:
        """Number of the segment and of the part that a player that has all asks for."""
        last = self.segments[-1]
        return (last.number + 1, 0) if last.uri else (last.number, len(last.parts))

    @property
    def uris(self) -> set[str]:
        """All that can be fetched."""
        media = {uri for segment in self.segments for uri, _ in segment.parts} | {
            segment.uri for segment in self.whole
        }
        return media | {segment.init for segment in self.segments}

    def check_follows(self, before: "Playlist") -> None:
        """Hold it against the one that was there before (RFC 8216 section 6.2.1)."""
        assert self.header["TARGETDURATION"] == before.header["TARGETDURATION"]
        assert self.header["PART-INF"] == before.header["PART-INF"]
        assert self.segments[0].number >= before.segments[0].number, "numbers never go back"
        assert self.segments[-1].number >= before.segments[-1].number
        assert not before.is_ended or self.uris == before.uris, "after the end nothing changes"
        known = {segment.number: segment for segment in before.segments}
        for segment in self.segments:
            old = known.get(segment.number)
            if old is not None:
                _check_same(segment, old)
        if self.segments[0].number <= before.segments[-1].number and self.segments[0].number in known:
            # What was removed was removed from the front: the rest is there, in order.
            kept = [number for number in known if number >= self.segments[0].number]
            assert kept == [segment.number for segment in self.segments][: len(kept)]
        assert self.segments[0].discontinuity >= before.segments[0].discontinuity

    def _check_header(self) -> None:
        assert int(self.header["VERSION"]) >= 6, "EXT-X-MAP without I-frames needs it"
        control = attributes(self.header["SERVER-CONTROL"])
        assert control["CAN-BLOCK-RELOAD"] == "YES"
        assert float(control["HOLD-BACK"]) >= 3 * self.target_seconds
        assert float(control["PART-HOLD-BACK"]) >= 3 * self.part_target_seconds - ROUNDING_SECONDS

    def _check_segments(self) -> None:
        for segment in self.whole:
            assert round(segment.seconds) <= self.target_seconds
        for segment in self.segments:
            assert segment.init, "a map for each"
            assert segment.at, "a time of day for each"
        for before, after in pairwise(self.segments):
            gap = after.at - before.at - before.seconds
            is_cut = after.discontinuity > before.discontinuity
            assert is_cut or abs(gap) <= CLOCK_SECONDS, f"{after.number} begins {gap:.3f} s off"

    def _check_parts(self) -> None:
        most = self.part_target_seconds
        for segment in self.segments:
            for number, (_, seconds) in enumerate(segment.parts):
                assert seconds <= most + ROUNDING_SECONDS
                is_last = bool(segment.uri) and number == len(segment.parts) - 1
                assert is_last or seconds >= LEAST_PART * most - ROUNDING_SECONDS, (segment, number)
            if segment.parts and segment.uri:
                whole = sum(seconds for _, seconds in segment.parts)
                assert abs(whole - segment.seconds) <= ROUNDING_SECONDS * len(segment.parts)
        if self.is_ended:
            assert not self.hint
        else:
            assert self.hint
            assert self.hint not in self.uris, "hinted is what is not there yet"
            near = sum(segment.seconds for segment in self.whole if segment.parts)
            assert near <= 3 * self.target_seconds + ROUNDING_SECONDS, "parts near the end only"


def attributes(text: str) -> Attributes:
    """Read an attribute list (RFC 8216 section 4.2), quotes taken off."""
    found = re.findall(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)', text)
    assert ",".join(f"{name}={value}" for name, value in found) == text, text
    assert len({name for name, _ in found}) == len(found), "each name once"
    return {name: value.strip('"') for name, value in found}


def _check_same(segment: Segment, old: Segment) -> None:
    if old.uri:
        assert (segment.uri, segment.seconds) == (old.uri, old.seconds)
    if segment.parts:
        assert segment.parts[: len(old.parts)] == old.parts
    assert (segment.init, segment.discontinuity, segment.at) == (old.init, old.discontinuity, old.at)


def _read(lines: list[str]) -> tuple[Attributes, list[Segment], str, bool]:
    header: Attributes = {}
    segments: list[Segment] = []
    hint, is_ended, init = "", False, ""
    segment: Segment | None = None
    number = discontinuity = 0
    for line in lines:
        if not line.startswith("#"):
            assert segment is not None, f"EXTINF before {line}"
            assert segment.seconds, f"EXTINF before {line}"
            segment.uri = line
            segments.append(segment)
            segment = None
            number += 1
            continue
        found = re.fullmatch(r"#(EXTINF|EXT-X-[A-Z-]+)(?::(.*))?", line)
        assert found, f"expected a tag, got {line!r}"
        name, value = found[1].removeprefix("EXT-X-"), found[2] or ""
        if name in ("VERSION", "TARGETDURATION", "PART-INF", "SERVER-CONTROL", "MEDIA-SEQUENCE") or (
            name == "DISCONTINUITY-SEQUENCE"
        ):
            assert segment is None, f"{name} before all segments"
            assert not segments, f"{name} before all segments"
            assert name not in header, f"{name} once"
            header[name] = value
            number = int(header.get("MEDIA-SEQUENCE", 0))
            discontinuity = int(header.get("DISCONTINUITY-SEQUENCE", 0))
            continue
        assert not is_ended, "nothing after the end"
        if name == "ENDLIST":
            is_ended = True
            continue
        if name == "PRELOAD-HINT":
            hint = attributes(value)["URI"]
            assert attributes(value)["TYPE"] == "PART"
            continue
        assert not hint, "the hint is about the end"
        if name == "DISCONTINUITY":
            assert segment is None
            discontinuity += 1
            continue
        if name == "MAP":
            assert segment is None
            init = attributes(value)["URI"]
            continue
        segment = segment or Segment(number, discontinuity, init)
        if name == "PROGRAM-DATE-TIME":
            segment.at = datetime.fromisoformat(value).timestamp()
        elif name == "PART":
            part = attributes(value)
            assert part["INDEPENDENT"] == "YES"
            segment.parts.append((part["URI"], float(part["DURATION"])))
        elif name == "EXTINF":
            segment.seconds = float(value.removesuffix(","))
        else:
            raise AssertionError(f"expected a tag that we use, got {line!r}")
    if segment is not None:
        assert segment.parts, "a segment that is not whole has parts"
        segments.append(segment)
    return header, segments, hint, is_ended
