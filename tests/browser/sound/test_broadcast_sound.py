"""What listeners of the broadcaster's page hear: as loud as it says, never too loud, and without a break."""

import re
import subprocess
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.broadcaster import NEWS_MS, browser_with_microphone, end, go_live, opened
from tests.client.sound import SAMPLE_RATE
from tests.programs.heard import decoded
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

TEXT = """Good evening, and welcome to the programme. Tonight we read you the news of the town.
Then there is music. Peter Piper picked a peck of pickled peppers! What? Yes. Stay with us."""
# Drums, a bass and a chord, in the words of ffmpeg's aevalsrc.
MUSIC = """
0.5*sin(345*mod(t\\,.5)+30*exp(-30*mod(t\\,.5)))*exp(-12*mod(t\\,.5))
+0.3*(2*random(0)-1)*exp(-20*mod(t\\,.25))
+0.2*sin(2*PI*55*t)+0.1*sin(2*PI*220*t)+0.1*sin(2*PI*277.2*t)+0.1*sin(2*PI*329.6*t)
"""
MICROPHONE_SECONDS = 8
LISTENED_SECONDS = 10
GAIN_DB = 15
MOST_DBTP = -1.0
CLOSE_LU = 1.0

WIDTHS = (390, 1280)
SILENT_WINDOW = SAMPLE_RATE // 20
# Of 32,768: what an encoder makes of nothing is less.
SILENCE = 8
KEEP_CONSTRAINTS = """
  window.asked = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => {
    const { echoCancellation, noiseSuppression, autoGainControl } = constraints.audio;
    window.asked.push([echoCancellation, noiseSuppression, autoGainControl]);
    return open(constraints);
  };
"""


@dataclass(frozen=True)
class Studio:
    """A browser, and the file that its microphone hears: read anew when a page opens the microphone."""

    browser: Browser
    microphone: Path

    def hear(self, programme: str) -> None:
        """Give the microphone something to hear: "speech" or "music"."""
        if programme == "speech":
            voice = self.microphone.with_name("voice.wav")
            subprocess.run(["espeak-ng", "-s", "160", "-w", str(voice), TEXT], check=True, timeout=60)
            source = ["-i", str(voice)]
        else:
            source = ["-f", "lavfi", "-i", f"aevalsrc={MUSIC.strip().replace(chr(10), '')}:s=48000"]
        options = ["-t", str(MICROPHONE_SECONDS), "-ar", "48000", "-ac", "2", "-c:a", "pcm_s16le"]
        command = ["ffmpeg", "-v", "error", "-y", *source, *options, str(self.microphone)]
        subprocess.run(command, check=True, timeout=60)


@dataclass(frozen=True)
class Judgement:
    """What ffmpeg's filter ebur128 says of a stream: see tests/browser/sound/judge.js."""

    most_short_term: float
    integrated: float
    true_peak: float


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    microphone = tmp_path_factory.mktemp("microphone") / "microphone.wav"
    with browser_with_microphone(microphone) as browser:
        yield Studio(browser, microphone)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("sound") / "server.log") as server:
        yield server


@pytest.mark.parametrize("programme", ["speech", "music"])
def test_it_is_as_loud_as_the_page_says_and_never_above_1_dbtp(
    studio: Studio, server: AudiocastServer, programme: str
) -> None:
    studio.hear(programme)
    with opened(studio.browser, server.base) as page:
        stream_id = go_live(page)
        page.locator("#gain").fill(str(GAIN_DB))
        with Listener(server.port, f"/stream/{stream_id}") as listener:
            expect(page.locator("#limiter-words")).to_contain_text("The limiter takes", timeout=NEWS_MS)
            shown = []
            while listener.capture().seconds < LISTENED_SECONDS:
                shown.append(float(page.locator("#loudness").get_attribute("aria-valuenow") or "nan"))
                time.sleep(0.2)
            integrated = whole_show(page)
            end(page)
            listener.wait_for_end()
    judged = judge(listener.body)
    print(f"\n{programme}: page {max(shown)} and {integrated} LUFS, {judged}")
    assert judged.true_peak <= MOST_DBTP
    assert max(shown) == pytest.approx(judged.most_short_term, abs=CLOSE_LU)
    assert integrated == pytest.approx(judged.integrated, abs=CLOSE_LU)


