"""A plain `<audio>` of a page that is not ours, on the stream itself, in a real Chromium."""

import time
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SECONDS = 20.0
BACKLOG_SECONDS = 4.0
STEP_MS = 500
CLOCK_SECONDS = 1.0
END_SECONDS = 20.0

PLAY = """(url) => {
  const audio = document.createElement('audio');
  window.audio = audio;
  window.seen = [];
  audio.crossOrigin = 'anonymous';
  audio.src = url;
  document.body.append(audio);
  return audio.play();
}"""
WATCH = """() => {
  for (const name of ['waiting', 'stalled', 'error', 'ended', 'emptied', 'pause'])
    window.audio.addEventListener(name, () => window.seen.push(name));
}"""


def test_it_plays_twenty_seconds_without_an_event_and_ends_with_the_stream(
    browser: Browser, server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream()
    page = browser.new_page()
    with EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        began = server.wait_for_state(started.stream_id, "live")["started_at"]
        while time.time() < began + BACKLOG_SECONDS:
            time.sleep(0.1)
        page.evaluate(PLAY, started.stream_url)
        _wait_for(page, "window.audio.currentTime > 0.5")
        page.evaluate(WATCH)
        at, began = _clock(page), time.monotonic()
        page.wait_for_timeout(SECONDS * 1000)
        assert _clock(page) - at == pytest.approx(time.monotonic() - began, abs=CLOCK_SECONDS)
        assert page.evaluate("window.seen") == []
        url = f"{server.base}/api/streams/{started.stream_id}"
        requests.delete(url, params={"key": started.ingest_key}, timeout=10).raise_for_status()
        _wait_for(page, "window.audio.ended")
    assert [event for event in page.evaluate("window.seen") if event != "waiting"] == ["pause", "ended"]
    page.close()


def _clock(page: Page) -> float:
    return float(page.evaluate("window.audio.currentTime"))


def _wait_for(page: Page, condition: str) -> None:
    deadline = time.monotonic() + END_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not in {END_SECONDS} s: {condition}"
        page.wait_for_timeout(STEP_MS)
