"""The mechanisms of the server, one by one: audiocast as it is beside itself with one of them changed.

    python -m loadtest.bench.variants [NAME ...] [--mix STREAMSxLISTENERS ...] [--repeat N] [--before FOLDER]

A variant is a setting, or a few lines that change a name in the server's process before it starts. All are
measured in turn and in one run, like the contenders of `loadtest.bench.compare`, and their cost is a multiple
of what the first one of them has in the same turn: of those whose listeners ask for the same, unless
`--beside` names one. `before` and `low-before` are the server of another checkout, `icecast` is Icecast.

With `--first` server and source come before all else that the machine does, where root runs it: each page is
read when it comes, and not two at once. So two checkouts can be compared while others work, though caches
that others fill make everything dearer. What came out, and what was made of it: docs/fan-out.md.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from loadtest.bench.contenders.audiocast import Audiocast
from loadtest.bench.contenders.contender import Contender
from loadtest.bench.contenders.icecast import Icecast
from loadtest.bench.programs import ProgramFailed
from loadtest.bench.scenarios import LISTENERS, PAGE_MS
from loadtest.bench.trial import Sample, Trial, measure

SECONDS = 5.0
ROOT = Path(__file__).parents[2]
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
NO_FREEZE = """
import gc
gc.freeze = lambda: None
"""


class Mix(NamedTuple):
    """Who sends and who listens: streams, and listeners of each."""

    streams: int
    listeners: int

    @classmethod
    def parse(cls, text: str) -> "Mix":
        """Parse the form of the command line.

        Raises:
            ValueError: It is none.
        """
        streams, _, listeners = text.partition("x")
        return cls(int(streams), int(listeners))

    def __str__(self) -> str:
        return f"{self.streams:,} x {self.listeners:,}"

    def trial(self, name: str, page_ms: int, seconds: float, latency: str) -> Trial:
        """Give a trial of it. Where there are several streams, a source is what is paid for."""
        per = "listener" if self.streams == 1 else "source"
        listeners = self.streams * self.listeners
        return Trial(name, page_ms, listeners, seconds, streams=self.streams, latency=latency, per=per)


@dataclass(frozen=True, slots=True)
class Variant:
    """One change.

    Attributes:
        what: For the table.
        low: Listeners ask for `latency=low`.
        settings: Environment of the server.
        change: Python, run in its process before anything else.
        checkout: Whose server it is; `python -m audiocast` takes the package of the folder that it starts in.
        other: Another server, which is not changed.
    """

    what: str
    low: bool = False
    settings: Mapping[str, str | int] = field(default_factory=dict)
    change: str = ""
    checkout: Path = ROOT
    other: type[Contender] | None = None

    def contender(self, name: str) -> type[Contender]:
        """Give the server that is like this."""
        if self.other is not None:
            return self.other
        own = {"settings": self.settings, "change": self.change, "checkout": self.checkout}
        return type(name, (_Changed,), own)

    @property
    def latency(self) -> str:
        """What its listeners ask for; see `Trial`."""
        return "low" if self.low else "default"


class _Changed(Audiocast):
    """Its process finds the change where Python looks for a module of the site at its start."""

    change = ""
    checkout = ROOT

    def start(self) -> None:
        site = self.folder / type(self).__name__
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(self.change)
        self.settings = {**self.settings, "PYTHONPATH": str(site)}
        with contextlib.chdir(self.checkout):
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
    "icecast": Variant("Icecast", other=Icecast),
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
    known = VARIANTS | (of_another_checkout(options.before) if options.before else {})
    if unknown := set(options.names) - set(known):
        parser.error(f"expected names among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    variants = {name: known[name] for name in options.names or VARIANTS}
    if options.beside and options.beside not in variants:
        parser.error(f"expected --beside to be one of {', '.join(variants)}, got {options.beside}")
    samples: dict[tuple[Mix, str], list[Sample | None]] = {
        (mix, name): [] for mix in options.mix for name in variants
    }
    for _ in range(options.repeat):
        for (mix, name), own in samples.items():
            own.append(_measured(options, mix, name, variants[name]))
    print("| streams x listeners | variant | × | range | delay p50 / p99, ms | gaps | cores | µs |")
    print("| --- " * 8 + "|")
    for (mix, name), own in samples.items():
        alike = [each for each, variant in variants.items() if variant.low == variants[name].low]
        print(_row(mix, variants[name], own, samples[mix, options.beside or alike[0]]))
    return int(any(None in own for own in samples.values()))


def _measured(options: argparse.Namespace, mix: Mix, name: str, variant: Variant) -> Sample | None:
    """Return a sample; None if there is none, which is said."""
    trial = mix.trial(name, options.page_ms, options.seconds, variant.latency)
    with tempfile.TemporaryDirectory(prefix="audiocast-variants-") as folder:
        Path(folder).chmod(READABLE)
        try:
            sample = measure(trial, Path(folder), {name: variant.contender(name)}, is_first=options.first)
        except ProgramFailed as error:
            print(f"{name}, {mix}: {error}", file=sys.stderr, flush=True)
            return None
    print(f"{name}, {mix}: {sample.cpu_us:.0f} µs", file=sys.stderr, flush=True)
    return sample


def of_another_checkout(folder: Path) -> dict[str, Variant]:
    """Give the variants that are the server of another checkout, by name."""
    checkout = folder.resolve()
    return {
        "before": Variant("before", checkout=checkout),
        "low-before": Variant("latency=low, before", low=True, checkout=checkout),
    }


def _row(mix: Mix, variant: Variant, all_own: list[Sample | None], usual: list[Sample | None]) -> str:
    begin = f"| {mix} | {variant.what} "
    own = [sample for sample in all_own if sample is not None]
    if not own:
        return begin + "| no audio for all listeners " + "| " * 5 + "|"
    # Sample by sample: what else the machine has to do changes from turn to turn.
    pairs = zip(all_own, usual, strict=True)
    multiples = [one.cpu_us / unit.cpu_us for one, unit in pairs if one and unit] or [float("nan")]
    delays = (median(sample.delay_p50_ms for sample in own), median(sample.delay_p99_ms for sample in own))
    return (
        f"{begin}| {median(multiples):.2f} | {min(multiples):.2f} to {max(multiples):.2f} "
        f"| {delays[0]:.0f} / {delays[1]:.0f} | {max(sample.gaps for sample in own):.0f} "
        f"| {median(sample.server_busy for sample in own):.2f} "
        f"| {median(sample.cpu_us for sample in own):.0f} |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure what each mechanism of the fan-out is worth.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them unless said otherwise")
    parser.add_argument(
        "--mix",
        nargs="+",
        type=Mix.parse,
        default=[Mix(1, LISTENERS)],
        help="streams and listeners of each, as 1x1000; of several streams, µs are a source's",
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of a window")
    parser.add_argument("--beside", metavar="NAME", help="the variant whose cost is 1")
    parser.add_argument("--first", action="store_true", help="before other programs of this machine; as root")
    parser.add_argument("--page-ms", type=int, default=PAGE_MS, help="audio on a page of the source")
    parser.add_argument("--repeat", type=int, default=3, help="samples of each")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout, for `before`")
    return parser


if __name__ == "__main__":
    sys.exit(main())
