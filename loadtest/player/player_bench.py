"""How late the listener's page is, how soon it starts, and what is heard through every disturbance.

    python -m loadtest.player.player_bench [--seconds 180] [--browsers chromium firefox]

A source clicks at known times; a probe in the page's own audio path records the clicks. The latency that the
browser reports for its output is added; a sound card is not in it. One page listens at a time. It
prints the promises, PASS or FAIL each with its numbers, and ends with exit code 1 when one was broken. What
is measured: docs/listener-page.md.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

from loadtest.bench.criteria import Verdict
from loadtest.player import tls_delay
from loadtest.player.browsers import BROWSERS, OpenTab, Running, begin_listening
from tests.browser.click_source import FRAME_SECONDS, click_track
from tests.browser.disturbances import (
    OUTAGE_SECONDS,
    WEATHERS,
    Durations,
    ListeningReport,
    listen_through_disturbances,
)
from tests.browser.live_page import recording_of
from tests.support.http.source import PacedSource
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.server import AudiocastServer

# Decoders and networks, and how late each may be at the median; milliseconds.
WAYS = {"webcodecs": 150, "webcodecs, through nginx": 250, "wasm": 150}

# From the median of the first third of the time to that of the last.
MOST_GROWTH_MS = 50

MOST_START_MS = {"webcodecs": 700, "wasm": 700, "audio": 1_000}
STARTS = 5
LOSSES = "document.querySelector('[data-detail=losses]').textContent"
SETTLE_SECONDS = 10.0
BACKLOG_SECONDS = 5.0
PAUSE_SECONDS = 1.0
LOSS_MS = 500
LATER_MS = 100
CALM_SECONDS = 15.0
# What happens during the disturbances, and how long nothing can be heard then; it may cost `LOSS_MS` more.
EVENTS_MS = {
    "source replaced": 0.0,
    "owner killed": 0.0,
    # A page that sleeps plays nothing, and its probe records nothing. Once awake, Chromium makes up for it
    # within 50 ms with silence that nobody hears, which fills the samples that the probe reads.
    "tab asleep": 683.0,
    "outage": OUTAGE_SECONDS * 1000,
    "another address": 0.0,
    # Nothing tells a dead connection from a quiet source for as long.
    "another address, without a word": 3000.0,
}


def main() -> int:
    """Measure and print; give the exit code."""
    parser = argparse.ArgumentParser(
        description="How late the listener's page is, and what it plays through."
    )
    parser.add_argument(
        "--seconds", type=float, default=180.0, help="of steady listening, and of bad weather"
    )
    parser.add_argument("--browsers", nargs="+", choices=BROWSERS, default=list(BROWSERS))
    options = parser.parse_args()
    judged = []
    for name in options.browsers:
        with tempfile.TemporaryDirectory() as folder, BROWSERS[name](Path(folder)) as browser:
            tls_folder = Path(folder) / "tls"
            tls_folder.mkdir()
            for verdict in chain(
                verdicts(name, browser, Path(folder), options.seconds),
                tls_delay.verdicts(name, browser, tls_folder),
            ):
                print(verdict, flush=True)
                judged.append(verdict)
    print(f"\nLoad average now {os.getloadavg()[0]:.1f}")
    return 0 if all(verdict.kept for verdict in judged) else 1


def verdicts(name: str, browser: Running, folder: Path, seconds: float) -> Iterator[Verdict]:
    """Measure one browser."""
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log", program="audiocast"))
        nginx = stack.enter_context(NginxProcess(folder / "nginx", server.port))
        clicks = click_track(folder, seconds=round(len(WAYS) * (seconds + 30) + 180))
        started = server.start_stream()
        source = stack.enter_context(PacedSource(started.keyed_url, clicks, lead_seconds=-FRAME_SECONDS))
        server.wait_for_state(started.stream_id, "live")
        time.sleep(BACKLOG_SECONDS)
        page = f"/listen/{started.stream_id}"
        for method, most_ms in MOST_START_MS.items():
            starts = [
                _start_ms(browser.open_tab, f"{server.base}{page}?player={method}") for _ in range(STARTS)
            ]
            yield _start(f"{name}, {method}", starts, most_ms)
        for way, most_ms in WAYS.items():
            base = nginx.base if way.endswith("nginx") else server.base
            with browser.open_tab() as tab:
                begin_listening(tab, f"{base}{page}?player={way.partition(',')[0]}")
                time.sleep(SETTLE_SECONDS)
                since = time.time()
                time.sleep(seconds)
                heard, until = recording_of(tab), time.time()
                losses = tab.evaluate(LOSSES)
            delays = heard.delays_ms(source.began_at, since, until)
            gaps_ms = [gap.lasts_ms for gap in heard.gaps_within(since, until)]
            yield _late(f"{name}, {way}", delays, browser.output_ms, most_ms)
            yield _steady(f"{name}, {way}", delays, gaps_ms, losses)
    durations = Durations(
        settle_seconds=SETTLE_SECONDS,
        calm_seconds=CALM_SECONDS,
        adapt_seconds=20.0,
        bad_seconds=seconds / 6,
        weathers=tuple(WEATHERS),
    )
    disturbances_folder = folder / "disturbances"
    disturbances_folder.mkdir()
    with browser.open_tab() as tab:
        yield from _through_disturbances(
            name, listen_through_disturbances(tab, disturbances_folder, durations)
        )


def _start_ms(open_tab: OpenTab, url: str) -> float:
    with open_tab() as tab:
        begin_listening(tab, url)
        start_ms = float(tab.evaluate("window.audioProbe.firstSoundAt - window.audioProbe.pressedAt"))
    time.sleep(PAUSE_SECONDS)
    return start_ms


def _start(case: str, starts_ms: list[float], most_ms: float) -> Verdict:
    promise = f"{case}: first sound at most {most_ms:g} ms after the click"
    numbers = f"median {median(starts_ms):.0f} ms, longest {max(starts_ms):.0f} ms of {len(starts_ms)}"
    return Verdict(promise, median(starts_ms) <= most_ms, numbers)


def _late(case: str, delays: list[float], output_ms: float, most_ms: float) -> Verdict:
    late_ms = median(delays) + output_ms
    numbers = (
        f"{late_ms:.0f} ms ({median(delays):.0f} ms to the probe in the page, {output_ms:.0f} ms behind it), "
        f"95 % {quantiles(delays, n=20)[-1] + output_ms:.0f} ms, {len(delays)} clicks"
    )
    return Verdict(f"{case}: median delay at most {most_ms:g} ms", late_ms <= most_ms, numbers)


def _steady(case: str, delays: list[float], gaps_ms: list[float], losses: str) -> Verdict:
    third = len(delays) // 3
    first, last = median(delays[:third]), median(delays[-third:])
    numbers = f"{first:.0f} ms, then {last:.0f} ms; {_counted(gaps_ms)}; what the page reports: {losses}"
    kept = last - first <= MOST_GROWTH_MS and not gaps_ms
    return Verdict(f"{case}: steady, without a gap to be heard", kept, numbers)


def _through_disturbances(name: str, report: ListeningReport) -> Iterator[Verdict]:
    before_ms = report.delay_ms("good network")
    for event, lasts_ms in EVENTS_MS.items():
        gaps_ms = report.gaps_ms(event)
        delay_ms = report.delay_ms(event)
        later_ms = delay_ms - before_ms
        before_ms = delay_ms
        promise = (
            f"{name}, {event}: at most {lasts_ms + LOSS_MS:.0f} ms lost, then {LATER_MS} ms later at most"
        )
        kept = sum(gaps_ms) <= lasts_ms + LOSS_MS and later_ms <= LATER_MS
        yield Verdict(promise, kept, f"{_counted(gaps_ms)}, {later_ms:+.0f} ms")
    for weather in WEATHERS:
        gaps_ms = report.gaps_ms(weather)
        new_ms = report.gaps_ms(f"{weather}, new")
        numbers = f"{_counted(gaps_ms)}, {_counted(new_ms)} before; {report.delay_ms(weather):.0f} ms late"
        yield Verdict(f"{name}, {weather}: no gap once it is known", not gaps_ms, numbers)


def _counted(gaps_ms: list[float]) -> str:
    return f"{len(gaps_ms)} gaps of {sum(gaps_ms):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
