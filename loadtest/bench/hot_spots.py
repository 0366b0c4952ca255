"""Where a server's time goes in the steady state, by py-spy: lines and functions, and their shares.

    python -m loadtest.bench.hot_spots --listeners 1000 [--low] [--seconds 20]

A line that calls into the kernel has the kernel's time. The event loop's waiting is left out: py-spy takes a
part of it for work.
All stacks go to a file that flame graph programs read. What they said: docs/fan-out.md.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from loadtest.bench.contenders.audiocast import Audiocast
from loadtest.bench.listener_crowd import ListenerCrowd
from loadtest.bench.processes import cpu_time
from loadtest.bench.scenarios import LISTENERS, PAGE_MS
from loadtest.bench.trial import QUERIES, on_air

SAMPLES_A_SECOND = 500
PAUSE_MS = 1
JOIN_SECONDS = 120.0
SETTLE_SECONDS = 2.0
SHOWN_LINES, SHOWN_FUNCTIONS = 12, 16
READABLE = 0o755
_WAITING = re.compile(r"select \(.*selectors\.py")
_LINE = re.compile(r":\d+\)$")


def main() -> int:
    """Profile and print; give the exit code."""
    options = _parser().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    stacks = options.out / f"hot-spots-{'low-' if options.low else ''}{options.listeners}.txt"
    with tempfile.TemporaryDirectory(prefix="audiocast-hot-spots-") as folder:
        Path(folder).chmod(READABLE)
        _record(options, Path(folder), stacks)
    _print_shares(stacks.read_text())
    print(f"\nall stacks: {stacks}")
    return 0


def _record(options: argparse.Namespace, folder: Path, stacks: Path) -> None:
    query = QUERIES["low" if options.low else "default"]
    with Audiocast(folder) as server, on_air(server, options.page_ms, folder, query=query) as (_, targets):
        crowd = ListenerCrowd(
            folder,
            server.port,
            targets,
            listeners=options.listeners,
            pause_ms=PAUSE_MS,
            page_ms=options.page_ms,
        )
        with crowd:
            crowd.wait_until_joined(JOIN_SECONDS)
            time.sleep(SETTLE_SECONDS)
            sends = server.metric("audiocast_listener_sends_total")
            passes = server.metric("audiocast_fanout_passes_total")
            cpu = cpu_time(server.pid)
            crowd.count()
            _sample(server.pid, options.seconds, stacks)
            counted, used = crowd.count(), cpu_time(server.pid).since(cpu)
            sends = server.metric("audiocast_listener_sends_total") - sends
            passes = server.metric("audiocast_fanout_passes_total") - passes
    listener_seconds = options.listeners * counted.seconds
    print(
        f"{used.total_ns / 1e3 / listener_seconds:.0f} µs and {sends / listener_seconds:.1f} sends "
        f"per listener and second, {passes / counted.seconds:.1f} passes a second, "
        f"delay p99 {counted.delay_p99_ms:.0f} ms, {counted.gaps} gaps; all with py-spy at work"
    )


def _sample(pid: int, seconds: int, stacks: Path) -> None:
    command = [f"{Path(sys.executable).parent}/py-spy", "record", "--format", "raw", "--output", str(stacks)]
    command += ["--rate", str(SAMPLES_A_SECOND), "--duration", str(seconds), "--pid", str(pid)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def _print_shares(stacks: str) -> None:
    lines: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for stack in stacks.splitlines():
        frames, _, samples = stack.rpartition(" ")
        names = frames.split(";")
        if _WAITING.search(names[-1]):
            continue
        lines[names[-1]] += int(samples)
        functions.update(dict.fromkeys((_LINE.sub(")", name) for name in names), int(samples)))
    total = lines.total()
    print(f"{total} samples\n\nlines, by themselves")
    for name, count in lines.most_common(SHOWN_LINES):
        print(f"{count / total:7.1%}  {name}")
    print("\nfunctions, with all that they call")
    # What the whole program is called from says nothing.
    inner = [(name, count) for name, count in functions.most_common() if count < 0.99 * total]
    for name, count in inner[:SHOWN_FUNCTIONS]:
        print(f"{count / total:7.1%}  {name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Profile the steady state.")
    parser.add_argument("--listeners", type=int, default=LISTENERS)
    parser.add_argument("--low", action="store_true", help="listeners ask for latency=low")
    parser.add_argument("--page-ms", type=int, default=PAGE_MS, help="audio on a page of the source")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for the stacks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
