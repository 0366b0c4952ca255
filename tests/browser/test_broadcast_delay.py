"""How long it takes from the microphone of the broadcaster's page to a listener, and to the loudspeaker."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.broadcaster import browser_with_microphone, go_live, opened, wait_for
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.live_page import AUDIO_PROBE, METHOD, OUTPUT_MS
from tests.client.sound import SAMPLE_RATE
from tests.programs.heard import decoded
from tests.support.audio.capture import HEADER_PAGES
from tests.support.audio.media import wav_file
from tests.support.audio.numbered_audio import PACKET_SECONDS
from tests.support.clock.machine_waits import MachineWaits
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

BURSTS = 5
BURST_HZ = 1000
BURST_SECONDS = 0.1
BURST_EVERY_SECONDS = 1.0
# The first ones are heard while the listener's page still finds its length of buffer.
SETTLED_BURSTS = 3

# Of 32,768; between the bursts there is silence.
LOUD = 3000

MOST_DELAY_SECONDS = 0.4
# When a burst has left the microphone, as the page's own encoder sees it: unix milliseconds.
WATCH_MICROPHONE = """
  window.onsets = [];
  let before = -Infinity;
  const encode = AudioEncoder.prototype.encode;
  AudioEncoder.prototype.encode = function (data) {
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex: 0 });
    const at = samples.findIndex((sample) => Math.abs(sample) > 0.1);
    const now = performance.timeOrigin + performance.now();
    if (at >= 0) {
      if (now - before > 300) {
        window.onsets.push(now - ((samples.length - at) * 1000) / data.sampleRate);
      }
      before = now;
    }
    encode.call(this, data);
  };
"""


def test_from_microphone_to_listener_in_less_than_400_ms(tmp_path: Path) -> None:
    with on_air(tmp_path) as (server, _, page, stream_id):
        # What was heard before does not count: its listener was not there.
        page.evaluate("window.onsets.length = 0")
        path = f"/stream/{stream_id}?preroll=0&latency=low"
        with Listener(server.port, path) as listener, machine_waits() as waits:
            wait_for(page, f"window.onsets.length > {BURSTS}", seconds=4 * BURSTS * BURST_EVERY_SECONDS)
            listener.wait_for_audio(listener.capture().seconds + 1)
        left = left_microphone(page)
    came = arrivals_of_bursts(listener)
    check("listener", [(each, min(at for at in came if at > each - 0.05)) for each in left[1:BURSTS]], waits)


def test_from_microphone_to_the_ear_in_another_browser_in_less_than_400_ms(tmp_path: Path) -> None:
    with on_air(tmp_path) as (server, browser, page, stream_id):
        other = browser.browser_type.launch(executable_path=CHROMIUM, args=FLAGS)
        listener = other.new_page()
        listener.add_init_script(AUDIO_PROBE)
        listener.goto(f"{server.base}/listen/{stream_id}")
        listener.click("#listen-button")
        with machine_waits() as waits:
            wait_for(listener, f"window.audioProbe.clicks.length >= {SETTLED_BURSTS + BURSTS}", seconds=60)
        tones = listener.evaluate("window.audioProbe.clicks")[SETTLED_BURSTS:]
        output_seconds = listener.evaluate(OUTPUT_MS) / 1000
        left = left_microphone(page)
        method = listener.evaluate(METHOD)
        other.close()
    assert method == "webcodecs"
    assert [each["hz"] for each in tones] == [pytest.approx(BURST_HZ, rel=0.1)] * len(tones)
    heard = [each["at"] / 1000 + output_seconds for each in tones]
    # The last bursts that were heard; the page may have sent another one since.
    check("loudspeaker", [(max(each for each in left if each < at), at) for at in heard], waits)


@contextmanager
def on_air(folder: Path) -> Iterator[tuple[AudiocastServer, Browser, Page, str]]:
    """Broadcast bursts from a page; give the server, the browser, the page, and the stream's id."""
    with (
        AudiocastServer(folder / "server.log") as server,
        browser_with_microphone(bursts(folder)) as browser,
        opened(browser, server.base, script=WATCH_MICROPHONE) as page,
    ):
        yield server, browser, page, go_live(page)


def left_microphone(page: Page) -> list[float]:
    """Return when each burst so far has left it, unix seconds."""
    return [at / 1000 for at in page.evaluate("window.onsets")]


def machine_waits() -> MachineWaits:
    """Watch browsers and server, with all their threads, by how much the machine delays them."""
    return MachineWaits(with_programs=True, every_seconds=0.1)


def check(where: str, ways: list[tuple[float, float]], waits: MachineWaits) -> None:
    """Hold the median against what is promised.

    Args:
        where: The end of the way, for people.
        ways: When each burst left, and when it came; unix seconds.
        waits: What the machine has let browsers and server wait on the way is not theirs.
    """
    offset = time.monotonic() - time.time()
    delays = [came - left for left, came in ways]
    own = [came - left - waits.seconds(left + offset, came + offset) for left, came in ways]
    median, own_median = statistics.median(delays), statistics.median(own)
    print(f"\nmicrophone to {where}: median {median * 1000:.0f} ms, longest {max(delays) * 1000:.0f} ms")
    print(f"without what the machine let wait: median {own_median * 1000:.0f} ms")
    assert own_median < MOST_DELAY_SECONDS


def bursts(folder: Path) -> Path:
    """Make a microphone that hears a short tone each second."""
    tone = wav_file(folder, seconds=BURST_SECONDS, tone_hz=BURST_HZ).read_bytes()
    quiet = wav_file(folder, seconds=BURST_EVERY_SECONDS - BURST_SECONDS, tone_hz=0).read_bytes()
    header_bytes = tone.index(b"data") + 8
    samples = tone[header_bytes:] + quiet[quiet.index(b"data") + 8 :]
    path = folder / "bursts.wav"
    sizes = [(len(samples) + header_bytes - 8).to_bytes(4, "little"), len(samples).to_bytes(4, "little")]
    path.write_bytes(tone[:4] + sizes[0] + tone[8 : header_bytes - 4] + sizes[1] + samples)
    return path


def arrivals_of_bursts(listener: Listener) -> list[float]:
    """Return when the packet came that each burst begins in, unix seconds."""
    offset = time.time() - time.monotonic()
    head_bytes = listener.size_bytes - len(listener.body)
    sizes = [len(page.encode()) for page in listener.capture().pages]
    ends = [head_bytes + end for end in accumulate(sizes)][HEADER_PAGES:]
    samples = decoded(listener.body)
    came = []
    before = -SAMPLE_RATE
    for at, sample in enumerate(samples):
        if abs(sample) > LOUD:
            if at - before > SAMPLE_RATE // 3:
                end = ends[round(at / SAMPLE_RATE / PACKET_SECONDS - 0.5)]
                came.append(offset + next(when for when, size in listener.arrivals if size >= end))
            before = at
    return came
