"""WebKit as a third engine: the listener's page by each of its ways, `<audio>`, HLS, and broadcasting."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.live_page import AUDIO_PROBE, METHOD, SLEEP_SECONDS, TONE_HZ, recording_of, wait_for_tone
from tests.browser.webkit.webkit import WebKit, webkit
from tests.client.sound import SAMPLE_RATE, time_share
from tests.programs.heard import decoded
from tests.support.http.http_stand_in import serving_folder
from tests.support.http.listener import Listener
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.npm import npm_file
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

MICROPHONE_HZ = 1000
SECONDS = 3.0
# A busy machine takes long to open a page and a microphone.
GRACE_SECONDS = 120
# What a starved machine takes from a buffer, and gives back as a hole.
STARVED_MS = 1_500
MOST_OF_THE_TIME = 0.5

PLAY = """const audio = document.createElement("audio");
    audio.id = "plain";
    audio.src = %s;
    document.body.append(audio);
    window.seen = [];
    for (const name of ["waiting", "stalled", "error", "ended", "emptied", "pause"])
        audio.addEventListener(name, () => window.seen.push(`${name} at ${audio.currentTime}`));
    void audio.play()"""
LEVEL_DB = "parseInt(document.getElementById('level-words').textContent.replace('−', '-'))"
CLOCK = "document.getElementById('plain').currentTime"


@dataclass(frozen=True)
class OnAir:
    """A WebKit, and a stream that it can listen to."""

    browser: WebKit
    server: AudiocastServer
    stream: Started


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    folder = tmp_path_factory.mktemp("webkit")
    with AudiocastServer(folder / "server.log", SOURCE_GRACE_SECONDS=GRACE_SECONDS) as server:
        stream = server.start_stream()
        with (
            EncoderProcess(stream.keyed_url, tone_hz=TONE_HZ, log=folder / "ffmpeg.log"),
            webkit(folder, microphone_hz=MICROPHONE_HZ) as browser,
        ):
            server.wait_for_state(stream.stream_id, "live")
            yield OnAir(browser, server, stream)


def listen(on_air: OnAir, query: str = "") -> WebKit:
    """Open the listener's page and click until the tone is heard."""
    browser = on_air.browser
    browser.go_to(on_air.stream.listen_url + query)
    browser.run(AUDIO_PROBE)
    browser.click("#listen-button")
    wait_for_tone(browser)
    return browser


@pytest.mark.parametrize(
    ("query", "method"), {"": "webcodecs", "?player=wasm": "wasm", "?player=audio": "audio"}.items()
)
def test_the_listeners_page_plays_by_each_of_its_ways(on_air: OnAir, query: str, method: str) -> None:
    browser = listen(on_air, query)
    since = time.time()
    time.sleep(SECONDS)
    silent_ms = sum(gap.lasts_ms for gap in recording_of(browser).gaps_within(since, time.time()))
    print(f"{method}: {silent_ms:.0f} ms of silence in {SECONDS} s")
    assert browser.evaluate(METHOD) == method
    assert browser.evaluate("document.body.dataset.player") == "playing"
    assert silent_ms <= STARVED_MS


def test_a_tab_that_slept_has_its_connection_still(on_air: OnAir) -> None:
    browser = listen(on_air)
    joins = on_air.server.metric("audiocast_listener_joins_total")
    with browser.asleep():
        time.sleep(SLEEP_SECONDS)
    browser.wait_for("document.body.dataset.player === 'playing'")
    wait_for_tone(browser)
    assert on_air.server.metric("audiocast_listener_joins_total") == joins


def test_a_plain_element_goes_on_with_the_clock_and_tells_of_nothing(on_air: OnAir) -> None:
    browser = on_air.browser
    browser.go_to("about:blank")
    browser.clicked(PLAY % json.dumps(on_air.stream.stream_url))
    # Who joins a stream that has just begun gets little at first.
    browser.wait_for(f"{CLOCK} > 1")
    browser.run("window.seen = []")
    clock, began = browser.evaluate(CLOCK), time.monotonic()
    time.sleep(SECONDS)
    played, lasted = browser.evaluate(CLOCK) - clock, time.monotonic() - began
    assert browser.evaluate("window.seen") == []
    assert played == pytest.approx(lasted, abs=STARVED_MS / 1000)


