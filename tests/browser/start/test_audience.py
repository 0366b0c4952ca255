"""The panel of the control page that shows who listens: from the server's own numbers, and as a drawing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

MINUTE = 29_934_720
NOW = datetime.fromtimestamp((MINUTE + 60) * 60, UTC)
AUDIENCE: dict[str, Any] = {
    "now": 3,
    "peak": 12,
    "listening_hours": 1234.56,
    "average": 7.25,
    "curve": [[MINUTE, 0.0], [MINUTE + 30, 6.0], [MINUTE + 60, 12.0]],
    "members": [],
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", timezone_id="UTC")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def test_it_shows_what_the_server_knows(page: Page, tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            control = f"{server.base}/control/{started.stream_id}#{started.ingest_key}"
            page.goto(control)
            expect(page.locator("#audience-none")).to_be_visible()
            expect(page.locator("#audience-drawing")).to_be_hidden()
            with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                listener.wait_for_audio(1)
                page.reload()
                expect(page.locator("#audience-now")).to_have_text("1")
                expect(page.locator("#audience-peak")).to_have_text("1")
                expect(page.locator("#audience-none")).to_be_hidden()


def test_the_curve_is_drawn_in_both_languages(page: Page, tmp_path: Path) -> None:
    keys: list[str | None] = []

    def answer(route: Route) -> None:
        keys.append(route.request.header_value("authorization"))
        route.fulfill(json=AUDIENCE)

    page.clock.set_fixed_time(NOW)
    page.route("**/audience", answer)
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        page.goto(f"{server.base}/control/{started.stream_id}#{started.ingest_key}")
        expect(page.locator("#audience-hours")).to_have_text("1,234.6")
        expect(page.locator("#audience-average")).to_have_text("7.3")
        # From the lower left to the upper right corner: 20 is the round number above 12.
        expect(page.locator("#audience-area")).to_have_attribute("d", "M0 120L0 120L300 84L600 48L600 120Z")
        expect(page.locator("#audience-top")).to_have_text("20")
        drawing = page.locator("#audience-curve")
        expect(drawing).to_have_attribute("aria-label", "Listeners since 12:00 AM: 12 at most, 3 now")
        page.evaluate("document.getElementById('language-switch').click()")
        expect(page.locator("#audience-heading")).to_have_text("Слушатели")
        expect(drawing).to_have_attribute("aria-label", "Слушатели, 00:00 и позже: больше всего 12, сейчас 3")
    assert keys == [f"Bearer {started.ingest_key}"]
