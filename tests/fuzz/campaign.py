"""Runs cases of one way against a victim's servers, and judges what was answered, logged, lost and kept."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz import api_bodies, foreign, hls_queries, http_heads, ingest, members, websocket
from tests.fuzz.cases import SECRET, Case, Make, make_case
from tests.fuzz.delivery import deliver, outcome_of
from tests.fuzz.observation import MIB, Holdings, Observation

PUBLIC_WAYS: Mapping[str, Make] = {
    "ogg": ingest.framed,
    "unframed": ingest.unframed,
    "formats": foreign.bodies,
    "websocket": websocket.frames,
    "http": http_heads.heads,
    "api": api_bodies.requests,
    "hls": hls_queries.queries,
}

MEMBERS = "members"
ALL_WAYS: Mapping[str, Make] = {**PUBLIC_WAYS, MEMBERS: members.messages}

# The server's waits are short here, so that a case is over soon. A machine that is busy lets the victim's
# encoder wait, too, which is no harm; so silence is made late.
SETTINGS: dict[str, Any] = {
    "SECRET_KEYS": SECRET,
    "HEADER_WAIT_TIMEOUT": 0.3,
    "SOURCE_GRACE_SECONDS": 1,
    "ACTIVE_THRESHOLD_SEC": 10,
    "MAX_STREAMS": 200,
    "MAX_LOG_REPEATS": 0,
}

# Beside what refuses a request or has no room for it: a format, a method or an encoding that is not there.
PLANNED = frozenset({"501", "503"})

SENDERS = 4
CASES_AT_ONCE = 40
SETTLE_SECONDS = 40.0
# A kept-alive connection of the victim's own requests, a look-up, a timer's task.
SPARE = 6
# Freed memory does not all go back to the system: ten minutes of cases have been seen to take 16 MiB.
MOST_GROWTH_BYTES = 40 * MIB


@dataclass
class Tally:
    """What came of the cases of one way.

    Attributes:
        cases: How many there were.
        outcomes: How many were answered how.
        findings: What was wrong, in words.
        suspects: The cases that were under way when the first finding came up.
    """

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    suspects: list[Case] = field(default_factory=list)


def cases_of(way: str, seed: int, first: int = 0, ways: Mapping[str, Make] = ALL_WAYS) -> Iterator[Case]:
    """Return the cases of a way, without an end."""
    return (make_case(ways, way, number, seed) for number in itertools.count(first))


def attack(
    cases: Iterable[Case],
    port: int,
    observations: Iterable[Observation],
    tally: Tally,
    *,
    harm: Callable[[], str],
    seconds: float,
    prepare: Callable[[Case], Case] = lambda case: case,
) -> None:
    """Send cases until there are no more, or the time is over, or there is a finding.

    Args:
        cases: To be sent.
        port: Where to.
        observations: Of all servers that may log a fault.
        tally: What comes of it is added here.
        harm: Says what the victim has suffered.
        seconds: For how long at most.
        prepare: What is done to a case before it is sent.
    """
    deadline = time.monotonic() + seconds
    watched = list(observations)
    endless = iter(cases)
    with ThreadPoolExecutor(SENDERS) as senders:
        while time.monotonic() < deadline and not tally.findings:
            batch = list(itertools.islice(endless, CASES_AT_ONCE))
            if not batch:
                break
            outcomes = list(senders.map(lambda case: outcome_of(deliver(prepare(case), port)), batch))
            tally.cases += len(batch)
            tally.outcomes.update(outcomes)
            wrong = [pair for pair in zip(batch, outcomes, strict=True) if _is_unplanned(pair[1])]
            tally.findings += [f"case {case.number} was answered {outcome}" for case, outcome in wrong]
            tally.findings += [fault for each in watched for fault in each.new_faults()]
            if tally.findings:
                tally.suspects += [case for case, _ in wrong] or batch
    if suffered := harm():
        tally.findings.append(suffered)


def growth(before: Holdings, observation: Observation) -> tuple[Holdings, str]:
    """Wait until a server holds no more than before; return what it holds then, and what is too much."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        after = observation.holdings()
        grown = [
            f"{name}: {was} before, {is_now} after"
            for name, was, is_now, spare in (
                ("descriptors", before.descriptors, after.descriptors, SPARE),
                ("tasks", before.tasks, after.tasks, SPARE),
                ("bytes of memory", before.memory_bytes, after.memory_bytes, MOST_GROWTH_BYTES),
            )
            if is_now > was + spare
        ]
        if not grown or time.monotonic() > deadline:
            return after, "; ".join(grown)
        time.sleep(0.5)


def _is_unplanned(outcome: str) -> bool:
    status = outcome.partition(" ")[0]
    return status.startswith("5") and status not in PLANNED
