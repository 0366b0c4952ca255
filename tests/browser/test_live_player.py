"""The listener's page in Chromium, decoding by itself: it begins soon, and plays whatever fails."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import live_page
from tests.browser.chromium_tab import ChromiumTab, chromium_tab
from tests.browser.live_page import (
    BROKEN_DECODERS,
    BROKEN_WASM,
    BROKEN_WORKLET,
    METHOD,
    TONE_HZ,
    recording_of,
    wait_for_tone,
)
from tests.support.audio.media import opus_file
from tests.support.http.source import PacedSource
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

WAIT_FOR_EVER = """
  const wait = setTimeout;
  globalThis.setTimeout = (run, ms) => (ms === 10_000 ? 0 : wait(run, ms));
"""
KEEP_CONTEXT = """
  window.stops = 0;
  window.AudioContext = class extends AudioContext {
    constructor(...options) {
      super(...options);
      window.context = this;
      this.addEventListener("statechange", () => (window.stops += this.state === "suspended" ? 1 : 0));
    }
  };
"""

# At a higher rate, so many packets do not fit on a page.
BITRATE_KBPS = 32
LONG_PAGE_MS = 5_100

# Longer than the delay to which the page of old adapted.
BURST_SECONDS = 3.0

# Sound that a busy machine may miss of what is heard.
MISSED_MS = 500


@pytest.fixture
def tab(browser: Browser) -> Iterator[ChromiumTab]:
    with chromium_tab(browser) as tab:
        yield tab


def test_sound_is_heard_soon_after_the_click(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_start(tab, server, tmp_path)


@pytest.mark.parametrize("method", ["webcodecs", "wasm", "audio"])
def test_each_way_plays_when_it_is_asked_for(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path, method: str
) -> None:
    live_page.check_plays(tab, server, tmp_path, query=f"?player={method}", method=method)


def test_hls_plays_when_it_is_asked_for(tab: ChromiumTab, server: AudiocastServer, tmp_path: Path) -> None:
    with live_page.clicked(tab, server, tmp_path, query="?player=hls"):
        tab.wait_for("document.body.dataset.player === 'playing'")
        tab.wait_for("document.getElementById('audio').currentTime > 3")
        assert tab.evaluate(METHOD) == "hls"
        assert server.metric("audiocast_hls_answers_total", '{kind="segment"}') >= 2
        # As HLS, and as nothing else.
        assert server.metric("audiocast_hls_sessions") == 1
        assert server.metric("audiocast_listeners") == 1


@pytest.mark.parametrize("broken", BROKEN_DECODERS)
def test_without_the_browsers_decoder_our_own_plays(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path, broken: str
) -> None:
    tab.page.add_init_script(BROKEN_DECODERS[broken])
    live_page.check_plays(tab, server, tmp_path, query="", method="wasm")


@pytest.mark.parametrize("broken", BROKEN_WASM)
def test_without_any_decoder_the_element_plays(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path, broken: str
) -> None:
    tab.page.add_init_script(BROKEN_DECODERS["is not there"] + BROKEN_WASM[broken])
    live_page.check_plays(tab, server, tmp_path, query="", method="audio")


def test_a_decoder_that_cannot_be_fetched_gives_way(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    tab.page.add_init_script(BROKEN_DECODERS["is not there"] + WAIT_FOR_EVER)
    tab.page.context.route("**/opus-decoder.min.js", lambda route: route.fulfill(status=404))
    live_page.check_plays(tab, server, tmp_path, query="", method="audio")


def test_over_plain_http_our_own_decoder_plays_by_a_timer(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_plain_http(tab, server, tmp_path)


def test_without_the_audio_thread_a_timer_plays(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    tab.page.add_init_script(BROKEN_WORKLET)
    live_page.check_plays(tab, server, tmp_path, query="", method="webcodecs")


def test_what_the_system_has_stopped_goes_on(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    tab.page.add_init_script(KEEP_CONTEXT)
    live_page.check_plays(tab, server, tmp_path, query="", method="webcodecs")
    tab.evaluate("window.context.suspend()")
    tab.wait_for("window.stops > 0 && window.context.state === 'running'")
    tab.wait_for("document.body.dataset.player === 'playing'")
    wait_for_tone(tab)


def test_without_web_audio_the_element_plays(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    tab.page.add_init_script("delete globalThis.AudioContext;")
    with live_page.clicked(tab, server, tmp_path):
        tab.wait_for("document.getElementById('audio').currentTime > 0.5")
        assert tab.evaluate(METHOD) == "audio"


def test_a_way_that_is_asked_for_and_fails_is_told_and_can_be_tried_again(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    tab.page.add_init_script(BROKEN_DECODERS["throws"])
    started = server.start_stream()
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=tmp_path / "ffmpeg.log"):
        server.wait_for_state(started.stream_id, "live")
        tab.go_to(f"{started.listen_url}?player=webcodecs")
        for _ in range(2):
            tab.click("#listen-button")
            expect(tab.page.locator("body[data-player=failed]")).to_be_visible()
        expect(tab.page.locator("#note")).to_contain_text("another player")
        expect(tab.page.locator("#stream-link")).to_have_attribute("href", started.stream_url)


def test_without_its_script_the_page_has_the_elements_own_controls(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream()
    tab.page.route("**/scripts/listen/page.js*", lambda route: route.fulfill(status=404))
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=tmp_path / "ffmpeg.log"):
        server.wait_for_state(started.stream_id, "live")
        tab.go_to(started.listen_url)
        expect(tab.page.locator("#audio[controls]")).to_be_visible()
        expect(tab.page.locator("#listen-button")).to_be_hidden()
        tab.evaluate("void document.getElementById('audio').play()")
        tab.wait_for("document.getElementById('audio').currentTime > 0.5")


def test_a_source_that_sends_a_second_at_a_time_is_played_without_holes(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream()
    log = tmp_path / "ffmpeg.log"
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=log, page_ms=1000):
        began = server.wait_for_state(started.stream_id, "live")["started_at"]
        tab.go_to(f"{started.listen_url}?player=webcodecs")
        while time.time() < began + 2:
            time.sleep(0.05)
        tab.click("#listen-button")
        tab.wait_for("window.audioProbe.firstSoundAt")
        time.sleep(6)
        heard = recording_of(tab)
    assert len(heard.gaps) <= 2, heard.gaps


def test_what_gathers_at_a_busy_server_is_played_without_holes(tab: ChromiumTab, tmp_path: Path) -> None:
    # There is never room: what may gather grows to 40 ms within eight seconds of listening.
    (tmp_path / "sitecustomize.py").write_text(
        "from audiocast.stream.fanout import lane\nlane.LIVE_SHARE = -1\n"
    )
    with (
        AudiocastServer(tmp_path / "server.log", PYTHONPATH=str(tmp_path)) as server,
        live_page.clicked(tab, server, tmp_path, query="?player=webcodecs"),
    ):
        tab.wait_for("window.audioProbe.firstSoundAt")
        assert missed_ms(tab, 10) <= MISSED_MS
        sends = server.metric("audiocast_listener_sends_total")
        pages = server.metric("audiocast_ingest_pages_total")
        assert missed_ms(tab, 5) <= MISSED_MS
        sends = server.metric("audiocast_listener_sends_total") - sends
        pages = server.metric("audiocast_ingest_pages_total") - pages
    # Two pages of 20 ms or three go out together.
    assert sends <= 0.6 * pages


@contextmanager
def on_air(
    server: AudiocastServer,
    folder: Path,
    *,
    page_ms: int = 20,
    burst_seconds: float = 0,
    lead_seconds: float = 0,
) -> Iterator[Started]:
    """Have a source of one tone while the `with` block runs."""
    started = server.start_stream()
    audio = opus_file(folder, seconds=40, page_ms=page_ms, bitrate_kbps=BITRATE_KBPS).read_bytes()
    with PacedSource(started.keyed_url, audio, burst_seconds=burst_seconds, lead_seconds=lead_seconds):
        server.wait_for_state(started.stream_id, "live")
        yield started


def missed_ms(tab: ChromiumTab, seconds: float) -> float:
    """Return how much of the next seconds is silent."""
    since = time.time()
    tab.page.wait_for_timeout(seconds * 1000)
    return sum(gap.lasts_ms for gap in recording_of(tab).gaps_within(since, time.time()))


def test_pages_of_five_seconds_are_heard_soon_after_the_click(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    # Two pages come at once, as if the source had been there for a while.
    with on_air(server, tmp_path, page_ms=LONG_PAGE_MS, lead_seconds=6) as started:
        assert server.state(started.stream_id)["page_ms"] == LONG_PAGE_MS
        tab.go_to(f"{started.listen_url}?player=webcodecs")
        tab.click("#listen-button")
        tab.wait_for("document.body.dataset.player === 'playing'")
        assert missed_ms(tab, 7) <= MISSED_MS


def test_bursts_that_the_server_finds_out_about_are_soon_played_without_holes(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    with on_air(server, tmp_path, burst_seconds=BURST_SECONDS) as started:
        tab.go_to(f"{started.listen_url}?player=webcodecs")
        tab.click("#listen-button")
        # The first burst tells nothing; the state that comes with the second one does.
        tab.page.wait_for_timeout(2 * BURST_SECONDS * 1000)
        tab.wait_for("document.body.dataset.player === 'playing'")
        assert missed_ms(tab, 6) <= MISSED_MS
        shown = tab.evaluate("document.querySelector('[data-detail=delay]').textContent")
        assert BURST_SECONDS * 1000 <= int(shown.split()[0]) <= 2 * BURST_SECONDS * 1000


def test_a_source_that_was_lost_is_heard_again(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_source_returns(tab, server, tmp_path)


def test_a_tab_that_slept_has_its_connection_still(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_sleep(tab, server, tmp_path)


def test_a_restarted_server_is_found_again(tab: ChromiumTab, tmp_path: Path) -> None:
    settings: dict[str, str | int | float] = {"SECRET_KEYS": "a secret of enough characters"}
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        port = server.port
        with live_page.clicked(tab, server, tmp_path) as started:
            wait_for_tone(tab)
    with (
        AudiocastServer(tmp_path / "server.log", PORT=port, **settings),
        EncoderProcess(started.keyed_url, tone_hz=2 * TONE_HZ, log=tmp_path / "ffmpeg.log"),
    ):
        wait_for_tone(tab, 2 * TONE_HZ, 40)
        assert tab.evaluate(METHOD) == "webcodecs"


def test_the_switch_is_remembered_and_says_what_it_costs(
    tab: ChromiumTab, server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream()
    volume = "document.getElementById('audio').volume"
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=tmp_path / "ffmpeg.log"):
        began = server.wait_for_state(started.stream_id, "live")["started_at"]
        tab.go_to(started.listen_url)
        tab.click("#listen-button")
        wait_for_tone(tab)
        tab.wait_for(f"{_shown('buffer')} < 600")
        tab.click("#more > summary")
        tab.click("#mode input[value=stable]")
        tab.wait_for(f"{_shown('buffer')} > 1500 && document.body.dataset.player === 'playing'")
        tab.go_to(started.listen_url)
        assert tab.evaluate("document.querySelector('#mode :checked').value") == "stable"
        tab.page.get_by_role("button", name="Русский").click()
        assert "Надёжно" in tab.evaluate("document.getElementById('mode').textContent")
        tab.evaluate("document.getElementById('audio').volume = 0")
        tab.click("#listen-button")
        tab.wait_for("document.body.dataset.player === 'playing'")
        # Nobody hears it: the peak of silence is 0.
        tab.wait_for("document.getElementById('spectrum').dataset.peakHz === '0'")
        assert tab.evaluate(volume) == 0
        assert time.time() > began


def _shown(detail: str) -> str:
    """Return an expression for the first number of a detail; a large one while there is none."""
    return f"parseInt(document.querySelector({json.dumps(f'[data-detail={detail}]')}).textContent || '9999')"
