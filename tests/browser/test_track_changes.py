"""Liquidsoap sends a new Ogg stream for each track: the page shows their titles, and plays on."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.programs import liquidsoap
from tests.programs.program import Program
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

BACKLOG_SECONDS = 4.0
PLAYS_SECONDS = 20.0
STEP_MS = 100
CLOCK_SECONDS = 1.5
# Three tracks: by then any title has come.
TITLE_MS = 3_000 * liquidsoap.TRACK_SECONDS

WATCH = """() => {
  window.seen = [];
  const audio = document.getElementById('audio');
  for (const name of ['waiting', 'ended', 'error', 'emptied', 'pause'])
    audio.addEventListener(name, () => window.seen.push(`${name} at ${audio.currentTime}`));
}"""


def test_titles_change_on_the_page_while_it_plays_on(
    browser: Browser, server: AudiocastServer, tmp_path: Path
) -> None:
    stream = server.start_stream(title="Evening")
    liquidsoap.make_music(tmp_path)
    script = liquidsoap.script("SOURCE", server, stream, tracks=True)
    (tmp_path / "radio.liq").write_text(liquidsoap.ROOT_MAY_RUN_IT + script)
    page = browser.new_page(locale="en-US")
    with Program(liquidsoap.command(), log=tmp_path / "liquidsoap.log", folder=tmp_path):
        state = server.wait_for_state(stream.stream_id, "live", liquidsoap.START_SECONDS)
        while time.time() < state["started_at"] + BACKLOG_SECONDS:
            time.sleep(0.1)
        page.goto(f"{stream.listen_url}?player=audio")
        page.get_by_role("button", name="Start listening").click()
        wait_until_it_plays(page)
        page.evaluate(WATCH)
        at, began = clock(page), time.monotonic()
        for number in (1, 2, 3):
            title = f"{liquidsoap.TRACK_ARTIST} — Song {number}"
            expect(page.locator("#now-playing-text")).to_have_text(title, timeout=TITLE_MS)
        assert clock(page) - at == pytest.approx(time.monotonic() - began, abs=CLOCK_SECONDS)
        assert page.evaluate("window.seen") == []
    page.close()


def wait_until_it_plays(page: Page) -> None:
    deadline = time.monotonic() + PLAYS_SECONDS
    while clock(page) < 0.5:
        assert time.monotonic() < deadline, f"it does not play in {PLAYS_SECONDS} s"
        page.wait_for_timeout(STEP_MS)


def clock(page: Page) -> float:
    """Return how many seconds the page has played."""
    return float(page.evaluate("document.getElementById('audio').currentTime"))