def test_presets_change_on_air_without_a_break_and_are_kept(studio: Studio, server: AudiocastServer) -> None:
    studio.hear("music")
    with opened(studio.browser, server.base, script=KEEP_CONSTRAINTS) as page:
        stream_id = go_live(page)
        with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
            for name in ("Voice", "Music", "Voice"):
                listener.wait_for_audio(listener.capture().seconds + 1)
                page.get_by_text(name, exact=True).click()
                expect(page.get_by_role("radio", name=name)).to_be_checked()
            listener.wait_for_audio(listener.capture().seconds + 1)
            capture = listener.capture()
        assert page.evaluate("window.asked") == [[is_on] * 3 for is_on in (False, True, False, True)]
        expect(page.locator("#monitor[data-stream=live]")).to_be_visible()
        end(page)
        capture.check_one_stream()
        assert server.metric("audiocast_source_takeovers_total") == 0
        assert silent_windows(decoded(listener.body)) == []
        page.reload()
        page.locator("#use-microphone").click()
        expect(page.get_by_role("radio", name="Voice")).to_be_checked()
        assert page.evaluate("window.asked") == [[True] * 3]


def test_on_air_looks_on_air(studio: Studio, server: AudiocastServer) -> None:
    studio.hear("music")
    with opened(studio.browser, server.base) as page:
        expect(page.locator("#monitor")).to_be_hidden()
        expect(page.locator("h1")).to_have_text("Broadcast from this browser")
        go_live(page, "Evening")
        expect(page.locator("h1")).to_have_text("Evening")
        expect(page.locator("#air-clock")).to_have_text(re.compile(r"^0:00:0[1-9]$"), timeout=NEWS_MS)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 700})
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            bar = page.locator("#monitor").bounding_box()
            mute = page.locator("#monitor #mute").bounding_box()
            last = page.locator("#end").bounding_box()
            assert bar
            assert mute
            assert last
            assert (bar["x"], bar["y"], bar["width"]) == (0, 0, width)
            assert mute["y"] >= 0
            assert mute["y"] + mute["height"] <= bar["height"]
            assert last["y"] > bar["height"]
        buttons = page.locator("main button:visible")
        assert buttons.last.get_attribute("id") == "end"
        page.locator("#language-switch").click()
        expect(page.locator("#loudness-words")).to_have_text(re.compile("Хорошо|Слишком громко"))
        end(page)
        expect(page.locator("#air-clock")).to_be_hidden()
        expect(page.locator("#mute")).to_be_hidden()


def whole_show(page: Page) -> float:
    """Return the integrated loudness that the page shows."""
    text = page.locator("#loudness-numbers").inner_text().replace("−", "-")
    match = re.search(r"whole show (-?[\d.]+) LUFS", text)
    assert match, text
    return float(match[1])


def judge(stream: bytes) -> Judgement:
    """Measure a listener's stream."""
    measure = "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-"
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", "pipe:0", "-af", measure, "-f", "null", "-"]
    done = subprocess.run(command, input=stream, capture_output=True, timeout=60)
    short_term = [float(each) for each in re.findall(r"r128\.S=(\S+)", done.stdout.decode())]
    summary = done.stderr.decode(errors="replace").rpartition("Summary:")[2]
    integrated = re.search(r"I:\s+(\S+) LUFS", summary)
    true_peak = re.search(r"Peak:\s+(\S+) dBFS", summary)
    assert short_term
    assert integrated, summary
    assert true_peak, summary
    return Judgement(max(short_term), float(integrated[1]), float(true_peak[1]))


def silent_windows(samples: "array[int]") -> list[float]:
    """Return where the sound stops for 50 ms, in seconds."""
    starts = range(SAMPLE_RATE // 2, len(samples) - SILENT_WINDOW, SILENT_WINDOW)
    return [at / SAMPLE_RATE for at in starts if max(map(abs, samples[at : at + SILENT_WINDOW])) < SILENCE]
