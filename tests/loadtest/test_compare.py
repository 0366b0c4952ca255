"""The benchmark's parts against real servers, in small: they work, and what they count is what happened."""

import os
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from audiocast.settings import Settings
from audiocast.stream.fanout.lane import GATHER_GROWTH, MOST_FLUSHES
from loadtest.bench.contenders.floor import Floor
from loadtest.bench.contenders.registry import CONTENDERS
from loadtest.bench.listener_crowd import ListenerCrowd, Target
from loadtest.bench.processes import LOAD_CORE, SERVER_CORE, cpu_time, family
from loadtest.bench.programs import Program
from loadtest.bench.trial import QUERIES, STEADY_WINDOW_SECONDS, Trial, measure, settle_seconds
from tests.loadtest.tally import tally

pytestmark = pytest.mark.realtime

ROOT = Path(__file__).parents[2]
LISTENERS = 20
PAGE_MS = 20
SECONDS = 2.0
# Machines are shared: so much audio may fall out of a window, or into it.
EDGE_SECONDS = 1.5


@pytest.mark.parametrize("pair", [*((name, "default") for name in CONTENDERS), ("audiocast", "low")])
def test_every_server_is_measured(folder: Path, pair: tuple[str, str]) -> None:
    contender, latency = pair
    sample = measure(Trial(contender, PAGE_MS, LISTENERS, SECONDS, latency=latency), folder)
    assert abs(sample.pages_a_second * SECONDS * PAGE_MS / 1000 - SECONDS) <= EDGE_SECONDS
    assert (sample.gaps, sample.disconnects) == (0, 0)
    assert sample.cpu_us > 0
    assert 0 < sample.delay_p50_ms <= sample.delay_p99_ms <= sample.delay_max_ms + 0.1


@pytest.mark.parametrize(
    ("contender", "program", "processes"),
    [("audiocast-nginx", "nginx", 2), ("audiocast-haproxy", "haproxy", 1)],
)
def test_a_proxy_is_counted_on_the_servers_core(
    folder: Path, contender: str, program: str, processes: int
) -> None:
    with CONTENDERS[contender](folder) as server:
        counted = [each for pid in server.pids for each in family(pid)]
        names = Counter(Path(f"/proc/{each}/comm").read_text().strip() for each in counted)
        cores = {core for each in counted for core in os.sched_getaffinity(each)}
        own = cpu_time(server.pid).total_ns
        together = cpu_time(*server.pids).total_ns
    assert names[program] == processes
    assert cores == {SERVER_CORE}
    assert together > own


def test_a_crowd_joins_while_others_listen(folder: Path) -> None:
    sample = measure(Trial("audiocast", PAGE_MS, LISTENERS, SECONDS, crowd=5 * LISTENERS), folder)
    assert (sample.gaps, sample.disconnects) == (0, 0)
    assert sample.join_seconds > 0


def test_sources_without_listeners_are_heard_in_the_end(folder: Path) -> None:
    trial = Trial("audiocast", PAGE_MS, 0, SECONDS, streams=4, per="source")
    sample = measure(trial, folder)
    assert abs(sample.pages_a_second * PAGE_MS / 1000 - 1) <= EDGE_SECONDS
    assert (sample.gaps, sample.disconnects) == (0, 0)
    # Of the same time, each of four has a quarter.
    assert 0 < sample.cpu_us <= 1e6 * sample.server_busy / 4 * 1.01
    assert sample.load_busy > 0


def test_what_is_measured_is_what_a_listener_costs_in_the_long_run(folder: Path) -> None:
    """Pages gather for longer under load, up to a bound: nothing changes after that."""
    listened = Trial("audiocast", PAGE_MS, LISTENERS, STEADY_WINDOW_SECONDS)
    server = CONTENDERS["audiocast"](folder)
    flush_ms = Settings.model_fields["flush_interval_ms"].default
    steady_seconds = (MOST_FLUSHES - 1) * flush_ms / 1000 / GATHER_GROWTH
    assert steady_seconds < settle_seconds(listened, server) < steady_seconds + 2
    assert settle_seconds(replace(listened, listeners=0), server) == 1
    assert settle_seconds(listened, CONTENDERS["icecast"](folder)) == 1


def test_live_listeners_ask_as_the_page_does() -> None:
    player = ROOT / "audiocast/web/static/player/live"
    [aim, preroll] = re.findall(
        r"live: \{ aimMs: ([\d.]+), prerollSeconds: ([\d.]+),", (player / "playback_methods.js").read_text()
    )[0]
    assert QUERIES["live"] == f"?latency={aim}&preroll={preroll}"
    assert "?latency=${this.mode.aimMs}&preroll=${prerollSeconds}&" in (player / "live_output.js").read_text()


def test_listeners_are_dealt_out_to_many_streams(folder: Path) -> None:
    sample = measure(Trial("audiocast", PAGE_MS, LISTENERS, SECONDS, streams=4), folder)
    assert abs(sample.pages_a_second * SECONDS * PAGE_MS / 1000 - SECONDS) <= EDGE_SECONDS
    assert (sample.gaps, sample.disconnects) == (0, 0)


def test_the_floor_sends_once_for_each_page_and_listener(folder: Path) -> None:
    with Floor(folder) as floor:
        urls = folder / "sources"
        urls.write_text("\n".join(floor.source_urls()))
        with Program([sys.executable, "-m", "loadtest.source", "--page-ms", "20", urls], LOAD_CORE) as source:
            starts_ns = source.line(20)["starts_ns"]
            crowd = ListenerCrowd(
                folder,
                floor.port,
                [Target(starts_ns[0], "/")],
                listeners=LISTENERS,
                pause_ms=0,
                page_ms=PAGE_MS,
            )
            with crowd:
                assert crowd.wait_until_joined(20).joined == LISTENERS
                source.end()
                sent = floor.wait_for_count()
                received = tally(crowd)
    assert sent["lost"] == 0
    assert 0 < received.pages == sent["sends"] <= sent["pages"] * LISTENERS
