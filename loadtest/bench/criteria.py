"""What the numbers must be: the promises about cost and delay, held against what was measured."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from loadtest.bench.results import Results
from loadtest.bench.scenarios import (
    LISTENED_MEANWHILE,
    LISTENERS,
    LISTENERS_A_STREAM,
    LIVE_CROWD,
    LONG_PAGES_MS,
    PAGE_MS,
    SHORT_PAGE_STREAMS,
    SOURCES,
    STREAMS,
    STREAMS_PAGE_MS,
    TEN_THOUSAND,
)
from loadtest.bench.trial import Sample, Trial

MOST_BYTES_A_LISTENER = 6 * 1024
# A listener among ten thousand may cost this many times what one among a thousand costs.
STRAIGHT = 1.5
# Who listens already may notice no more of a crowd than this.
MOST_CROWD_DELAY_MS = 150
# A server that has no more time than this has left work undone, and what it costs is not known.
FULL_CORE = 0.97
# Nor has one that reads its sources later than this.
MOST_SOURCE_DELAY_MS = 500

DEFAULT = Trial("audiocast", PAGE_MS, LISTENERS, 0)
LOW = replace(DEFAULT, latency="low")
TLS = replace(DEFAULT, contender="audiocast-tls")
TLS_LIVE = replace(TLS, latency="live")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise.

    Attributes:
        promise: In words.
        kept: None when it was not measured.
        numbers: What was found.
    """

    promise: str
    kept: bool | None
    numbers: str

    def __str__(self) -> str:
        return f"{self._word}  {self.promise}: {self.numbers}"

    @property
    def row(self) -> str:
        """The same as a row of a Markdown table."""
        return f"| {self.promise} | {self._word} | {self.numbers} |"

    @property
    def _word(self) -> str:
        return {True: "PASS", False: "FAIL", None: "----"}[self.kept]


def verdicts(results: Results) -> Iterator[Verdict]:
    """Hold every promise against the medians of a run: what people deploy first."""
    yield from _with_tls(results)
    yield from _live(results)
    yield from _sources(results)
    yield from _plain(results)


def _with_tls(results: Results) -> Iterator[Verdict]:
    yield _cost(results, "HTTPS, default", TLS, TLS.beside("icecast"), most=0.4)
    yield _cost(results, "HTTPS, default", TLS, replace(TLS, contender="audiocast-nginx"), most=0.6)
    yield _delay(results, "HTTPS, default", TLS, most_ms=150)
    yield _cost(results, "HTTPS, live", TLS_LIVE, TLS_LIVE.beside("icecast"), most=0.8)
    yield _delay(results, "HTTPS, live", TLS_LIVE, most_ms=60)
    yield _crowd(results, replace(TLS, listeners=LISTENED_MEANWHILE, crowd=LISTENERS), most_seconds=3)


def _live(results: Results) -> Iterator[Verdict]:
    yield _cost(results, "20 ms pages, low latency", LOW, LOW.beside("icecast"), most=1.0)
    yield _cost(results, "20 ms pages, low latency", LOW, LOW.beside("floor"), most=1.15)
    yield _delay(results, "20 ms pages, low latency", LOW, most_ms=25)
    crowd = replace(DEFAULT, listeners=LIVE_CROWD, latency="live")
    yield _delay(results, f"{LIVE_CROWD:,} live listeners", crowd, most_ms=100)


def _sources(results: Results) -> Iterator[Verdict]:
    for each, most in ((0, 1.0), (2, 1.2)):
        trial = Trial("audiocast", PAGE_MS, each * SOURCES, 0, streams=SOURCES, per="source")
        yield _cost(
            results,
            f"{SOURCES} sources with {each} listeners each",
            trial,
            trial.beside("icecast"),
            most=most,
        )
    streams = replace(DEFAULT, listeners=SHORT_PAGE_STREAMS * LISTENERS_A_STREAM, streams=SHORT_PAGE_STREAMS)
    case = f"{SHORT_PAGE_STREAMS} streams of {PAGE_MS} ms pages with {LISTENERS_A_STREAM} listeners each"
    yield _delay(results, case, streams, most_ms=500)


