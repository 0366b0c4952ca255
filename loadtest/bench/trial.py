"""One measurement: a server, its sources, its listeners, and a window in which what they get is counted.

It owns the order of events; which measurements there are is the business of `scenarios`.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.bench.contenders.contender import Contender
from loadtest.bench.contenders.registry import CONTENDERS
from loadtest.bench.listener_crowd import Counted, Joined, ListenerCrowd, Target
from loadtest.bench.processes import LOAD_CORE, Usage, UsageMeter, resident_bytes, run_first
from loadtest.bench.programs import Line, Program, ProgramFailed

# What they leave behind belongs to the empty server: modules, buffers and pools that are made once.
WARM_LISTENERS = 20

# Of many streams, a few listen where nobody does.
PROBES = 20
PROBE_SECONDS = 1.0

JOIN_SECONDS = 100.0
# How long a crowd is waited for: what Icecast needs would otherwise be most of a run.
CROWD_SECONDS = 60.0

SETTLE_SECONDS = 1.0
# A shorter window is a look at whether all works, and not at what it costs in the long run.
STEADY_WINDOW_SECONDS = 5.0
AFTER_CROWD_SECONDS = 1.0
SOURCE_START_SECONDS = 60.0
LIVE_AFTER_NS = 300_000_000

# What listeners ask with, by name: nothing; each page at once; and what the listener's page asks for in its
# mode Live (`audiocast/web/static/player/live/playback_methods.js`).
QUERIES = {"default": "", "low": "?latency=low", "live": "?latency=80&preroll=0.2"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What to measure.

    Attributes:
        contender: Key of `CONTENDERS`.
        page_ms: Audio on a page of the source.
        listeners: Of all streams together; they come gently and are listened to. With none, a few listen
            after the window: they show that the server has kept up.
        seconds: Length of the window. From `STEADY_WINDOW_SECONDS` on, it begins when the server is steady.
        streams: How many; listeners are dealt out to them in turn.
        latency: Key of `QUERIES`: what listeners ask the server for.
        per: What the cost is divided by: "listener", or "source" with all that it has.
        crowd: How many more listeners come all at once in the window; it then ends when they have audio.
        once: It stands beside others only: one sample will do, or one of another trial of its kind.
    """

    contender: str
    page_ms: int
    listeners: int
    seconds: float
    streams: int = 1
    latency: str = "default"
    crowd: int = 0
    per: str = "listener"
    once: bool = False

    @property
    def kind(self) -> "Trial":
        """The same for all trials whose numbers may stand for each other: it has no window of its own."""
        return replace(self, seconds=0.0, once=False)

    def beside(self, server: str) -> "Trial":
        """Give the same trial of `icecast` or `floor`: with TLS where this one has it, without latency."""
        return replace(self, contender=f"{server}-tls" if self.tls else server, latency="default")

    @property
    def tls(self) -> bool:
        """Listeners speak TLS; of a contender in `CONTENDERS`."""
        return CONTENDERS[self.contender].tls

    @property
    def name(self) -> str:
        """Of the contender, with what its listeners ask for."""
        return self.contender if self.latency == "default" else f"{self.contender} {self.latency}"

    def __str__(self) -> str:
        crowd = f" + {self.crowd} at once" if self.crowd else ""
        streams = f" of {self.streams} streams" if self.streams > 1 else ""
        return f"{self.name}, {self.page_ms} ms pages, {self.listeners} listeners{streams}{crowd}"


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured.

    Attributes:
        user_us, system_us: Server's time on its core, its proxy's with it, microseconds per second and per
            listener or source (`Trial.per`).
        pages_a_second: What each listener got, in pages of the server's making.
        delay_p50_ms, delay_p99_ms, delay_max_ms: From the source's page to the listener's.
        gaps: Jumps in page numbers that listeners saw, and moves ahead that the server has counted.
        disconnects: Listeners that lost their connection, or never got audio.
        join_seconds: Until all listeners had audio: those of the crowd if there is one.
        memory_bytes: Resident memory above the server with its source and nobody, per listener; 0 if none.
        source_late_p99_ms: How late the source itself was.
        load_average: Of the machine, in the last minute.
        server_busy, load_busy: Share of a core that the server took, and source and listeners together.
        others_busy: Cores that all other programs of the machine took.
    """

    user_us: float
    system_us: float
    pages_a_second: float
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float
    gaps: float
    disconnects: float
    join_seconds: float
    memory_bytes: float
    source_late_p99_ms: float
    load_average: float
    server_busy: float
    load_busy: float
    others_busy: float

    @property
    def cpu_us(self) -> float:
        """Server's time per second and listener or source, microseconds."""
        return self.user_us + self.system_us


def measure(
    trial: Trial,
    folder: Path,
    contenders: Mapping[str, type[Contender]] = CONTENDERS,
    *,
    is_first: bool = False,
) -> Sample:
    """Run one trial.

    Args:
        trial: What.
        folder: For all files; readable by everybody.
        contenders: Has the trial's.
        is_first: Server and source come before all other programs of the machine, where root runs it.

    Raises:
        ProgramFailed: A program has ended before its time, or listeners got no audio.
    """
    with (
        contenders[trial.contender](folder, streams=trial.streams) as server,
        on_air(server, trial.page_ms, folder, query=QUERIES[trial.latency]) as (source, targets),
    ):
        if is_first:
            run_first(*server.pids, source.pid)
        observed = _observe(trial, server, source, targets, folder)
        if source.ended:
            raise ProgramFailed("expected the source to send to the end, it has gone: its message is above")
        source.end()
        return _sample(trial, observed, source.line(SOURCE_START_SECONDS))


