"""How much later the listener's page is through the server's own TLS than by plain HTTP, in turns.

    python -m loadtest.player.tls_delay [--turns 2] [--seconds 60] [--browsers chromium firefox]

One server, one source that clicks at known times, and one page that listens at a time: plain, TLS, TLS,
plain, and so on, so that a machine that grows slower makes both later. What TLS adds is the median of what
it adds in each turn. It takes ten minutes, prints the promises with PASS or FAIL, and ends with
exit code 1 when one was broken. What came out: docs/listener-page.md.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from loadtest.bench.criteria import Verdict
from loadtest.player.browsers import BROWSERS, Running, begin_listening
from tests.browser.click_source import FRAME_SECONDS, click_track
from tests.browser.live_page import recording_of
from tests.support.http.source import PacedSource
from tests.support.network.certificates import make_pair
from tests.support.processes.server import AudiocastServer

TURNS = 2
# The buffer keeps for 15 s what it has learned, of the page's opening too, and is lowered by 4 ms a second:
# ten seconds would show how a page begins.
SECONDS = 60.0
# From the first sound on; the page has found its delay by then.
SETTLE_SECONDS = 7.0
BACKLOG_SECONDS = 5.0
# A page more or less: to open one, and until its first sound.
SPARE_SECONDS = 15.0

# Milliseconds: at the median of the turns, and what TLS may add to plain HTTP.
MOST_MS = {"chromium": 100, "firefox": 120}
MOST_ADDED_MS = 10


def main() -> int:
    """Measure and print; give the exit code."""
    parser = argparse.ArgumentParser(description="What TLS adds to the delay of the listener's page.")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="of listening, in each turn by each way"
    )
    parser.add_argument("--browsers", nargs="+", choices=BROWSERS, default=list(BROWSERS))
    options = parser.parse_args()
    judged = []
    for name in options.browsers:
        with tempfile.TemporaryDirectory() as folder, BROWSERS[name](Path(folder)) as browser:
            for verdict in verdicts(name, browser, Path(folder), options.turns, options.seconds):
                print(verdict, flush=True)
                judged.append(verdict)
    print(f"\nLoad average now {os.getloadavg()[0]:.1f}")
    return 0 if all(verdict.kept for verdict in judged) else 1


def verdicts(
    name: str, browser: Running, folder: Path, turns: int = TURNS, seconds: float = SECONDS
) -> Iterator[Verdict]:
    """Measure one browser.

    Args:
        name: Key of `BROWSERS`.
        browser: It runs, and takes any certificate.
        folder: For the server's files.
        turns: How often by each way.
        seconds: How long each time.
    """
    ears: dict[str, list[float]] = {"plain": [], "tls": []}
    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(folder / "server.log", program="audiocast", **make_pair(folder).settings)
        )
        clicks = click_track(folder, seconds=round(2 * turns * (seconds + SETTLE_SECONDS + SPARE_SECONDS)))
        started = server.start_stream()
        source = stack.enter_context(PacedSource(started.keyed_url, clicks, lead_seconds=-FRAME_SECONDS))
        server.wait_for_state(started.stream_id, "live")
        time.sleep(BACKLOG_SECONDS)
        bases = {"plain": server.base, "tls": server.tls_base}
        for turn in range(turns):
            for way in list(bases)[:: -1 if turn % 2 else 1]:
                url = f"{bases[way]}/listen/{started.stream_id}?player=webcodecs"
                delay_ms = _delay_ms(browser, url, source.began_at, seconds)
                ears[way].append(delay_ms + browser.output_ms)
    yield from judged(name, ears["plain"], ears["tls"])


def judged(name: str, plain_ms: list[float], tls_ms: list[float]) -> Iterator[Verdict]:
    """Judge one browser.

    Args:
        name: Key of `MOST_MS`.
        plain_ms: Delay at the ear by plain HTTP, of each turn.
        tls_ms: The same through TLS.
    """
    each = f"{_listed(tls_ms)} ms, plain {_listed(plain_ms)} ms"
    most_ms, late_ms = MOST_MS[name], median(tls_ms)
    yield Verdict(
        f"{name}, through TLS: at the ear after at most {most_ms} ms, at the median",
        late_ms <= most_ms,
        f"{late_ms:.0f} ms of {each}",
    )
    added_ms = median(tls - plain for tls, plain in zip(tls_ms, plain_ms, strict=True))
    yield Verdict(
        f"{name}, through TLS: at most {MOST_ADDED_MS} ms later than by plain HTTP",
        added_ms <= MOST_ADDED_MS,
        f"{added_ms:+.0f} ms",
    )


def _listed(delays_ms: list[float]) -> str:
    return ", ".join(f"{delay_ms:.0f}" for delay_ms in delays_ms)


def _delay_ms(browser: Running, url: str, began_at: float, seconds: float) -> float:
    """Return the median delay of the clicks up to the probe in the page."""
    with browser.open_tab() as tab:
        begin_listening(tab, url)
        time.sleep(SETTLE_SECONDS)
        since = time.time()
        time.sleep(seconds)
        heard, until = recording_of(tab), time.time()
    return median(heard.delays_ms(began_at, since, until))


if __name__ == "__main__":
    sys.exit(main())
