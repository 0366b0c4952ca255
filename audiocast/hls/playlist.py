"""The media playlist of a timeline, with the parts and hints of Low-Latency HLS.

References: RFC 8216 section 4.3; draft-pantos-hls-rfc8216bis sections 4.4 (tags), 6.2.2 (live playlists)
and B.1 (how to get little delay). Every tag of a segment stands before its parts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from audiocast.hls.timeline import PART_SECONDS, SEGMENT_SECONDS, Segment, Timeline
from audiocast.ogg.opus import SAMPLE_RATE

# Of the tags that are used, `EXT-X-MAP` without I-frames needs the highest.
VERSION = 6

HOLD_BACK_SECONDS = 3 * SEGMENT_SECONDS

# How far from the end players stay: as near as the draft recommends.
PART_HOLD_BACK_SECONDS = 3 * PART_SECONDS

# The draft wants parts for the last three target durations.
SEGMENTS_WITH_PARTS = 3


def media_playlist(timeline: Timeline) -> str:
    """Return the playlist as of now."""
    return "\n".join([*_head(timeline), *_body(timeline), *_foot(timeline), ""])


def _head(timeline: Timeline) -> Iterator[str]:
    first = next(iter(timeline.listed), timeline.open_segment)
    yield "#EXTM3U"
    yield f"#EXT-X-VERSION:{VERSION}"
    yield f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}"
    yield f"#EXT-X-PART-INF:PART-TARGET={PART_SECONDS:.5f}"
    yield (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
        f",HOLD-BACK={HOLD_BACK_SECONDS:.1f},PART-HOLD-BACK={PART_HOLD_BACK_SECONDS:.1f}"
    )
    yield f"#EXT-X-MEDIA-SEQUENCE:{first.number}"
    # Without the tag that stands before the first segment itself.
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.cuts - first.is_cut}"


def _body(timeline: Timeline) -> Iterator[str]:
    listed = timeline.listed
    init = -1
    for place, segment in enumerate([*listed, timeline.open_segment]):
        is_whole = segment is not timeline.open_segment
        if not segment.parts:
            continue
        if segment.is_cut:
            yield "#EXT-X-DISCONTINUITY"
        if segment.init != init:
            init = segment.init
            yield f'#EXT-X-MAP:URI="{timeline.run}/init{init}.mp4"'
        yield f"#EXT-X-PROGRAM-DATE-TIME:{_time(segment.began_at)}"
        if place >= len(listed) - SEGMENTS_WITH_PARTS and not timeline.is_ended:
            yield from _parts(timeline, segment)
        if is_whole:
            yield f"#EXTINF:{segment.samples / SAMPLE_RATE:.5f},"
            yield f"{timeline.run}/{segment.number}.m4s"


def _parts(timeline: Timeline, segment: Segment) -> Iterator[str]:
    for number, part in enumerate(segment.parts):
        seconds = part.samples / SAMPLE_RATE
        uri = f"{timeline.run}/{segment.number}.{number}.m4s"
        yield f'#EXT-X-PART:DURATION={seconds:.5f},URI="{uri}",INDEPENDENT=YES'


def _foot(timeline: Timeline) -> Iterator[str]:
    if timeline.is_ended:
        yield "#EXT-X-ENDLIST"
        return
    number, part = timeline.hinted
    uri = f"{timeline.run}/{number}.{part}.m4s"
    yield f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{uri}"'


def _time(unix_seconds: float) -> str:
    at = datetime.fromtimestamp(round(unix_seconds, 3), UTC)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
