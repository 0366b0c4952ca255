"""What the numbers must be: the promises about cost and delay, held against what was measured."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from loadtest.bench.results import Results
from loadtest.bench.scenarios import (
    LISTENED_MEANWHILE,
    LISTENERS,
    LISTENERS_A_STREAM,
    LONG_PAGES_MS,
    PAGE_MS,
    SIDE_BY_SIDE,
    STREAMS,
    STREAMS_PAGE_MS,
    TEN_THOUSAND,
)
from loadtest.bench.trial import Sample, Trial

MOST_BYTES_A_LISTENER = 6 * 1024
# A listener among ten thousand may cost this many times what one among a thousand costs.
STRAIGHT = 1.5


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
        word = {True: "PASS", False: "FAIL", None: "----"}[self.kept]
        return f"{word}  {self.promise}: {self.numbers}"


def verdicts(results: Results) -> Iterator[Verdict]:
    """Hold every promise against the medians of a run."""
    own, own_low, icecast, floor = (
        Trial(contender, PAGE_MS, LISTENERS, 0, latency=latency) for contender, latency in SIDE_BY_SIDE
    )
    default = results.find(own)
    yield _cost(results, "20 ms pages, default", own, icecast, most=0.25)
    yield _delay("20 ms pages, default", default, most_ms=150)
    yield _cost(results, "20 ms pages, low latency", own_low, floor, most=1.25)
    yield _delay("20 ms pages, low latency", results.find(own_low), most_ms=25)
    for page_ms in LONG_PAGES_MS:
        pair = (replace(own, page_ms=page_ms), replace(icecast, page_ms=page_ms))
        yield _cost(results, f"{page_ms} ms pages, default", *pair, most=1.0)
    for crowd, most_seconds in ((LISTENERS, 1.0), (5 * LISTENERS, 5.0)):
        yield from _crowd(results, crowd, most_seconds)
    many = results.find(replace(own, listeners=TEN_THOUSAND))
    yield _delay("10,000 listeners", many, most_ms=500)
    streams = results.find(
        Trial("audiocast", STREAMS_PAGE_MS, STREAMS * LISTENERS_A_STREAM, 0, streams=STREAMS)
    )
    yield _delay("1,000 streams with 5 listeners each", streams, most_ms=500)
    yield _memory(default)
    yield _straight(default, many)


def _cost(results: Results, case: str, trial: Trial, other: Trial, *, most: float) -> Verdict:
    promise = f"{case}: at most {most:g} times the server time of {other.name}"
    own, others = results.find(trial), results.find(other)
    ratio = results.cost_ratio(trial, other)
    if own is None or others is None or ratio is None:
        return _unmeasured(promise)
    numbers = f"{ratio:.2f} ({own.cpu_us:.0f} and {others.cpu_us:.0f} µs per listener and second)"
    return Verdict(promise, ratio <= most, numbers)


def _delay(case: str, own: Sample | None, *, most_ms: float) -> Verdict:
    promise = f"{case}: delay p99 at most {most_ms:g} ms, no gap, no disconnect"
    if own is None:
        return _unmeasured(promise)
    kept = own.delay_p99_ms <= most_ms and not own.gaps and not own.disconnects
    return Verdict(promise, kept, _losses(own))


def _crowd(results: Results, crowd: int, most_seconds: float) -> Iterator[Verdict]:
    own, icecast = (
        results.find(Trial(contender, PAGE_MS, LISTENED_MEANWHILE, 0, crowd=crowd))
        for contender in ("audiocast", "icecast")
    )
    promise = f"{crowd} join at once: all have audio within {most_seconds:g} s, nobody hears it"
    if own is None:
        yield _unmeasured(promise)
        return
    kept = (
        own.join_seconds <= most_seconds and own.delay_p99_ms <= 150 and not own.gaps and not own.disconnects
    )
    beside = (
        ""
        if icecast is None
        else f"; icecast {icecast.join_seconds:.1f} s, {icecast.disconnects:.0f} without audio"
    )
    yield Verdict(promise, kept, f"{own.join_seconds:.2f} s, {_losses(own)}{beside}")


def _memory(own: Sample | None) -> Verdict:
    promise = f"memory: at most {MOST_BYTES_A_LISTENER // 1024} KiB a listener"
    if own is None:
        return _unmeasured(promise)
    return Verdict(promise, own.memory_bytes <= MOST_BYTES_A_LISTENER, f"{own.memory_bytes / 1024:.1f} KiB")


def _straight(thousand: Sample | None, many: Sample | None) -> Verdict:
    promise = f"10,000 listeners: a listener costs at most {STRAIGHT:g} times one of 1,000"
    if thousand is None or many is None:
        return _unmeasured(promise)
    ratio = many.cpu_us / thousand.cpu_us if thousand.cpu_us else math.inf
    return Verdict(promise, ratio <= STRAIGHT, f"{ratio:.2f}")


def _losses(own: Sample) -> str:
    return (
        f"delay p99 {own.delay_p99_ms:.0f} ms (the source itself {own.source_late_p99_ms:.0f} ms), "
        f"{own.gaps:.0f} gaps, {own.disconnects:.0f} disconnects"
    )


def _unmeasured(promise: str) -> Verdict:
    return Verdict(promise, None, "not measured")
