"""Clusters of 10 to 1,000 members, simulated with the server's own ring and membership (docs/scale.md).

    python -m loadtest.simulation.simulate [--members N ...] [--streams N] [--listeners N]
                                            [--latency-ms MS] [--seed N]

The same arguments give the same numbers, and a row does not depend on the others. Nothing is measured here:
no socket is opened, and no time passes but the processor's.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from loadtest.simulation.simulated_greetings import Noticed, SimulatedGreetings
from loadtest.simulation.simulated_ring import SimulatedRing

MEMBERS = (10, 30, 100, 300, 1000)
STREAMS = 2000
LISTENERS = 100_000
LATENCY_MS = 2.0

Row = Sequence[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all tables; give the exit code."""
    options = _parser().parse_args(arguments)
    rings = [SimulatedRing(count, options.streams, options.seed) for count in options.members]
    greetings = [
        SimulatedGreetings(count, options.latency_ms / 1000, options.seed) for count in options.members
    ]
    _table(
        f"Spread of {options.streams} streams",
        ("members", "streams each", "busiest / mean", "the same by dice"),
        map(_spread, rings),
    )
    _table(
        "A member joins, a member dies",
        (
            "members",
            "1/(N+1)",
            "moved by a join",
            "of these not to the new one",
            "1/N",
            "moved by the worst death",
            "heirs",
            "most for an heir",
        ),
        map(_changes, rings),
    )
    _table(
        "All are restarted, one after the other, and no stream ends meanwhile",
        (
            "members",
            "moves of a stream",
            "most moves",
            "busiest / mean afterwards",
            "streams on the last one",
        ),
        map(_restart, rings),
    )
    _table(
        "Until all members have noticed: first, median, last, in seconds",
        ("members", "killed", "stopped or cut off", "drains", "starts", "up and down: in the ring of"),
        map(_noticed, options.members, greetings),
    )
    _table(
        f"Relays for {options.listeners} listeners",
        (
            "members",
            "listeners each",
            "relays",
            "per member",
            "busiest owner",
            "widest stream",
            "per listener",
        ),
        (_relays(ring, options.listeners) for ring in rings),
    )
    return 0


def _spread(ring: SimulatedRing) -> Row:
    spread = ring.spread()
    return _row(ring, f"{spread.per_member:.1f}", f"{spread.busiest:.2f}", f"{spread.by_dice:.2f}")


def _changes(ring: SimulatedRing) -> Row:
    count = len(ring.members)
    join, death = ring.join(), ring.death()
    return _row(
        ring,
        _percent(1 / (count + 1)),
        _percent(join.moved),
        str(join.to_others),
        _percent(1 / count),
        _percent(death.moved),
        f"{death.heirs:.1f}",
        str(death.most),
    )


def _restart(ring: SimulatedRing) -> Row:
    restart = ring.restart()
    return _row(
        ring, f"{restart.moves:.2f}", str(restart.most_moves), f"{restart.busiest:.2f}", str(restart.last)
    )


def _noticed(count: int, greetings: SimulatedGreetings) -> Row:
    events: Sequence[Callable[[], Noticed]] = (
        greetings.killed,
        greetings.stopped,
        greetings.left,
        greetings.joined,
    )
    times = [event() for event in events]
    cells = [f"{at.first_seconds:.2f}, {at.median_seconds:.2f}, {at.last_seconds:.2f}" for at in times]
    return (str(count), *cells, str(greetings.flapped()))


def _relays(ring: SimulatedRing, listeners: int) -> Row:
    count = len(ring.members)
    relays = ring.relays(listeners)
    return _row(
        ring,
        f"{listeners / count:.0f}",
        str(relays.total),
        f"{relays.total / count:.0f}",
        str(relays.busiest),
        str(relays.widest),
        f"{relays.per_listener:.2f}",
    )


def _row(ring: SimulatedRing, *cells: str) -> Row:
    return (str(len(ring.members)), *cells)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _table(title: str, columns: Row, rows: Iterable[Row]) -> None:
    print(f"{title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    print()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.simulation.simulate",
        description="Simulate clusters with the server's own ring and membership; prints Markdown tables.",
    )
    parser.add_argument(
        "--members",
        type=_at_least(2),
        nargs="+",
        default=MEMBERS,
        metavar="N",
        help=f"sizes of the clusters (default: {' '.join(map(str, MEMBERS))})",
    )
    parser.add_argument(
        "--streams", type=_at_least(1), default=STREAMS, metavar="N", help="in all (default: %(default)s)"
    )
    parser.add_argument(
        "--listeners",
        type=_at_least(1),
        default=LISTENERS,
        metavar="N",
        help="in all, most of them with the most popular streams (default: %(default)s)",
    )
    parser.add_argument(
        "--latency-ms",
        type=_latency_ms,
        default=LATENCY_MS,
        metavar="MS",
        help="the longest way from one member to another, 0 to 200 (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of all chance (default: %(default)s)"
    )
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, got {value}")
        return value

    read.__name__ = "number"
    return read


def _latency_ms(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 200:
        raise argparse.ArgumentTypeError(f"expected 0 to 200 ms, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
