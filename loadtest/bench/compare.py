"""audiocast beside Icecast and a bare loop of `send`: in one run, in turn, on the same source.

    python -m loadtest.bench.compare [--quick] [--scenario NAME ...] [--listeners N] [--repeat N] ...

The server is bound to core 0, source and listeners to core 1. Every trial is run `--repeat` times, the
contenders in turn (A B C A B C), and medians are shown with the range of the costs beside them. It ends
with the promises, PASS or FAIL each with its numbers, and with exit code 1 when one was broken. What the
columns mean: docs/benchmarks.md.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from loadtest.bench.criteria import verdicts
from loadtest.bench.plot import plot
from loadtest.bench.programs import ProgramFailed
from loadtest.bench.results import Results
from loadtest.bench.scenarios import LISTENERS, PAGE_MS, SCENARIOS, Plan
from loadtest.bench.table import table
from loadtest.bench.trial import Trial, measure

SHORT_SECONDS = 5.0
# Windows of these scenarios; others are short. `--seconds` is for all of them.
LONG_SECONDS = {"ten-thousand": 60.0, "many-streams": 60.0}

QUICK = Plan(seconds=3.0, listeners=200, page_ms=PAGE_MS)
READABLE = 0o755


def main() -> int:
    """Measure, print, draw; give the exit code."""
    options = _parser().parse_args()
    names = options.scenario or tuple(SCENARIOS)
    if options.quick:
        groups, repeat = [SCENARIOS["steady"](QUICK)], 1
    else:
        groups = [SCENARIOS[name](_plan(name, options)) for name in names]
        repeat = options.repeat
    results = Results()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="audiocast-bench-") as folder:
        Path(folder).chmod(READABLE)
        for trials in groups:
            _run(trials, repeat, Path(folder), results)
    return _report(results, options.out)


def _run(trials: list[Trial], repeat: int, folder: Path, results: Results) -> None:
    for turn in range(1, repeat + 1):
        for trial in trials:
            if trial.once and (turn > 1 or results.has_kind_of(trial)):
                continue
            print(f"{turn}/{repeat} {trial} ...", end=" ", file=sys.stderr, flush=True)
            try:
                sample = measure(trial, folder)
            except ProgramFailed as error:
                results.fail(trial, str(error))
                print(error, file=sys.stderr)
            else:
                results.add(trial, sample)
                costs = f"{sample.cpu_us:.0f} µs, delay p99 {sample.delay_p99_ms:.0f} ms"
                print(f"{costs}, load {sample.load_average:.1f}", file=sys.stderr)


def _report(results: Results, out: Path) -> int:
    text = table(results)
    (out / "table.md").write_text(text + "\n")
    results.save(out / "results.json")
    pictures = plot(results, out)
    print(text, end="\n\n")
    judged = list(verdicts(results))
    for verdict in judged:
        print(verdict)
    print(
        f"\nLoad average now {os.getloadavg()[0]:.1f}; numbers in {out}",
        *(f", {file.name}" for file in pictures),
        sep="",
    )
    broken = results.failures or any(verdict.kept is False for verdict in judged)
    return 1 if broken else 0


def _plan(name: str, options: argparse.Namespace) -> Plan:
    seconds = options.seconds or LONG_SECONDS.get(name, SHORT_SECONDS)
    return Plan(seconds=seconds, listeners=options.listeners, page_ms=options.page_ms)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare audiocast with Icecast and a bare loop of send.")
    parser.add_argument("--quick", action="store_true", help="a minute: few listeners, once")
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, help="default: all, twenty minutes")
    parser.add_argument(
        "--listeners", type=int, help=f"instead of the scenario's number ({LISTENERS} mostly)"
    )
    parser.add_argument("--page-ms", type=int, help="audio on a page instead of the scenario's")
    parser.add_argument("--seconds", type=float, help="length of a window instead of the scenario's")
    parser.add_argument("--repeat", type=int, default=3, help="samples of each trial")
    parser.add_argument(
        "--out", type=Path, default=Path("build/bench"), help="folder for table, numbers, plots"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
