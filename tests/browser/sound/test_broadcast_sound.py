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
from tests.client.judge import judge
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
LISTENED_SECONDS = 8
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
    studio: Studio, server: AudiocastServer, programme: str, tmp_path: Path
) -> None:
    studio.hear(programme)
    with opened(studio.browser, server.base) as page:
        stream_id = go_live(page)
        page.locator("#gain").fill(str(GAIN_DB))
        with Listener(server.port, f"/stream/{stream_id}") as listener:
            expect(page.locator("#limiter-words")).to_contain_text("The limiter takes", timeout=NEWS_MS)
            expect(page.locator("#level.clipping")).to_be_visible()
            shown = []
            while listener.capture().seconds < LISTENED_SECONDS:
                shown.append(float(page.locator("#loudness").get_attribute("aria-valuenow") or "nan"))
                time.sleep(0.2)
            integrated = whole_show(page)
            end(page)
            listener.wait_for_end()
    heard = tmp_path / "heard.opus"
    heard.write_bytes(listener.body)
    judged = judge(heard)
    loudest = max(judged.short_term_lufs)
    print(f"\n{programme}: page {max(shown)} and {integrated} LUFS,", end=" ")
    print(f"judge {loudest} and {judged.integrated_lufs} LUFS, {judged.true_peak_dbtp} dBTP")
    assert judged.true_peak_dbtp <= MOST_DBTP
    assert max(shown) == pytest.approx(loudest, abs=CLOSE_LU)
    assert integrated == pytest.approx(judged.integrated_lufs, abs=CLOSE_LU)


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
        loudness = page.get_by_role("meter", name="Loudness")
        expect(loudness).to_have_attribute(
            "aria-valuetext", re.compile(r"^(Good|Too loud), −\d"), timeout=NEWS_MS
        )
        expect(page.get_by_role("meter", name="Level")).to_have_attribute(
            "aria-valuenow", re.compile(r"^-?\d")
        )
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


def silent_windows(samples: "array[int]") -> list[float]:
    """Return where the sound stops for 50 ms, in seconds."""
    starts = range(SAMPLE_RATE // 2, len(samples) - SILENT_WINDOW, SILENT_WINDOW)
    return [at / SAMPLE_RATE for at in starts if max(map(abs, samples[at : at + SILENT_WINDOW])) < SILENCE]