def test_hls_plays_by_a_library_and_is_not_offered_by_the_page(on_air: OnAir, tmp_path: Path) -> None:
    browser = on_air.browser
    browser.go_to(f"{on_air.stream.listen_url}?player=hls")
    # The element of this port says that it plays none, and tells the truth.
    browser.wait_for("document.getElementById('listen-button').disabled")
    scripts = [npm_file("hls.js/dist/hls.min.js"), Path(__file__).parents[1] / "hls" / "play.js"]
    for script in scripts:
        shutil.copy(script, tmp_path)
    tags = "".join(f'<script src="{script.name}"></script>' for script in scripts)
    (tmp_path / "play.html").write_text(f"<!DOCTYPE html><body>{tags}</body>")
    with serving_folder(tmp_path) as base:
        browser.go_to(f"{base}/play.html")
        browser.run(AUDIO_PROBE)
        url = f"{on_air.stream.stream_url}/hls/index.m3u8"
        # Of parts it would play each when the next one is there, with a stall before it.
        browser.clicked(f"window.play({json.dumps(url)}, {{ lowLatencyMode: false }})")
        browser.wait_for("window.audioProbe.firstSoundAt", 30)
        began_at = browser.evaluate("window.audio.currentTime")
        # It finds its place in the list first.
        browser.wait_for(f"window.audio.currentTime > {began_at} + 2")
        clock, began = browser.evaluate("window.audio.currentTime"), time.monotonic()
        time.sleep(SECONDS)
        played = browser.evaluate("window.audio.currentTime") - clock
        assert played == pytest.approx(time.monotonic() - began, abs=STARVED_MS / 1000)
        browser.go_to("about:blank")


def test_its_microphone_is_heard(on_air: OnAir) -> None:
    browser, server = on_air.browser, on_air.server
    browser.go_to(f"{server.base}/broadcast")
    browser.click("#use-microphone")
    # The engine itself gives silence for some seconds after the microphone is there.
    browser.wait_for(f"{LEVEL_DB} > -10")
    browser.click("#go-live")
    browser.wait_for("document.getElementById('monitor').dataset.stream === 'live'")
    stream_id = browser.evaluate("document.getElementById('listen-link').value").rpartition("/")[2]
    with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
        listener.wait_for_audio(2.0)
        browser.click("#end")
        browser.click("#end-yes")
        capture = listener.wait_for_end()
    capture.check_one_stream()
    samples = decoded(listener.body)
    assert time_share(samples[SAMPLE_RATE : 2 * SAMPLE_RATE], MICROPHONE_HZ) > MOST_OF_THE_TIME


def test_a_broadcast_is_come_back_to_after_a_reload_and_by_its_control_page(on_air: OnAir) -> None:
    browser, server = on_air.browser, on_air.server
    live, link = "document.getElementById('monitor').dataset.stream === 'live'", "#listen-link"
    browser.go_to(f"{server.base}/broadcast")
    browser.click("#use-microphone")
    browser.wait_for("document.getElementById('level-words').textContent")
    browser.click("#go-live")
    browser.wait_for(live)
    address = browser.evaluate(f"document.querySelector('{link}').value")
    stream_id = address.rpartition("/")[2]
    with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
        listener.wait_for_audio(1.0)
        browser.reload()
        browser.wait_for("document.getElementById('resume-note')?.textContent")
        browser.click("#use-microphone")
        browser.wait_for("document.getElementById('level-words').textContent")
        browser.click("#go-live")
        browser.wait_for(live)
        assert browser.evaluate(f"document.querySelector('{link}').value") == address
        browser.go_to(server.base)
        browser.click("#own-list a")
        browser.wait_for("document.getElementById('control-link')?.value")
        control = browser.evaluate("document.getElementById('control-link').value")
        # As on another device, which knows nothing but this address.
        browser.evaluate("localStorage.clear()")
        browser.go_to("about:blank")
        browser.go_to(control)
        browser.wait_for(f"document.querySelector('{link}')?.value === {json.dumps(address)}")
        browser.click("#go-live")
        browser.wait_for("document.getElementById('resume-note')?.textContent")
        browser.click("#use-microphone")
        browser.wait_for("document.getElementById('level-words').textContent")
        browser.click("#go-live")
        browser.wait_for(live)
        assert browser.evaluate(f"document.querySelector('{link}').value") == address
        browser.click("#end")
        browser.click("#end-yes")
        capture = listener.wait_for_end()
    capture.check_one_stream()