def settle_seconds(trial: Trial, server: Contender) -> float:
    """Return how long a server with all its listeners is left alone before the window."""
    is_steady = trial.listeners and trial.seconds >= STEADY_WINDOW_SECONDS
    return server.steady_seconds if is_steady else SETTLE_SECONDS


@contextmanager
def on_air(
    server: Contender, page_ms: int, folder: Path, *, query: str = ""
) -> Iterator[tuple[Program, list[Target]]]:
    """Have a source send to all streams of a server; give it, and where to listen.

    Args:
        server: It runs.
        page_ms: Audio on a page of the source.
        folder: For the list of streams.
        query: What listeners put behind each path.
    """
    urls = folder / "sources"
    urls.write_text("\n".join(server.source_urls()))
    command = [sys.executable, "-m", "loadtest.source", "--page-ms", str(page_ms), str(urls)]
    with Program(command, LOAD_CORE) as source:
        starts_ns = source.line(SOURCE_START_SECONDS)["starts_ns"]
        paths = [path + query for path in server.paths()]
        targets = [Target(*each) for each in zip(starts_ns, paths, strict=True)]
        _wait_until_live(targets, page_ms)
        yield source, targets


@dataclass(frozen=True, slots=True)
class _Observed:
    joined: Joined
    counted: Counted
    used: Usage
    skips: int
    own_bytes: int


def _observe(
    trial: Trial, server: Contender, source: Program, targets: list[Target], folder: Path
) -> _Observed:
    """Bring the listeners in, and count."""

    def crowd_of(listeners: int, pause_ms: int = server.gentle_pause_ms) -> ListenerCrowd:
        return ListenerCrowd(
            folder,
            server.port,
            targets,
            listeners=listeners,
            pause_ms=pause_ms,
            page_ms=trial.page_ms,
            tls=server.tls,
        )

    with crowd_of(WARM_LISTENERS) as warm:
        warm.wait_until_joined(JOIN_SECONDS)
    empty_bytes = resident_bytes(*server.pids)
    with ExitStack() as stack:
        load = [source.pid]
        if trial.listeners:
            listeners = stack.enter_context(crowd_of(trial.listeners))
            joined = listeners.wait_until_joined(JOIN_SECONDS)
            if joined.refused:
                raise ProgramFailed(
                    f"expected audio for {trial.listeners} listeners, got it for {joined.joined}"
                )
            load.append(listeners.pid)
        time.sleep(settle_seconds(trial, server))
        skips = server.skips()
        if trial.listeners:
            listeners.count()
        meter = UsageMeter(server.pids, load)
        if trial.crowd:
            crowd = stack.enter_context(crowd_of(trial.crowd, pause_ms=0))
            meter.add_load(crowd.pid)
            joined = crowd.wait_until_joined(CROWD_SECONDS)
            time.sleep(AFTER_CROWD_SECONDS)
        else:
            time.sleep(trial.seconds)
        used = meter.read()
        own_bytes = resident_bytes(*server.pids) - empty_bytes
        if not trial.listeners:
            listeners = stack.enter_context(crowd_of(PROBES))
            joined = listeners.wait_until_joined(CROWD_SECONDS)
            time.sleep(PROBE_SECONDS)
            # What they got of the backlog says nothing.
            listeners.count()
            time.sleep(PROBE_SECONDS)
        return _Observed(
            joined=joined,
            counted=listeners.count(),
            used=used,
            skips=server.skips() - skips,
            own_bytes=own_bytes,
        )


def _sample(trial: Trial, observed: _Observed, source: Line) -> Sample:
    present = trial.listeners + trial.crowd
    used, counted = observed.used, observed.counted
    unit_seconds = used.seconds * (trial.streams if trial.per == "source" else present)
    return Sample(
        user_us=used.server.user_seconds / unit_seconds * 1e6,
        system_us=used.server.system_seconds / unit_seconds * 1e6,
        pages_a_second=counted.pages / (trial.listeners or PROBES) / counted.seconds,
        delay_p50_ms=counted.delay_p50_ms,
        delay_p99_ms=counted.delay_p99_ms,
        delay_max_ms=counted.delay_max_ms,
        gaps=counted.gaps + observed.skips,
        disconnects=counted.disconnects + observed.joined.refused,
        join_seconds=observed.joined.seconds,
        memory_bytes=observed.own_bytes / present if present else 0.0,
        source_late_p99_ms=source["late_p99_ms"],
        load_average=os.getloadavg()[0],
        server_busy=used.server.total_ns / 1e9 / used.seconds,
        load_busy=used.load.total_ns / 1e9 / used.seconds,
        others_busy=used.others_seconds / used.seconds,
    )


def _wait_until_live(targets: list[Target], page_ms: int) -> None:
    """Sleep until every stream has had two pages and a moment more; before, some servers know no stream."""
    live_ns = max(target.start_ns for target in targets) + 2 * page_ms * 1_000_000 + LIVE_AFTER_NS
    time.sleep(max(0, live_ns - time.monotonic_ns()) / 1e9)
