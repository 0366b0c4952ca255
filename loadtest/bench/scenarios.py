"""Which trials there are: each scenario is a list of them.

Contenders that are compared stand side by side, so that they are measured one after the other and have the
same noise. Nothing is measured here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from loadtest.bench.trial import Trial

PAGE_MS = 20
LONG_PAGES_MS = (100, 1000)
LISTENERS = 1000
# Those who already listen when a crowd comes.
LISTENED_MEANWHILE = 200

# Contenders, and what their listeners ask for.
SIDE_BY_SIDE = (("audiocast", "default"), ("audiocast", "low"), ("icecast", "default"), ("floor", "default"))

SCALE = (100, 300, 1000, 3000, 10_000)
# Beyond it, one core is not enough for a send for each page of 20 ms, whoever does it.
EACH_PAGE_AT_MOST = 3000

TEN_THOUSAND = 10_000
STREAMS, LISTENERS_A_STREAM = 1000, 5
# What FFmpeg does unless told otherwise. A thousand sources at a time are more often such than carefully
# set up.
STREAMS_PAGE_MS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        seconds: Length of a window.
        listeners: Instead of a scenario's own number; None for that.
        page_ms: Instead of a scenario's own pages; None for those.
    """

    seconds: float
    listeners: int | None = None
    page_ms: int | None = None

    def trial(
        self, contender: str, latency: str = "default", *, listeners: int, page_ms: int = PAGE_MS
    ) -> Trial:
        """Give a trial of this length."""
        return Trial(
            contender, self.page_ms or page_ms, self.listeners or listeners, self.seconds, latency=latency
        )


def steady(plan: Plan) -> list[Trial]:
    """A thousand listeners of one stream, by page size."""
    everybody = [plan.trial(*pair, listeners=LISTENERS) for pair in SIDE_BY_SIDE]
    if plan.page_ms is not None:
        return everybody
    return everybody + [
        plan.trial(contender, listeners=LISTENERS, page_ms=page_ms)
        for page_ms in LONG_PAGES_MS
        for contender in ("audiocast", "icecast")
    ]


def join(plan: Plan) -> list[Trial]:
    """Crowds that come all at once while others listen."""
    quiet = Trial("audiocast", plan.page_ms or PAGE_MS, LISTENED_MEANWHILE, plan.seconds)
    crowd = plan.listeners or LISTENERS
    return [
        replace(quiet, crowd=crowd),
        replace(quiet, crowd=5 * crowd),
        replace(quiet, contender="icecast", crowd=crowd, once=True),
    ]


def scale(plan: Plan) -> list[Trial]:
    """From a hundred listeners to ten thousand, for a picture: one sample of what no other scenario has."""
    return [
        replace(plan.trial(*pair, listeners=listeners), listeners=listeners, once=True)
        for listeners in SCALE
        for pair in SIDE_BY_SIDE
        if pair == ("audiocast", "default") or listeners <= EACH_PAGE_AT_MOST
    ]


def ten_thousand(plan: Plan) -> list[Trial]:
    """Ten thousand listeners of one stream on one process."""
    return [plan.trial("audiocast", listeners=TEN_THOUSAND)]


def many_streams(plan: Plan) -> list[Trial]:
    """A thousand streams with five listeners each."""
    streams = max(1, (plan.listeners or STREAMS * LISTENERS_A_STREAM) // LISTENERS_A_STREAM)
    trial = plan.trial("audiocast", listeners=STREAMS * LISTENERS_A_STREAM, page_ms=STREAMS_PAGE_MS)
    return [replace(trial, streams=streams)]


SCENARIOS: dict[str, Callable[[Plan], list[Trial]]] = {
    "steady": steady,
    "join": join,
    "ten-thousand": ten_thousand,
    "many-streams": many_streams,
    "scale": scale,
}
