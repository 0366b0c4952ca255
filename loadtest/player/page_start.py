"""How soon the listener's page is of use on a slow phone: on a slow processor, over a network.

    python -m loadtest.player.page_start [--runs 5]

Of use is when all its modules have run: from then on a click is a click. Chromium slows itself down, as its
own tools for developers do; each run is a browser of its own, with nothing in its cache. It ends with the
promise, PASS or FAIL with its numbers, and with exit code 1 when it was broken.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from loadtest.bench.criteria import Verdict
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.processes.server import AudiocastServer

MOST_MS = 1_000
SLOWER = 4

# Modules have run by then (HTML, section 13.2.7): it is for this event that they are deferred.
OF_USE_MS = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


@dataclass(frozen=True)
class Network:
    """What is between the phone and the server.

    Attributes:
        name: What it is called.
        latency_ms: Of each answer.
        down_kbps: What comes in.
        up_kbps: What goes out.
    """

    name: str
    latency_ms: int
    down_kbps: int
    up_kbps: int


NETWORKS = (
    Network("4G, 40 ms and 10 Mbit/s", 40, 10_000, 3_000),
    Network("slow 4G, 150 ms and 1.6 Mbit/s", 150, 1_600, 750),
)


def main() -> int:
    """Measure and print; give the exit code."""
    parser = argparse.ArgumentParser(description="How soon the listener's page is of use on a slow phone.")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    kept = True
    with (
        tempfile.TemporaryDirectory() as folder,
        AudiocastServer(Path(folder) / "server.log", program="audiocast") as server,
    ):
        url = server.start_stream().listen_url
        for network in NETWORKS:
            times = [_of_use_ms(url, network) for _ in range(options.runs)]
            verdict = _verdict(network, times)
            print(verdict, flush=True)
            kept = kept and verdict.kept is not False
    print(f"\nLoad average now {os.getloadavg()[0]:.1f}")
    return 0 if kept else 1


def _of_use_ms(url: str, network: Network) -> float:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = _phone(browser, network).pages[0]
        page.goto(url)
        return float(page.evaluate(OF_USE_MS))


def _phone(browser: Browser, network: Network) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True
    )
    devtools = context.new_cdp_session(context.new_page())
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    devtools.send("Network.enable")
    conditions = {
        "offline": False,
        "latency": network.latency_ms,
        "downloadThroughput": network.down_kbps * 1000 / 8,
        "uploadThroughput": network.up_kbps * 1000 / 8,
    }
    devtools.send("Network.emulateNetworkConditions", conditions)
    return context


def _verdict(network: Network, times_ms: list[float]) -> Verdict:
    typical_ms = median(times_ms)
    promise = f"a phone {SLOWER} times slower, {network.name}: the page is of use within {MOST_MS} ms"
    measured = f"median {typical_ms:.0f} ms, {min(times_ms):.0f} to {max(times_ms):.0f}"
    return Verdict(promise, typical_ms <= MOST_MS, measured)


if __name__ == "__main__":
    sys.exit(main())
