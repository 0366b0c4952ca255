"""`make walk`: asks every operation of the OpenAPI document, round by round, until the time is over.

The exit code is 1 when an answer was not as declared, or the server logged an error.
"""

import argparse
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.contract.walk import Walk, document_of, rounds_within, walked_server

EXAMPLES = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="make walk", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all of it (%(default)s)")
    parser.add_argument("--seed", type=int, help="the same seed, the same requests (a new one)")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 32)
    print(f"make walk WALK_ARGS='--seed {seed} --minutes {options.minutes:g}'", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="walk-") as folder,
        walked_server(Path(folder, "server.log")) as (server, live),
    ):
        walk = Walk(server, live, number=seed, document=document_of(server))
        walk.run(EXAMPLES, rounds=rounds_within(options.minutes * 60))
    statuses: Counter[int] = Counter()
    for (_, status), count in walk.answered.items():
        statuses[status] += count
    asked = len({label for label, _ in walk.answered})
    print(f"{statuses.total()} answers of {asked} operations: {dict(sorted(statuses.items()))}")
    for what in walk.faults:
        print(f"not as declared: {what}")
    return 1 if walk.faults else 0


if __name__ == "__main__":
    sys.exit(main())
