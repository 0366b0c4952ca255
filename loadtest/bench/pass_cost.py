"""What a pass of the fan-out costs, by CPU time: this checkout beside another one, in turns.

    python -m loadtest.bench.pass_cost [--listeners N] [--before FOLDER] [--turns N]

One process publishes pages and has them sent to real sockets that nothing reads from; the CPU time of the
process is divided by passes and listeners. There is no HTTP, no source and no delay in it, so a busy machine
disturbs it little, unlike `loadtest.bench.compare`. Each turn measures each checkout once, in a new process.
What came out: docs/fan-out.md.
"""

import argparse
import asyncio
import math
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from multiprocessing import Process
from pathlib import Path
from statistics import median

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.stream.backlog import Backlog
from audiocast.stream.counters import Counters
from audiocast.stream.fanout import lane
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.muxer import OggMuxer

PASSES = 40
WARM_PASSES = 3
PACKET = b"\xfc" + bytes(239)
PACKET_SAMPLES = 960

# Pages that come within a flush interval; with latency=low each page has a pass for itself.
BUFFERED_PAGES = 5
FLUSH_SECONDS = 0.01
ROOT = Path(__file__).parents[2]


async def pass_us(listeners: int, *, low_latency: bool) -> float:
    """Return the CPU time of a pass per listener, microseconds: the median of `PASSES`."""
    clock = asyncio.get_running_loop()
    aim_seconds = lane.LOW_LATENCY_SECONDS if low_latency else math.inf
    # Pages come one right behind the other here: live ones would gather, and passes would pause.
    lane.LIVE_SHARE, lane.MIN_PAUSE_SHARE = math.inf, 0
    counters = Counters()
    muxer = OggMuxer(1, OpusHead(2, 312), OpusTags(""))
    backlog = Backlog(max_seconds=20, max_bytes=262_144)
    fanout = Fanout(backlog, clock, counters, FanoutLimits(flush_interval_seconds=FLUSH_SECONDS))
    times = []
    with ExitStack() as stack:
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        # The other ends have a process of their own, and its limit of open files.
        crowd = Process(target=_connect, args=(port.getsockname(), listeners), daemon=True)
        crowd.start()
        stack.callback(crowd.terminate)
        for _ in range(listeners):
            connection, _ = port.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            fanout.join(connection, b"head", preroll_seconds=0, aim_seconds=aim_seconds)
        for _ in range(WARM_PASSES + PASSES):
            sends = counters.sends
            before = time.process_time()
            packets = [(PACKET, PACKET_SAMPLES)]
            for _ in range(1 if low_latency else BUFFERED_PAGES):
                for page in muxer.pages(packets, clock.time()):
                    backlog.append(page)
            fanout.wake()
            while counters.sends < sends + listeners:
                await asyncio.sleep(0 if low_latency else FLUSH_SECONDS)
            times.append(time.process_time() - before)
        fanout.close_listeners(listeners)
    return median(times[WARM_PASSES:]) / listeners * 1e6


def main() -> int:
    """Measure and print; return the exit code."""
    options = _parser().parse_args()
    if options.one:
        _raise_file_limit()
        print(asyncio.run(pass_us(options.listeners, low_latency=options.one == "low")))
        return 0
    checkouts = {"as it is": ROOT} | ({"before": options.before.resolve()} if options.before else {})
    print("| listeners | | µs of a pass per listener | × as it is | range |\n" + "| --- " * 5 + "|")
    for latency in ("default", "low"):
        turns: list[dict[str, float]] = [
            {name: _measured(folder, options.listeners, latency) for name, folder in checkouts.items()}
            for _ in range(options.turns)
        ]
        for name in checkouts:
            multiples = [turn[name] / turn["as it is"] for turn in turns]
            print(
                f"| {options.listeners} | {latency}, {name} | {median(turn[name] for turn in turns):.2f} "
                f"| {median(multiples):.3f} | {min(multiples):.2f} to {max(multiples):.2f} |"
            )
    return 0


def _measured(folder: Path, listeners: int, latency: str) -> float:
    """Return what a process of its own finds, with the server's modules of a checkout."""
    command = [sys.executable, __file__, "--listeners", str(listeners), "--one", latency]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return float(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def _connect(address: tuple[str, int], count: int) -> None:
    """Keep connections open until this process is ended."""
    _raise_file_limit()
    connections = [socket.create_connection(address) for _ in range(count)]
    while connections:
        signal.pause()


def _raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the CPU time of a pass of the fan-out.")
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=5, help="samples of each")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout, for `before`")
    parser.add_argument("--one", choices=("default", "low"), help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
