"""What a cluster costs its members, measured: greetings of each other, relays of a stream (docs/scale.md).

    python -m loadtest.bench.cluster_cost [--members N ...] [--page-ms MS] [--seconds S]

Real members on the loopback address. What is counted is each process's own time on a core, as in `compare`:
other work on the machine matters little while there are cores left. Two cores have no time for many more
members than the default. Each size is measured once.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from loadtest.bench.processes import LOAD_CORE, cpu_time
from loadtest.bench.programs import Program
from tests.cluster.members import Members
from tests.support.http.listener import Listener

SIZES = (2, 4, 8)
SECONDS = 10.0
# After it members that have just started are in each other's rings, and do nothing but greet.
QUIET_SECONDS = 5.0

FRONT, OWNER = "m0", "m1"
START_SECONDS = 20.0


@dataclass(frozen=True)
class Cost:
    """Milliseconds on a core for each second.

    Attributes:
        members: How many there are.
        quiet: Of a member that greets and nothing else, on average.
        fronting: What the front's encoder adds.
        owning: What the stream adds to its owner, without relays.
        relay: What each relay adds to the owner.
        edge: What taking a relay for one listener adds to an edge, on average.
    """

    members: int
    quiet: float
    fronting: float
    owning: float
    relay: float | None
    edge: float | None


def main() -> int:
    """Measure and print; give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.cluster_cost",
        description="Measure what members of a cluster cost each other; prints a Markdown table.",
    )
    parser.add_argument(
        "--members", type=int, nargs="+", default=SIZES, help="sizes of the clusters (default: %(default)s)"
    )
    parser.add_argument(
        "--page-ms", type=int, default=20, help="audio on a page of the source (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="length of a window (default: %(default)s)"
    )
    options = parser.parse_args()
    columns = ("members", "quiet", "encoder at the front", "stream at the owner", "each relay", "at an edge")
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    for count in options.members:
        with tempfile.TemporaryDirectory(prefix="audiocast-cost-") as folder:
            cost = measure(count, options.page_ms, options.seconds, Path(folder))
        costs = (cost.quiet, cost.fronting, cost.owning, cost.relay, cost.edge)
        cells = ["" if each is None else f"{each:.2f}" for each in costs]
        print(f"| {cost.members} | {' | '.join(cells)} |", flush=True)
    return 0


def measure(count: int, page_ms: int, seconds: float, folder: Path) -> Cost:
    """Measure one cluster: quiet, then with a stream, then with a listener at every edge.

    Args:
        count: Members, at least a front and an owner.
        page_ms: Audio on a page of the source.
        seconds: Length of each of the three windows.
        folder: For logs.
    """
    with ExitStack() as stack:
        members = stack.enter_context(Members(folder, count))
        time.sleep(QUIET_SECONDS)
        quiet = _window(members, seconds)
        started = members.start_stream(owner=OWNER, at=FRONT)
        targets = folder / "targets"
        targets.write_text(started.keyed_url)
        command = [sys.executable, "-m", "loadtest.source", "--page-ms", str(page_ms), str(targets)]
        source = stack.enter_context(Program(command, LOAD_CORE))
        source.line(START_SECONDS)
        members[FRONT].wait_for_state(started.stream_id, "live")
        streaming = _window(members, seconds)
        edges = [name for name in members.names if name not in (FRONT, OWNER)]
        path = f"/stream/{started.stream_id}"
        listeners = [stack.enter_context(Listener(members[name].port, path)) for name in edges]
        for listener in listeners:
            listener.wait_for_audio(5.0)
        relaying = _window(members, seconds)
        relays = members[OWNER].metric("audiocast_relays")
        if relays != len(edges):
            raise RuntimeError(f"expected {len(edges)} relays, the owner has {relays:g}")
    return Cost(
        members=count,
        quiet=mean(quiet.values()),
        fronting=streaming[FRONT] - quiet[FRONT],
        owning=streaming[OWNER] - quiet[OWNER],
        relay=(relaying[OWNER] - streaming[OWNER]) / len(edges) if edges else None,
        edge=mean(relaying[name] - streaming[name] for name in edges) if edges else None,
    )


def _window(members: Members, seconds: float) -> dict[str, float]:
    """Give what each member uses for a while, in milliseconds for a second."""
    began_at = time.monotonic()
    before = {name: cpu_time(members[name].pid) for name in members.names}
    time.sleep(seconds)
    after = {name: cpu_time(members[name].pid).since(before[name]) for name in members.names}
    took_seconds = time.monotonic() - began_at
    return {name: used.total_ns / 1e6 / took_seconds for name, used in after.items()}


if __name__ == "__main__":
    sys.exit(main())
