"""The parts of a show as an HLS playlist that only grows (RFC 8216 section 4.3.3.5). Pure."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from audiocast.hls.playlist import VERSION
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.recordings.rewind.part_bytes import PartForm, init_name
from audiocast.recordings.rewind.running_show import RunningShow

# A chunk ends with a page, which may be a second long.
PAGE_SECONDS = 1


def event_playlist(show: RunningShow, chunk_seconds: float) -> str:
    """Return the playlist as of now.

    Args:
        show: At least one part of it is there.
        chunk_seconds: How long chunks are to be.
    """
    return "\n".join([*_head(show, chunk_seconds), *_body(show), *(["#EXT-X-ENDLIST"] * show.is_over), ""])


def _head(show: RunningShow, chunk_seconds: float) -> Iterator[str]:
    longest = max(part.samples for part in show.parts) / SAMPLE_RATE
    yield "#EXTM3U"
    yield f"#EXT-X-VERSION:{VERSION}"
    yield f"#EXT-X-TARGETDURATION:{max(math.ceil(chunk_seconds) + PAGE_SECONDS, round(longest))}"
    if not show.dropped:
        yield "#EXT-X-PLAYLIST-TYPE:EVENT"
    yield f"#EXT-X-MEDIA-SEQUENCE:{show.dropped}"
    yield "#EXT-X-START:TIME-OFFSET=0"


def _body(show: RunningShow) -> Iterator[str]:
    setup = -1
    time = show.show_id.time
    for index, part in enumerate(show.parts):
        if part.is_cut and index:
            yield "#EXT-X-DISCONTINUITY"
        if part.setup != setup:
            setup = part.setup
            yield f'#EXT-X-MAP:URI="{time}/{init_name(show.setups[setup])}"'
        if part.is_cut or not index:
            yield f"#EXT-X-PROGRAM-DATE-TIME:{_time(part.at_ms)}"
        yield f"#EXTINF:{part.samples / SAMPLE_RATE:.5f},"
        yield f"{time}/{part.start}.{PartForm.MP4.value}"


def _time(unix_ms: int) -> str:
    at = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
