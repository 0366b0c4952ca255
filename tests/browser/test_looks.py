"""The listener's page as it looks in each of its states: it fits, and axe finds nothing serious in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.live_page import NO_WAY_TO_PLAY
from tests.encoder_process import EncoderProcess
from tests.server import AudiocastServer

TONE_HZ = 440
NEWS_MS = 15_000
"""Far more than any piece of news takes; machines are shared."""

PHONE: ViewportSize = {"width": 320, "height": 640}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SERIOUS = ("serious", "critical")


def states(page: Page, server: AudiocastServer, folder: Path) -> Iterator[str]:
    """Bring the page into one state after another; give their names."""
    log = folder / "ffmpeg.log"
    started = server.start_stream(title="Вечер без названия, Evening of a rather long title")
    button = page.locator("#listen-button")
    page.goto(f"{server.base}/listen/nobody-knows-it")
    expect(page.locator("body[data-stream=waiting]")).to_be_visible()
    yield "unknown"
    page.goto(started.listen_url)
    button.click()
    expect(page.locator("#note")).not_to_be_empty()
    yield "waiting"
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=log):
        requests.put(
            f"{server.base}/api/streams/{started.stream_id}/metadata",
            json={"title": "Song", "artist": "Band"},
            headers={"Authorization": f"Bearer {started.ingest_key}"},
            timeout=10,
        )
        expect(page.locator("body[data-player=playing]")).to_be_visible(timeout=NEWS_MS)
        expect(page.locator("#now-playing")).to_be_visible(timeout=NEWS_MS)
        yield "playing"
        page.locator("#details summary").click()
        page.locator("#elsewhere summary").click()
        page.locator("#mode label", has=page.locator("[value=stable]")).click()
        expect(page.locator("body[data-player=playing]")).to_be_visible(timeout=NEWS_MS)
        yield "panel"
    expect(page.locator("body[data-stream=held]")).to_be_visible(timeout=NEWS_MS)
    yield "held"
    url = f"{server.base}/api/streams/{started.stream_id}"
    requests.delete(url, params={"key": started.ingest_key}, timeout=10).raise_for_status()
    expect(page.locator("body[data-player=over]")).to_be_visible(timeout=NEWS_MS)
    yield "over"
    page.add_init_script(NO_WAY_TO_PLAY)
    page.goto(started.listen_url)
    expect(button).to_be_disabled()
    yield "cannot play"


@pytest.mark.parametrize(
    ("locale", "scheme", "viewport"),
    [("ru-RU", "dark", PHONE), ("en-US", "light", DESKTOP)],
)
def test_each_state_fits_and_axe_finds_nothing_serious(
    browser: Browser,
    server: AudiocastServer,
    tmp_path: Path,
    locale: str,
    scheme: Literal["light", "dark"],
    viewport: ViewportSize,
) -> None:
    context = browser.new_context(locale=locale, color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    axe = Axe()
    for state in states(page, server, tmp_path):
        found = [each for each in axe.run(page).response["violations"] if each["impact"] in SERIOUS]
        assert found == [], state
        assert page.evaluate(OVERFLOW_PX) <= 0, state
    page.evaluate("document.getElementById('title').insertAdjacentHTML('afterend', '<img src=x>')")
    assert axe.run(page).response["violations"] != []
    context.close()
