"""The mechanisms of the fan-out, one by one: audiocast as it is beside itself with one of them changed.

    python -m loadtest.bench.variants [NAME ...] [--listeners N] [--repeat N] [--before FOLDER]

A variant is a setting, or a few lines that change a name in the server's process before it starts. All are
measured in turn and in one run, like the contenders of `loadtest.bench.compare`, and their cost is a multiple
of the unchanged server's in the same turn. `before` and `low-before` are the server of another checkout. What
came out, and what was made of it: docs/fan-out.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from loadtest.bench.contenders.audiocast import Audiocast
from loadtest.bench.contenders.contender import Contender
from loadtest.bench.programs import ProgramFailed
from loadtest.bench.scenarios import LISTENERS, PAGE_MS
from loadtest.bench.trial import Sample, Trial, measure

SECONDS = 5.0
READABLE = 0o755

OWN_COPIES = """
from audiocast.stream.backlog import Backlog
from audiocast.stream.fanout.fanout import Fanout
def serve_slice(self, listeners, batch, now):
    for listener in listeners:
        if listener.is_open:
            self._serve(listener, batch.end, now)
Fanout._serve_slice = serve_slice
def batch(self, start, stop):
    return b"".join([bytes(bytearray(page.data)) for page in self.pages(start, stop)])
Backlog.batch = batch
"""
TORNADO = """
from audiocast.web.public import listen
class Written:
    def __init__(self, stream):
        self.stream, self.close = stream, stream.close
    def send(self, data):
        self.stream.write(data)
        return len(data)
listen._take_socket = Written
"""
SLICES = """
from audiocast.stream.fanout import fanout
fanout.SLICE_LISTENERS = {}
"""
SHARE = """
from audiocast.stream.fanout import lane
lane.LIVE_SHARE = {}
"""
SPREAD = """
from audiocast.stream.fanout.fanout import Fanout
def go_on(self, slices):
    for _ in slices:
        self._clock.call_later(0.02, self._go_on, slices)
        return
Fanout._go_on = go_on
"""
NAGLE = """
import socket
from audiocast.web.http.listener_socket import ListenerSocket
start = ListenerSocket.__init__
def start_with_nagle(self, fileno, lease):
    start(self, fileno, lease)
    self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
ListenerSocket.__init__ = start_with_nagle
"""
NO_LOWAT = """
from audiocast.web.http import listener_socket
listener_socket.UNSENT_BYTES = 2**31 - 1
"""
UVLOOP = """
import asyncio, uvloop
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
"""
BOTH_CORES = """
import os
os.sched_setaffinity(0, range(os.cpu_count()))
"""
# Two threads add to the counters of one another now and then; listeners count what they get by themselves.
THREADS = (
    BOTH_CORES
    + """
from concurrent.futures import ThreadPoolExecutor
from audiocast.stream.fanout import fanout
fanout.SLICE_LISTENERS = 500
pool = ThreadPoolExecutor(2)
serve_slice = fanout.Fanout._serve_slice
def serve_halves(self, listeners, batch, now):
    halves = listeners[::2], listeners[1::2]
    list(pool.map(lambda half: serve_slice(self, half, batch, now), halves))
