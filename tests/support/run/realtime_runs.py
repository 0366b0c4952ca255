"""`make realtime`: the tests that listen in real time, again and again, on a machine that has other work.

It ends by itself after the last run. Each run is a line, and each test that needed a second or third try.
"""

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
BUSY = "while True: pass"
MOST_MINUTES = 30.0
NEEDED_MORE = re.compile(r"^(?:passed at the \w+ try|failed \d of \d times) +(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One of them.

    Attributes:
        exit_code: That of pytest; None when it took too long.
        minutes: How long it took.
        last_line: What pytest says at its end.
        tried_again: What needed another try: verdict and name, a line each.
    """

    exit_code: int | None
    minutes: float
    last_line: str
    tried_again: list[str]


def main() -> int:
    """Run them; return 0 when each run has passed."""
    parser = argparse.ArgumentParser(prog="make realtime", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="in a row (%(default)s)")
    parser.add_argument("--busy", type=int, default=1, help="programs that do nothing but work (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="files at a time (%(default)s)")
    options = parser.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    try:
        runs = [_run(number, options.processes) for number in range(1, options.runs + 1)]
    finally:
        for process in busy:
            process.kill()
            process.wait()
    again = sum(len(run.tried_again) for run in runs)
    passed = sum(run.exit_code == 0 for run in runs)
    print(f"\n{passed} of {len(runs)} runs passed beside {options.busy} busy programs; {again} second tries")
    return 0 if passed == len(runs) else 1


def _run(number: int, processes: int) -> Run:
    command = [sys.executable, "-m", "pytest", "-q", "--no-cov", "-m", "realtime", "--realtime-tries", "3"]
    began = time.monotonic()
    try:
        done = subprocess.run(
            [*command, "--numprocesses", str(processes), "--realtime-processes", str(processes)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=MOST_MINUTES * 60,
        )
    except subprocess.TimeoutExpired:
        run = Run(None, MOST_MINUTES, "too long", [])
    else:
        lines = done.stdout.splitlines() or [""]
        found = [match.group(0) for match in NEEDED_MORE.finditer(done.stdout)]
        run = Run(done.returncode, (time.monotonic() - began) / 60, lines[-1], found)
        if done.returncode != 0:
            print(done.stdout, flush=True)
    print(f"run {number}: exit code {run.exit_code}, {run.minutes:.1f} min, {run.last_line}", flush=True)
    for line in run.tried_again:
        print(f"    {line}", flush=True)
    return run


if __name__ == "__main__":
    sys.exit(main())