def _plain(results: Results) -> Iterator[Verdict]:
    yield _cost(results, "20 ms pages, default", DEFAULT, DEFAULT.beside("icecast"), most=0.2)
    yield _delay(results, "20 ms pages, default", DEFAULT, most_ms=150)
    for page_ms in LONG_PAGES_MS:
        trial = replace(DEFAULT, page_ms=page_ms)
        yield _cost(results, f"{page_ms} ms pages, default", trial, trial.beside("icecast"), most=1.0)
    for crowd, most_seconds in ((LISTENERS, 1.0), (5 * LISTENERS, 5.0)):
        trial = replace(DEFAULT, listeners=LISTENED_MEANWHILE, crowd=crowd)
        yield _crowd(results, trial, most_seconds)
    many = replace(DEFAULT, listeners=TEN_THOUSAND)
    yield _delay(results, "10,000 listeners", many, most_ms=500)
    streams = replace(
        DEFAULT, page_ms=STREAMS_PAGE_MS, listeners=STREAMS * LISTENERS_A_STREAM, streams=STREAMS
    )
    yield _delay(results, "1,000 streams with 5 listeners each", streams, most_ms=500)
    yield _memory(results)
    yield _straight(results, many)


def _cost(results: Results, case: str, trial: Trial, other: Trial, *, most: float) -> Verdict:
    promise = f"{case}: at most {most:g} times the server time of {other.name}"
    own, others = results.find(trial), results.find(other)
    ratio = results.cost_ratio(trial, other)
    if own is None or others is None or ratio is None:
        return _unmeasured(promise, results, trial)
    numbers = f"{ratio:.2f} ({own.cpu_us:.0f} and {others.cpu_us:.0f} µs per {trial.per} and second)"
    if own.server_busy > FULL_CORE:
        return Verdict(promise, False, f"{numbers}; its core was full, so work was left undone")
    # Elsewhere a promise about delay says so.
    is_behind = own.gaps or own.disconnects or own.delay_p99_ms > MOST_SOURCE_DELAY_MS
    if trial.per == "source" and is_behind:
        return Verdict(promise, False, f"{numbers}; work was left undone: {_losses(own)}")
    return Verdict(promise, ratio <= most, numbers)


def _delay(results: Results, case: str, trial: Trial, *, most_ms: float) -> Verdict:
    promise = f"{case}: delay p99 at most {most_ms:g} ms, no gap, no disconnect"
    own = results.find(trial)
    if own is None:
        return _unmeasured(promise, results, trial)
    kept = own.delay_p99_ms <= most_ms and not own.gaps and not own.disconnects
    return Verdict(promise, kept, _losses(own))


def _crowd(results: Results, trial: Trial, most_seconds: float) -> Verdict:
    own, icecast = results.find(trial), results.find(trial.beside("icecast"))
    how = " with TLS" if trial.tls else ""
    promise = f"{trial.crowd} join at once{how}: all have audio within {most_seconds:g} s, nobody hears it"
    if own is None:
        return _unmeasured(promise, results, trial)
    kept = (
        own.join_seconds <= most_seconds
        and own.delay_p99_ms <= MOST_CROWD_DELAY_MS
        and not own.gaps
        and not own.disconnects
    )
    beside = (
        ""
        if icecast is None
        else f"; icecast {icecast.join_seconds:.1f} s, {icecast.disconnects:.0f} without audio"
    )
    return Verdict(promise, kept, f"{own.join_seconds:.2f} s, {_losses(own)}{beside}")


def _memory(results: Results) -> Verdict:
    promise = f"memory: at most {MOST_BYTES_A_LISTENER // 1024} KiB a listener"
    own = results.find(DEFAULT)
    if own is None:
        return _unmeasured(promise, results, DEFAULT)
    return Verdict(promise, own.memory_bytes <= MOST_BYTES_A_LISTENER, f"{own.memory_bytes / 1024:.1f} KiB")


def _straight(results: Results, trial: Trial) -> Verdict:
    promise = f"10,000 listeners: a listener costs at most {STRAIGHT:g} times one of 1,000"
    thousand, many = results.find(DEFAULT), results.find(trial)
    if thousand is None or many is None:
        return _unmeasured(promise, results, trial)
    ratio = many.cpu_us / thousand.cpu_us if thousand.cpu_us else math.inf
    return Verdict(promise, ratio <= STRAIGHT, f"{ratio:.2f}")


def _losses(own: Sample) -> str:
    full = "; the core of the listeners was full" if own.load_busy > FULL_CORE else ""
    return (
        f"delay p99 {own.delay_p99_ms:.0f} ms (the source itself {own.source_late_p99_ms:.0f} ms), "
        f"{own.gaps:.0f} gaps, {own.disconnects:.0f} disconnects{full}"
    )


def _unmeasured(promise: str, results: Results, trial: Trial) -> Verdict:
    """A server that has not come to the end of its trial has broken the promise."""
    failure = results.failure(trial)
    return Verdict(promise, None if failure is None else False, failure or "not measured")
