"""What a source costs a server, by CPU time: audiocast beside Icecast and beside another checkout, in turns.

    python -m loadtest.bench.source_cost [--sources N] [--listeners N] [--chunked] [--before FOLDER]

One process sends a page to each stream every 20 ms, in real time; the time of the server's processes on their
core is divided by sources and seconds. Where root runs it, source and server come before all else that the
machine does: each page is read when it comes, and not two at once. So two checkouts can be compared while
others work, though caches that others fill make everything dearer. Each turn measures each server once, in a
new process. What came out: docs/fan-out.md.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from loadtest.bench.contenders.audiocast import Audiocast
from loadtest.bench.contenders.contender import Contender
from loadtest.bench.contenders.icecast import Icecast
from loadtest.bench.listener_crowd import ListenerCrowd
from loadtest.bench.processes import CpuTime, cpu_time
from loadtest.bench.scenarios import PAGE_MS
from loadtest.bench.trial import QUERIES, on_air

SOURCES = 100
JOIN_SECONDS = 60.0
SETTLE_SECONDS = 1.0
PRIORITY = 1
READABLE = 0o755
ROOT = Path(__file__).parents[2]


def main() -> int:
    """Measure and print; return the exit code."""
    options = _parser().parse_args()
    servers: dict[str, tuple[type[Contender], Path]] = {"audiocast": (Audiocast, ROOT)}
    if options.before:
        servers["before"] = (Audiocast, options.before.resolve())
    if not options.no_icecast:
        servers["icecast"] = (Icecast, ROOT)
    turns: list[dict[str, CpuTime]] = []
    for turn in range(options.turns):
        turns.append({name: _measured(options, *server) for name, server in servers.items()})
        said = ", ".join(f"{name} {_cost_us(options, cpu):.0f}" for name, cpu in turns[-1].items())
        print(f"turn {turn + 1}: {said} µs a source-second", file=sys.stderr, flush=True)
    kind = f"{options.sources} sources, {options.listeners} listeners each"
    print(f"| {kind} | µs a source-second | µs a page | system | × icecast | range |")
    print("| --- " * 6 + "|")
    for name in servers:
        cost_us = median(_cost_us(options, turn[name]) for turn in turns)
        system = median(turn[name].system_seconds / turn[name].total_ns * 1e9 for turn in turns)
        ratios = [turn[name].total_ns / turn[min(servers, key=_last)].total_ns for turn in turns]
        print(
            f"| {name} | {cost_us:.0f} | {cost_us * options.page_ms / 1000:.1f} | {system:.0%} "
            f"| {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    return 0


def _last(name: str) -> int:
    return ("icecast", "before", "audiocast").index(name)


def _measured(options: argparse.Namespace, contender: type[Contender], checkout: Path) -> CpuTime:
    """Return what the server's processes used in the window."""
    with (
        tempfile.TemporaryDirectory(prefix="audiocast-source-cost-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        folder.chmod(READABLE)
        # `python -m audiocast` takes the package of the folder that it is started in.
        with contextlib.chdir(checkout):
            server = stack.enter_context(contender(folder, streams=options.sources))
        _run_first(server.pid)
        query = QUERIES["low"] if options.low and contender is Audiocast else ""
        source, targets = stack.enter_context(
            on_air(server, options.page_ms, folder, query=query, is_chunked=options.chunked)
        )
        _run_first(source.pid)
        if options.listeners:
            crowd = ListenerCrowd(
                folder,
                server.port,
                targets,
                listeners=options.listeners * options.sources,
                pause_ms=server.gentle_pause_ms,
                page_ms=options.page_ms,
            )
            stack.enter_context(crowd).wait_until_joined(JOIN_SECONDS)
        time.sleep(SETTLE_SECONDS)
        before = cpu_time(server.pid)
        time.sleep(options.seconds)
        return cpu_time(server.pid).since(before)


def _run_first(pid: int) -> None:
    """Give a process's threads the core before all that has no real-time priority; only root may."""
    with contextlib.suppress(PermissionError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(PRIORITY))


def _cost_us(options: argparse.Namespace, cpu: CpuTime) -> float:
    source_seconds: int = options.sources * options.seconds
    return cpu.total_ns / 1e3 / source_seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the CPU time of a source.")
    parser.add_argument("--sources", type=int, default=SOURCES)
    parser.add_argument("--listeners", type=int, default=0, help="of each stream")
    parser.add_argument("--low", action="store_true", help="listeners ask for latency=low")
    parser.add_argument("--chunked", action="store_true", help="bodies in chunks, a page each")
    parser.add_argument("--page-ms", type=int, default=PAGE_MS, help="audio on a page of the source")
    parser.add_argument("--seconds", type=int, default=10, help="length of the window")
    parser.add_argument("--turns", type=int, default=3, help="samples of each")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout, for `before`")
    parser.add_argument("--no-icecast", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
