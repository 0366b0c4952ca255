"""All that a crowd counts until its last listener has gone."""

import time
from dataclasses import dataclass

from loadtest.bench.listener_crowd import ListenerCrowd

END_SECONDS = 20.0


@dataclass(frozen=True)
class Tally:
    """Sums, and the least and largest delay of those counted; see `loadtest.bench.listener_crowd.Counted`."""

    pages: int
    gaps: int
    missing_pages: int
    disconnects: int
    least_delay_p50_ms: float
    delay_max_ms: float


def tally(crowd: ListenerCrowd) -> Tally:
    """Count until the server has closed every connection."""
    deadline = time.monotonic() + END_SECONDS
    counts = [crowd.count()]
    while counts[-1].listeners:
        assert time.monotonic() < deadline, counts[-1]
        time.sleep(0.02)
        counts.append(crowd.count())
    return Tally(
        pages=sum(each.pages for each in counts),
        gaps=sum(each.gaps for each in counts),
        missing_pages=sum(each.missing_pages for each in counts),
        disconnects=sum(each.disconnects for each in counts),
        least_delay_p50_ms=min((each.delay_p50_ms for each in counts if each.pages), default=0.0),
        delay_max_ms=max(each.delay_max_ms for each in counts),
    )
