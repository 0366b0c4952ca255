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

# Contenders, and what their listeners ask for. Those of the page ask for "live".
SIDE_BY_SIDE = (("audiocast", "default"), ("audiocast", "low"), ("icecast", "default"), ("floor", "default"))
WITH_TLS = (
    ("audiocast-tls", "default"),
    ("audiocast-tls", "live"),
    ("icecast-tls", "default"),
    ("audiocast-nginx", "default"),
    ("audiocast-nginx", "live"),
    ("floor-tls", "default"),
)
# One sample will do: no promise is about it.
WITH_TLS_ONCE = (("audiocast-haproxy", "default"), ("audiocast-haproxy", "live"))

LIVE_CROWD = 5000
SOURCES, MANY_SOURCES = 100, 500
LISTENERS_A_SOURCE = (0, 2)
SHORT_PAGE_STREAMS = 500

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


def https(plan: Plan) -> list[Trial]:
    """A thousand listeners of one stream through TLS: those that buffer, and those of the listener's page."""
    trials = [plan.trial(*pair, listeners=LISTENERS) for pair in WITH_TLS]
    return trials + [replace(plan.trial(*pair, listeners=LISTENERS), once=True) for pair in WITH_TLS_ONCE]


def join_tls(plan: Plan) -> list[Trial]:
    """A thousand listeners that come all at once, through TLS, while others listen."""
    quiet = Trial("audiocast-tls", plan.page_ms or PAGE_MS, LISTENED_MEANWHILE, plan.seconds)
    crowd = replace(quiet, crowd=plan.listeners or LISTENERS)
    return [
        crowd,
        replace(crowd, contender="audiocast-nginx", once=True),
        replace(crowd, contender="icecast-tls", once=True),
    ]


def plain(plan: Plan) -> list[Trial]:
    """A thousand listeners of one stream of short pages, without TLS."""
    return [plan.trial(*pair, listeners=LISTENERS) for pair in SIDE_BY_SIDE]


def live_crowd(plan: Plan) -> list[Trial]:
    """Five thousand listeners of the listener's page, without TLS."""
    return [plan.trial("audiocast", "live", listeners=LIVE_CROWD)]


def sources(plan: Plan) -> list[Trial]:
    """Many sources of short pages, with nobody or with two listeners for each."""
    return [
        Trial(
            contender,
            plan.page_ms or PAGE_MS,
            count * each,
            plan.seconds,
            streams=count,
            per="source",
            once=once,
        )
        for count, once in ((SOURCES, False), (MANY_SOURCES, True))
        for each in LISTENERS_A_SOURCE
        for contender in ("audiocast", "icecast")
    ]


def short_page_streams(plan: Plan) -> list[Trial]:
    """Five hundred streams of short pages with five listeners each."""
    streams = max(1, (plan.listeners or SHORT_PAGE_STREAMS * LISTENERS_A_STREAM) // LISTENERS_A_STREAM)
    trial = plan.trial("audiocast", listeners=SHORT_PAGE_STREAMS * LISTENERS_A_STREAM)
    return [replace(trial, streams=streams)]


def deployed(plan: Plan) -> list[Trial]:
    """All that people deploy, with the promises about it."""
    parts = (https, join_tls, plain, live_crowd, sources, short_page_streams)
    return [trial for part in parts for trial in part(plan)]


def steady(plan: Plan) -> list[Trial]:
    """A thousand listeners of one stream, without TLS, by page size."""
    if plan.page_ms is not None:
        return plain(plan)
    return plain(plan) + [
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


# What is in a scenario further up is not measured again further down.
SCENARIOS: dict[str, Callable[[Plan], list[Trial]]] = {
    "deployed": deployed,
    "https": https,
    "join-tls": join_tls,
    "plain": plain,
    "live-crowd": live_crowd,
    "sources": sources,
    "short-page-streams": short_page_streams,
    "steady": steady,
    "join": join,
    "ten-thousand": ten_thousand,
    "many-streams": many_streams,
    "scale": scale,
}
