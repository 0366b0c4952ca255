"""`python -m tests.mutants`: a sample of mutants in each package, and what its unit tests notice of them.

It ends by itself: after the sample or after `--minutes`. The exit code is 1 when in a package fewer than nine
of ten are killed, or fewer than ten were tried in the time.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.mutants import trial
from tests.mutants.mutations import KINDS, Mutant, mutants_of

PACKAGES = ("ogg", "stream", "hls", "cluster")
LEAST_KILLED = 0.9
LEAST_TRIED = 10
# The tests of a package as they are take less than a minute on a quiet machine.
BASELINE_SECONDS = 300.0
# A mutant may run for ever. So much longer than the code as it is, it is taken for one.
PATIENCE = 3.0
START_SECONDS = 10.0


@dataclass
class Result:
    """Of one package.

    Attributes:
        killed: Mutants that a test has noticed.
        survived: Mutants that none has.
    """

    killed: list[Mutant] = field(default_factory=list)
    survived: list[Mutant] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """How many there were."""
        return len(self.killed) + len(self.survived)

    @property
    def is_good(self) -> bool:
        """There were enough, and enough of them were noticed."""
        return self.tried >= LEAST_TRIED and len(self.killed) >= LEAST_KILLED * self.tried


def sample(mutants: list[Mutant], size: int, seed: str) -> list[Mutant]:
    """Return some mutants, as many of each kind as there are, by turns.

    Args:
        mutants: All that there are.
        size: How many at most.
        seed: The same seed, the same mutants.
    """
    dice = random.Random(seed)
    kinds = {kind: [mutant for mutant in mutants if mutant.kind == kind] for kind in KINDS}
    for of_kind in kinds.values():
        dice.shuffle(of_kind)
    chosen: list[Mutant] = []
    while len(chosen) < size and any(kinds.values()):
        chosen += [of_kind.pop() for of_kind in kinds.values() if of_kind]
    return chosen[:size]


def main() -> int:
    """Try the sample; return the exit code."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--packages", nargs="+", choices=PACKAGES, default=PACKAGES)
    parser.add_argument("--seed", type=int, default=1, help="of the sample (%(default)s)")
    parser.add_argument("--size", type=int, default=30, help="mutants of each package (%(default)s)")
    parser.add_argument("--minutes", type=float, default=20.0, help="for all of it at most (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time (%(default)s)")
    options = parser.parse_args()
    trial.load_libraries()
    began = time.monotonic()
    results = {}
    for number, package in enumerate(options.packages, start=1):
        # What a package leaves of its share is for those after it.
        share = options.minutes * 60 * number / len(options.packages)
        results[package] = _try_package(package, options, began + share)
    _print_table(results)
    return 0 if all(result.is_good for result in results.values()) else 1


def _try_package(package: str, options: argparse.Namespace, until: float) -> Result:
    tests = trial.ROOT / "tests" / "unit" / package
    paths = sorted((trial.ROOT / "audiocast" / package).rglob("*.py"))
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    chosen = sample(mutants, options.size, f"{options.seed} {package}")
    began = time.monotonic()
    baseline = trial.start(tests, None)
    baseline.join(BASELINE_SECONDS)
    if baseline.exitcode != 0:
        baseline.kill()
        sys.exit(f"make mutants: expected tests of {package} that pass, got exit code {baseline.exitcode}")
    seconds = time.monotonic() - began
    print(f"{package}: {len(chosen)} of {len(mutants)} mutants; its tests take {seconds:.0f} s", flush=True)
    most_seconds = PATIENCE * options.jobs * seconds + START_SECONDS
    return _try_all(tests, chosen, options.jobs, most_seconds, until)


def _try_all(tests: Path, mutants: list[Mutant], jobs: int, most_seconds: float, until: float) -> Result:
    """Try mutants, some at a time, until all are done or the time is over."""
    result = Result()
    waiting = list(reversed(mutants))
    running: dict[int, tuple[BaseProcess, Mutant, float]] = {}
    while (waiting or running) and time.monotonic() < until:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            process = trial.start(tests, mutant)
            running[process.sentinel] = process, mutant, time.monotonic() + most_seconds
        connection.wait(list(running), timeout=1.0)
        for sentinel, (process, mutant, deadline) in list(running.items()):
            is_over = process.exitcode is not None
            if is_over or time.monotonic() > deadline:
                process.kill()
                del running[sentinel]
                (result.survived if process.exitcode == 0 else result.killed).append(mutant)
    for process, _, _ in running.values():
        process.kill()
    return result


def _print_table(results: dict[str, Result]) -> None:
    for result in results.values():
        for mutant in result.survived:
            print(f"\nsurvived: {mutant.path.relative_to(trial.ROOT)}:{mutant.line}, {mutant.kind}")
            print("".join(f"  - {line.strip()}\n" for line in mutant.before.splitlines()), end="")
            print("".join(f"  + {line.strip()}\n" for line in mutant.after.splitlines()), end="")
    print(f"\n{'package':<10}{'mutants':>8}{'killed':>8}{'survived':>10}")
    for package, result in results.items():
        verdict = "" if result.is_good else f"  fewer than {LEAST_KILLED:.0%}, or than {LEAST_TRIED} tried"
        print(f"{package:<10}{result.tried:>8}{len(result.killed):>8}{len(result.survived):>10}{verdict}")


if __name__ == "__main__":
    sys.exit(main())