fanout.Fanout._serve_slice = serve_halves
"""
)
BEFORE = """
import sys
sys.path.insert(0, {!r})
"""
NO_FREEZE = """
import gc
gc.freeze = lambda: None
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One change.

    Attributes:
        what: For the table.
        low: Listeners ask for `latency=low`.
        settings: Environment of the server.
        change: Python, run in its process before anything else.
    """

    what: str
    low: bool = False
    settings: Mapping[str, str | int] = field(default_factory=dict)
    change: str = ""

    def contender(self, name: str) -> type[Contender]:
        """Give the server that is like this."""
        return type(name, (_Changed,), {"settings": self.settings, "change": self.change})

    @property
    def latency(self) -> str:
        """What its listeners ask for; see `Trial`."""
        return "low" if self.low else "default"


class _Changed(Audiocast):
    """Its process finds the change where Python looks for a module of the site at its start."""

    change = ""

    def start(self) -> None:
        site = self.folder / type(self).__name__
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(self.change)
        self.settings = {**self.settings, "PYTHONPATH": str(site)}
        super().start()


VARIANTS = {
    "as-it-is": Variant("as it is"),
    "flush-0": Variant("FLUSH_INTERVAL_MS=0: a send for each page", settings={"FLUSH_INTERVAL_MS": 0}),
    "flush-40": Variant("FLUSH_INTERVAL_MS=40", settings={"FLUSH_INTERVAL_MS": 40}),
    "flush-200": Variant("FLUSH_INTERVAL_MS=200", settings={"FLUSH_INTERVAL_MS": 200}),
    "spread": Variant("slices 20 ms apart: phases", change=SPREAD),
    "uvloop": Variant("uvloop", change=UVLOOP),
    "workers-2": Variant("WORKERS=2, on the same core", settings={"WORKERS": 2}),
    "both-cores": Variant("one process, on both cores", change=BOTH_CORES),
    "workers-2-both-cores": Variant("WORKERS=2, on both cores", settings={"WORKERS": 2}, change=BOTH_CORES),
    "threads-2-both-cores": Variant("two threads that send, on both cores", change=THREADS),
    "low": Variant("latency=low, as it is", low=True),
    "low-at-once": Variant("latency=low, each page at once", low=True, change=SHARE.format("float('inf')")),
    "low-share-20": Variant("latency=low, room up to a share of 20 %", low=True, change=SHARE.format(0.2)),
    "low-share-50": Variant("latency=low, room up to a share of 50 %", low=True, change=SHARE.format(0.5)),
    "low-both-cores": Variant("latency=low, one process, on both cores", low=True, change=BOTH_CORES),
    "low-workers-2-both-cores": Variant(
        "latency=low, WORKERS=2, on both cores", low=True, settings={"WORKERS": 2}, change=BOTH_CORES
    ),
    "low-threads-2-both-cores": Variant(
        "latency=low, two threads that send, on both cores", low=True, change=THREADS
    ),
    "low-own-copies": Variant("latency=low, and a copy of the bytes each", low=True, change=OWN_COPIES),
    "low-tornado": Variant("latency=low, IOStream.write instead of send", low=True, change=TORNADO),
    "low-slices-50": Variant("latency=low, slices of 50", low=True, change=SLICES.format(50)),
    "low-one-slice": Variant("latency=low, no slices", low=True, change=SLICES.format(10**9)),
    "low-nagle": Variant("latency=low, with Nagle's algorithm", low=True, change=NAGLE),
    "low-no-lowat": Variant("latency=low, without TCP_NOTSENT_LOWAT", low=True, change=NO_LOWAT),
    "low-uvloop": Variant("latency=low, uvloop", low=True, change=UVLOOP),
    "low-no-freeze": Variant("latency=low, without gc.freeze", low=True, change=NO_FREEZE),
}


def main() -> int:
    """Measure and print; give the exit code."""
    parser = _parser()
    options = parser.parse_args()
    known = VARIANTS | (_of_another_checkout(options.before) if options.before else {})
    if unknown := set(options.names) - set(known):
        parser.error(f"expected names among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    variants = {name: known[name] for name in options.names or known}
    contenders = {name: variant.contender(name) for name, variant in variants.items()}
    samples: dict[str, list[Sample]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory(prefix="audiocast-variants-") as folder:
        Path(folder).chmod(READABLE)
        for _ in range(options.repeat):
            for name in variants:
                latency = variants[name].latency
                trial = Trial(name, options.page_ms, options.listeners, SECONDS, latency=latency)
                try:
                    samples[name].append(measure(trial, Path(folder), contenders))
                except ProgramFailed as error:
                    print(f"{name}: {error}", file=sys.stderr)
                    return 1
    print("| variant | × as it is | range | delay p50 / p99, ms | µs/listener/s |\n" + "| --- " * 5 + "|")
    for name, variant in variants.items():
        print(_row(variant, samples[name], samples.get("low" if variant.low else "as-it-is", [])))
    return 0


def _of_another_checkout(folder: Path) -> dict[str, Variant]:
    change = BEFORE.format(str(folder.resolve()))
    return {
        "before": Variant("before", change=change),
        "low-before": Variant("latency=low, before", low=True, change=change),
    }


def _row(variant: Variant, own: list[Sample], usual: list[Sample]) -> str:
    costs = [sample.cpu_us for sample in own]
    # Sample by sample: what else the machine has to do changes from turn to turn.
    multiples = [cost / unit.cpu_us for cost, unit in zip(costs, usual, strict=bool(usual))] or [float("nan")]
    delays = (median(sample.delay_p50_ms for sample in own), median(sample.delay_p99_ms for sample in own))
    return (
        f"| {variant.what} | {median(multiples):.2f} | {min(multiples):.2f} to {max(multiples):.2f} "
        f"| {delays[0]:.0f} / {delays[1]:.0f} | {median(costs):.0f} |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure what each mechanism of the fan-out is worth.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them unless said otherwise")
    parser.add_argument("--listeners", type=int, default=LISTENERS)
    parser.add_argument("--page-ms", type=int, default=PAGE_MS, help="audio on a page of the source")
    parser.add_argument("--repeat", type=int, default=3, help="samples of each")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout, for `before`")
    return parser


if __name__ == "__main__":
    sys.exit(main())
