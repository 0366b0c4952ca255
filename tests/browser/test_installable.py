"""Chromium offers to install the product: its manifest is complete, its icons are there."""

import json
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.processes.server import AudiocastServer


def test_the_pages_can_be_installed(server: AudiocastServer, tmp_path: Path) -> None:
    # A profile of its own, since nothing is installed from a private window, which contexts otherwise are.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=FLAGS
        )
        page = browser.pages[0]
        for path in ("/", server.start_stream().listen_url.removeprefix(server.base)):
            page.goto(server.base + path)
            chromium = browser.new_cdp_session(page)
            answer = chromium.send("Page.getAppManifest")
            assert answer["errors"] == []
            manifest = json.loads(answer["data"])
            assert manifest["start_url"] == manifest["id"] == "/"
            assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
            assert chromium.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        browser.close()
