"""A real headless Chromium, the server, and a page of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.processes.server import AudiocastServer

OTHER_HOST = "audiocast.example"
CHROMIUM = "/usr/bin/chromium"
# Chromium makes two pages for its address bar beside each window, though nobody sees that: half of its work.
# The first two are these; the others are Playwright's own, whose list gives way to this one.
NOT_NEEDED = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(NOT_NEEDED)}",
    # Over plain HTTP, a host that is not this one.
    f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's sync API keeps an event loop running in the main thread for as long as its browser is open:
    # no other kind of test can have one in that time.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", SOURCE_GRACE_SECONDS=13) as server:
        yield server
