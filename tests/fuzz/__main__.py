"""`make fuzz`: each way in by turns, against a server with a live victim, until the time is over.

It sends to loopback addresses only. The exit code is 1 when there was a finding: a packet that the victim
missed, a fault in the server's log or in an answer, or a server that holds more in the end than it should.
What was sent then is kept in a file, and `--repeat` sends it again.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.members import Members
from tests.fuzz.campaign import ALL_WAYS, MEMBERS, PUBLIC_WAYS, SETTINGS, Tally, attack, cases_of, growth
from tests.fuzz.cases import Case
from tests.fuzz.members import Outsider
from tests.fuzz.observation import Holdings, Observation, observed
from tests.fuzz.victim import Victim
from tests.support.processes.server import AudiocastServer

WAYS = tuple(ALL_WAYS)
# A victim is new for each turn of a way.
MOST_SECONDS_A_TURN = 60.0
# In which a server has made what it makes once; memory is compared with what it held after that.
WARM_UP_SECONDS = 10.0
HONEST_SECONDS = 30.0
KEPT_FILE = "fuzz-findings.jsonl"


@dataclass
class Way:
    """What came of a way so far.

    Attributes:
        cases: They go on where the last turn has ended.
        tally: Of all its turns.
        longest_gap_ms: Between two arrivals at the victim's listener.
        before: What the server held when it was warm.
        after: What it held after the last turn.
    """

    cases: Iterator[Case]
    tally: Tally
    longest_gap_ms: float = 0.0
    before: Holdings | None = None
    after: Holdings | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--ways", default=",".join(WAYS), help="of %(default)s; separated by commas")
    parser.add_argument("--seed", type=int, help="the same seed, the same cases (a new one)")
    parser.add_argument("--minutes", type=float, default=60.0, help="for all of it (%(default)s)")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="send the cases of a finding again")
    options = parser.parse_args(arguments)
    repeated = (
        [Case.from_json(line) for line in options.repeat.read_text().splitlines()] if options.repeat else []
    )
    names = list(dict.fromkeys(case.way for case in repeated)) or options.ways.split(",")
    if unknown := [name for name in names if name not in WAYS]:
        parser.error(f"expected ways of {','.join(WAYS)}, got {unknown[0]}")
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 32)
    print(
        f"make fuzz FUZZ_ARGS='--seed {seed} --ways {','.join(names)} --minutes {options.minutes:g}'",
        flush=True,
    )
    ways = {
        name: Way(
            iter([case for case in repeated if case.way == name]) if repeated else cases_of(name, seed),
            Tally(),
        )
        for name in names
    }
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        _run(ways, options.minutes * 60, Path(folder))
    _print_table(ways)
    return _report(ways)


@dataclass
class Arena:
    """What a way is tried on.

    Attributes:
        source_at: Server of the victim's encoder; it is attacked.
        listener_at: Server of the victim's listener.
        port: That is attacked.
        observations: Of all servers, the attacked one first.
        prepare: What is done to a case before it is sent.
    """

    source_at: AudiocastServer
    listener_at: AudiocastServer
    port: int
    observations: list[Observation]
    prepare: Callable[[Case], Case]


def _run(ways: dict[str, Way], seconds: float, folder: Path) -> None:
    """Give each way its turns, until the time is over or there is a finding."""
    with ExitStack() as stack:
        arenas = {}
        if set(ways) - {MEMBERS}:
            arenas.update(dict.fromkeys(PUBLIC_WAYS, _one_server(stack, folder / "alone")))
        if MEMBERS in ways:
            arenas[MEMBERS] = _two_members(stack, folder / "members")
        deadline = time.monotonic() + seconds
        rounds = max(1, round(seconds / len(ways) / MOST_SECONDS_A_TURN))
        turns = [name for _ in range(rounds) for name in ways]
        for number, name in enumerate(turns):
            share = (deadline - time.monotonic()) / (len(turns) - number)
            _take_turn(ways[name], arenas[name], max(share, 1.0))
            if ways[name].tally.findings:
                return
        for name, way in ways.items():
            servers = arenas[name].source_at, arenas[name].listener_at
            with Victim(*servers, seconds=HONEST_SECONDS, stream_id=f"honest-{name}") as honest:
                if harm := honest.harm():
                    way.tally.findings.append(f"an honest source after all of it: {harm}")


def _one_server(stack: ExitStack, folder: Path) -> Arena:
    folder.mkdir()
    server = stack.enter_context(AudiocastServer(folder / "server.log", **{**SETTINGS, **observed(folder)}))
    return Arena(server, server, server.port, [Observation(server, folder)], lambda case: case)


def _two_members(stack: ExitStack, folder: Path) -> Arena:
    folder.mkdir()
    members = stack.enter_context(Members(folder, 2, **{**SETTINGS, **observed(folder)}))
    first, second = servers = [members[name] for name in members.names]
    observations = [Observation(server, folder) for server in servers]
    sign = Outsider(first, members.names[0]).signed
    return Arena(first, second, first.internal_port, observations, sign)


def _take_turn(way: Way, arena: Arena, seconds: float) -> None:
    lasting_seconds = seconds * 2 + WARM_UP_SECONDS + HONEST_SECONDS * 3
    attacked = arena.observations[0]
    with Victim(arena.source_at, arena.listener_at, seconds=lasting_seconds) as victim:
        spans = [seconds]
        if way.before is None:
            spans = [warm_up := min(WARM_UP_SECONDS, seconds / 4), seconds - warm_up]
        for number, span in enumerate(spans, 1):
            if way.before is None and number == len(spans):
                way.before = attacked.holdings()
            attack(
                way.cases,
                arena.port,
                arena.observations,
                way.tally,
                harm=victim.harm,
                seconds=span,
                prepare=arena.prepare,
            )
        way.longest_gap_ms = max(way.longest_gap_ms, victim.longest_gap_ms)
        if not way.tally.findings and way.before is not None:
            way.after, grown = growth(way.before, attacked)
            way.tally.findings += [grown] if grown else []


def _print_table(ways: dict[str, Way]) -> None:
    print(f"\n{'way':<10}{'cases':>8}{'findings':>10}{'longest gap':>13}   before; after")
    for name, way in ways.items():
        gap = f"{way.longest_gap_ms:.0f} ms"
        held = f"{way.before}; {way.after}"
        print(f"{name:<10}{way.tally.cases:>8}{len(way.tally.findings):>10}{gap:>13}   {held}")
    for name, way in ways.items():
        most = Counter(way.tally.outcomes).most_common()
        print(f"\n{name}: " + ", ".join(f"{count} x {outcome}" for outcome, count in most))


def _report(ways: dict[str, Way]) -> int:
    """Print findings, keep what was sent, and return the exit code."""
    found = {name: way for name, way in ways.items() if way.tally.findings}
    suspects = [case for way in found.values() for case in way.tally.suspects]
    for name, way in found.items():
        for finding in way.tally.findings:
            print(f"\n{name}: {finding[:2000]}")
    if suspects:
        Path(KEPT_FILE).write_text("".join(f"{case.as_json()}\n" for case in suspects))
        print(f"\nwhat was sent: {Path(KEPT_FILE).resolve()}")
        print(f"again: make fuzz FUZZ_ARGS='--repeat {KEPT_FILE} --minutes 1'")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
