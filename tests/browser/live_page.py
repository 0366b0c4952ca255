"""The listener's page with its own decoder: what the tests of Chromium and Firefox both do with it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.browser.click_source import ProbeRecording
from tests.browser.conftest import OTHER_HOST
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

AUDIO_PROBE = (Path(__file__).parent / "audio_probe.js").read_text()

TONE_HZ = 440
# The analyser's bins are 12 Hz wide, or 23.
PEAK_TOLERANCE_HZ = 30

# Longer than nothing comes from a connection that lives.
SLEEP_SECONDS = 4.0

AWAKE_SECONDS = 1.0
# What a starved machine keeps too.
START_MOST_MS = 3_000

BROKEN_DECODERS = {
    "throws": "AudioDecoder.prototype.decode = () => { throw new Error('broken by the test'); };",
    "is silent": "AudioDecoder.prototype.decode = () => {};",
    "refuses": "AudioDecoder.isConfigSupported = async () => ({supported: false});",
    "is not there": "delete globalThis.AudioDecoder;",
}

BROKEN_WASM = {
    "throws": "globalThis.Worker = class { constructor() { throw new Error('broken by the test'); } };",
    "never answers": """
        const wait = setTimeout;
        globalThis.setTimeout = (run, ms) => wait(run, ms === 10_000 ? 1_000 : ms);
        Worker.prototype.postMessage = () => {};
    """,
    "is not there": "delete globalThis.WebAssembly;",
}

BROKEN_WORKLET = "AudioWorklet.prototype.addModule = async () => { throw new Error('broken by the test'); };"

# How much later than the probe the loudspeaker has a page's sound, as the browser reports it.
#
# Firefox hangs at times when it is asked (audio_output.js): ask one that nothing depends on.
OUTPUT_MS = """new Promise((answer) => {
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: 48_000 });
    const silence = new GainNode(context, { gain: 0 });
    silence.connect(context.destination);
    const tone = new OscillatorNode(context);
    tone.connect(silence);
    tone.start();
    setTimeout(() => { answer(1000 * context.outputLatency); context.close(); }, 2000);
})"""

PEAK_HZ = "Number(document.getElementById('spectrum').dataset.peakHz || 0)"
METHOD = "document.getElementById('details').dataset.method"


class Tab(Protocol):
    """A page in a browser."""

    def go_to(self, url: str) -> None:
        """Open a URL and wait until it is loaded."""

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""

    def wait_for(self, expression: str, seconds: float = 20.0) -> None:
        """Wait until an expression is true."""

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""

    def asleep(self) -> AbstractContextManager[None]:
        """Stop the page's processes, and with them its audio, while the `with` block runs."""


def recording_of(tab: Tab) -> ProbeRecording:
    """Return the record of the page's probe."""
    return ProbeRecording.of(tab.evaluate("window.audioProbe"))


def wait_for_tone(tab: Tab, hz: float = TONE_HZ, seconds: float = 20.0) -> None:
    """Wait until the page's spectrum has its peak there."""
    tab.wait_for(f"Math.abs({PEAK_HZ} - {hz}) <= {PEAK_TOLERANCE_HZ}", seconds)


@contextmanager
def clicked(
    tab: Tab, server: AudiocastServer, folder: Path, *, query: str = "", host: str = "127.0.0.1"
) -> Iterator[Started]:
    """Put a tone on air for as long as the `with` block runs, and click to listen to it."""
    started = server.start_stream()
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=folder / "ffmpeg.log"):
        server.wait_for_state(started.stream_id, "live")
        tab.go_to(started.listen_url.replace("127.0.0.1", host) + query)
        tab.click("#listen-button")
        yield started


def check_start(tab: Tab, server: AudiocastServer, folder: Path) -> None:
    """Click while a tone is on air, and wait for it."""
    with clicked(tab, server, folder):
        tab.wait_for("window.audioProbe.firstSoundAt")
        wait_for_tone(tab)
    start_ms = tab.evaluate("window.audioProbe.firstSoundAt - window.audioProbe.pressedAt")
    print(f"first sound {start_ms:.0f} ms after the click")
    assert start_ms <= START_MOST_MS


def check_plays(
    tab: Tab, server: AudiocastServer, folder: Path, *, query: str, method: str, host: str = "127.0.0.1"
) -> None:
    """Click once; the tone is heard, by the expected method."""
    with clicked(tab, server, folder, query=query, host=host):
        wait_for_tone(tab)
        assert tab.evaluate(METHOD) == method
        assert tab.evaluate("document.body.dataset.player") == "playing"


def check_plain_http(tab: Tab, server: AudiocastServer, folder: Path) -> None:
    """Listen over plain HTTP from another host: browsers have no decoder and no audio thread there."""
    check_plays(tab, server, folder, query="", method="wasm", host=OTHER_HOST)
    assert tab.evaluate("isSecureContext") is False
    assert tab.evaluate("['AudioDecoder' in window, 'audioWorklet' in AudioContext.prototype]") == [False] * 2


def check_source_returns(tab: Tab, server: AudiocastServer, folder: Path) -> None:
    """Lose the source for a while: it plays on with the tone of the next, by the same connection."""
    with clicked(tab, server, folder) as started:
        wait_for_tone(tab)
        joins = server.metric("audiocast_listener_joins_total")
    server.wait_for_state(started.stream_id, "held")
    log = folder / "ffmpeg.log"
    with EncoderProcess(started.keyed_url, tone_hz=2 * TONE_HZ, log=log, channels=1):
        wait_for_tone(tab, 2 * TONE_HZ)
        assert tab.evaluate(METHOD) == "webcodecs"
        assert server.metric("audiocast_listener_joins_total") == joins


def check_sleep(tab: Tab, server: AudiocastServer, folder: Path) -> None:
    """Let the tab sleep: awake again it reads what has come meanwhile, and does not connect anew."""
    with clicked(tab, server, folder):
        wait_for_tone(tab)
        joins = server.metric("audiocast_listener_joins_total")
        with tab.asleep():
            time.sleep(SLEEP_SECONDS)
        time.sleep(AWAKE_SECONDS)
        wait_for_tone(tab)
        assert server.metric("audiocast_listener_joins_total") == joins
