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
import time
from collections.abc import Iterator
from pathlib import Path

from loadtest.bench.criteria import verdicts
from loadtest.bench.plot import plot
from loadtest.bench.processes import machine_seconds
from loadtest.bench.programs import ProgramFailed
from loadtest.bench.results import Results
from loadtest.bench.scenarios import LISTENERS, PAGE_MS, SCENARIOS, Plan
from loadtest.bench.table import table
from loadtest.bench.trial import Sample, Trial, measure

SHORT_SECONDS = 5.0
# Windows of these scenarios; others are short. `--seconds` is for all of them.
LONG_SECONDS = {"ten-thousand": 60.0, "many-streams": 60.0}

QUICK = Plan(seconds=3.0, listeners=200, page_ms=PAGE_MS)
QUICK_SCENARIOS = ("https", "plain")

# How many cores other programs may take.
MOST_OTHERS = 0.1
QUIET_SECONDS = 1.0
READABLE = 0o755


def main() -> int:
    """Measure, print, draw; give the exit code."""
    options = _parser().parse_args()
    results = Results()
    options.out.mkdir(parents=True, exist_ok=True)
    _warn_of_others()
    with tempfile.TemporaryDirectory(prefix="audiocast-bench-") as folder:
        Path(folder).chmod(READABLE)
        for trials in _groups(options):
            _run(trials, 1 if options.quick else options.repeat, Path(folder), results)
            results.save(options.out / "results.json")
    return _report(results, options.out)


def _groups(options: argparse.Namespace) -> Iterator[list[Trial]]:
    """Give the trials of each scenario that no earlier one has."""
    seen: set[Trial] = set()
    for name in options.scenario or (QUICK_SCENARIOS if options.quick else SCENARIOS):
        plan = QUICK if options.quick else _plan(name, options)
        yield [trial for trial in SCENARIOS[name](plan) if trial.kind not in seen]
        seen.update(trial.kind for trial in SCENARIOS[name](plan))


def _warn_of_others() -> None:
    """Say at once when the machine is not quiet: what is measured then is worth little."""
    before = machine_seconds()
    time.sleep(QUIET_SECONDS)
    others_busy = (machine_seconds() - before) / QUIET_SECONDS
    if others_busy > MOST_OTHERS:
        print(f"The machine is not quiet: other programs take {others_busy:.1f} cores.", file=sys.stderr)


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
                noise = f", NOT QUIET: others take {sample.others_busy:.1f} cores" * _is_noisy(sample)
                print(f"{costs}, load {sample.load_average:.1f}{noise}", file=sys.stderr)


def _report(results: Results, out: Path) -> int:
    text = table(results)
    (out / "table.md").write_text(text + "\n")
    results.save(out / "results.json")
    pictures = plot(results, out)
    print(text, end="\n\n")
    judged = list(verdicts(results))
    for verdict in judged:
        print(verdict)
    rows = [verdict.row for verdict in judged if verdict.kept is not None]
    (out / "promises.md").write_text(
        "\n".join(["| promise | | measured |\n| --- | --- | --- |", *rows]) + "\n"
    )
    print(
        f"\nLoad average now {os.getloadavg()[0]:.1f}; numbers in {out}",
        *(f", {file.name}" for file in pictures),
        sep="",
    )
    noisy, count = results.count(_is_noisy)
    if noisy:
        print(
            f"Not a quiet machine: {noisy} of {count} samples were taken while other programs had more than "
            f"{MOST_OTHERS:g} of a core. These numbers are no proof, in either direction."
        )
    broken = results.failures or any(verdict.kept is False for verdict in judged)
    return 1 if broken else 0


def _is_noisy(sample: Sample) -> bool:
    return sample.others_busy > MOST_OTHERS


def _plan(name: str, options: argparse.Namespace) -> Plan:
    seconds = options.seconds or LONG_SECONDS.get(name, SHORT_SECONDS)
    return Plan(seconds=seconds, listeners=options.listeners, page_ms=options.page_ms)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare audiocast with Icecast and a bare loop of send.")
    parser.add_argument("--quick", action="store_true", help="few listeners, once: two minutes")
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, help="default: all, an hour")
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
