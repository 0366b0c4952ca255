"""Firefox as a listener: on the listener's page, in a plain `<audio>`, and through a source that is lost.

Firefox goes silent for ever, without an event, when an Ogg stream begins anew inside a response. So what it
plays is recorded at its sound card: clocks and events alone would not tell.
"""

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby

import pytest
import requests

from tests.client.sound import SAMPLE_RATE
from tests.programs.firefox import Firefox, Page
from tests.programs.heard import check_steady, decoded, tone_runs
from tests.programs.sound_card import SoundCard
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

SECONDS = 20.0
TONE_HZ = 440
BACK_HZ = 880
# The page's analyser has bins 12 Hz wide, the sound card's rate may be another.
PEAK_TOLERANCE_HZ = 30

BACKLOG_SECONDS = 4.0
HOLD_SECONDS = 2.0
# For Firefox to come to the sound of the new source: it is about 4 s behind.
BACK_SECONDS = 8.0

STEP_SECONDS = 0.5
CLOCK_SECONDS = 2.0
UNDERRUN_SECONDS = 0.5
# A busy machine may make the sound card run dry for moments; a window is 50 ms.
SPOILED_WINDOWS = 40

EVENTS = ("waiting", "stalled", "error", "ended", "emptied", "pause")

PLAY = """((url) => {
    const audio = document.createElement("audio");
    audio.id = "audio";
    audio.src = url;
    document.body.append(audio);
    return audio.play().then(() => "plays", String);
})"""
WATCH = """((events) => {
    const audio = document.getElementById("audio");
    window.seen = [];
    for (const name of events)
        audio.addEventListener(name, () => window.seen.push(`${name} at ${audio.currentTime}`));
    return audio.currentTime;
})"""
CLOCK = "document.getElementById('audio').currentTime"


@dataclass
class Listening:
    """One page while it listens.

    Attributes:
        page: The page; it has an element `audio`.
        clock: How far the element's clock has come while the test watched it, and how long that was; seconds.
        seen: Events that tell of trouble, while the test watched it.
        peaks_hz: What the page's spectrum said was loudest, one after another.
    """

    page: Page
    clock: tuple[float, float] = (0.0, 0.0)
    seen: list[str] = field(default_factory=list)
    peaks_hz: list[float] = field(default_factory=list)
    _began: tuple[float, float] = (0.0, 0.0)

    def watch(self) -> None:
        """Wait until it plays; from here on everything counts."""
        self.page.wait_for(f"{CLOCK} > 0.5")
        self._began = (self.page.evaluate(f"{WATCH}({json.dumps(EVENTS)})"), time.monotonic())

    def look(self) -> None:
        """Note how it is."""
        now, at = self.page.evaluate(CLOCK), time.monotonic()
        self.clock = (now - self._began[0], at - self._began[1])
        self.seen = self.page.evaluate("window.seen")
        peak = self.page.evaluate("document.getElementById('spectrum')?.dataset.peakHz")
        if peak:
            self.peaks_hz.append(float(peak))


@dataclass(frozen=True)
class Evening:
    """What became of four pages.

    Attributes:
        pages: The listener's page ("page") and a plain element ("audio") on a stream that goes on, and both
            on one whose source is lost and comes back ("page, spliced" and "audio, spliced").
        sounds: What the sound card played of the plain elements, as WAV.
        last_events: Events of the plain elements after the streams' ends.
    """

    pages: dict[str, Listening]
    sounds: dict[str, bytes]
    last_events: dict[str, list[str]]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    folder = tmp_path_factory.mktemp("firefox")
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log"))
        steady, spliced = server.start_stream(title="Steady"), server.start_stream(title="Spliced")
        stack.enter_context(EncoderProcess(steady.keyed_url, tone_hz=TONE_HZ, log=folder / "steady.log"))
        first = EncoderProcess(spliced.keyed_url, tone_hz=TONE_HZ, log=folder / "first.log")
        again = EncoderProcess(spliced.keyed_url, tone_hz=BACK_HZ, log=folder / "again.log", channels=1)
        stack.enter_context(first)
        began = max(server.wait_for_state(each.stream_id, "live")["started_at"] for each in (steady, spliced))
        card = stack.enter_context(SoundCard())
        firefox = stack.enter_context(Firefox(folder, env=card.environment))
        while time.time() < began + BACKLOG_SECONDS:
            time.sleep(0.1)
        pages = {}
        for name, started in {"audio": steady, "audio, spliced": spliced}.items():
            others = card.sounds()
            pages[name] = Listening(_plain_audio(firefox, started))
            pages[name].watch()
            (sound,) = card.sounds() - others
            stack.enter_context(card.recorded(sound, folder / f"{started.stream_id}.wav"))
        for name, started in {"page": steady, "page, spliced": spliced}.items():
            pages[name] = Listening(firefox.open(f"{started.listen_url}?player=audio"))
            pages[name].page.click("#listen-button")
            pages[name].watch()
        _listen(pages, SECONDS - HOLD_SECONDS - BACK_SECONDS)
        first.kill()
        server.wait_for_state(spliced.stream_id, "held")
        _listen(pages, HOLD_SECONDS)
        stack.enter_context(again)
        server.wait_for_state(spliced.stream_id, "live")
        _listen(pages, BACK_SECONDS)
        sounds = {
            name: (folder / f"{started.stream_id}.wav").read_bytes()
            for name, started in {"audio": steady, "audio, spliced": spliced}.items()
        }
        for started in (steady, spliced):
            url = f"{server.base}/api/streams/{started.stream_id}"
            requests.delete(url, params={"key": started.ingest_key}, timeout=10).raise_for_status()
        last_events: dict[str, list[str]] = {}
        for name in sounds:
            pages[name].page.wait_for("document.getElementById('audio').ended")
            last_events[name] = pages[name].page.evaluate("window.seen.map((event) => event.split(' ')[0])")
        return Evening(pages, sounds, last_events)


@pytest.mark.parametrize("name", ["page", "audio", "page, spliced", "audio, spliced"])
def test_the_clock_goes_on_for_twenty_seconds_without_an_event(evening: Evening, name: str) -> None:
    listening = evening.pages[name]
    played, elapsed = listening.clock
    assert listening.seen == []
    assert elapsed >= SECONDS
    assert played == pytest.approx(elapsed, abs=CLOCK_SECONDS)


def test_the_tone_is_heard_all_the_time(evening: Evening) -> None:
    samples = decoded(evening.sounds["audio"])
    assert len(samples) / SAMPLE_RATE >= SECONDS
    check_steady(samples, TONE_HZ, spoiled_windows=SPOILED_WINDOWS)
    assert evening.pages["page"].peaks_hz[-1] == pytest.approx(TONE_HZ, abs=PEAK_TOLERANCE_HZ)


def test_a_source_that_was_lost_is_heard_again(evening: Evening) -> None:
    samples = decoded(evening.sounds["audio, spliced"])
    runs = tone_runs(samples, (TONE_HZ, BACK_HZ), change_seconds=1.0)
    tones_hz = [tone_hz for tone_hz, seconds in runs if seconds > UNDERRUN_SECONDS]
    assert [tone_hz for tone_hz, _ in groupby(tones_hz)] == [TONE_HZ, 0, BACK_HZ], runs
    peaks_hz = evening.pages["page, spliced"].peaks_hz
    assert peaks_hz[0] == pytest.approx(TONE_HZ, abs=PEAK_TOLERANCE_HZ)
    assert peaks_hz[-1] == pytest.approx(BACK_HZ, abs=PEAK_TOLERANCE_HZ)


def test_the_end_of_a_stream_is_an_end_and_no_error(evening: Evening) -> None:
    # An element pauses itself at its end, before it says so.
    assert evening.last_events == {name: ["pause", "ended"] for name in evening.sounds}


def _plain_audio(firefox: Firefox, started: Started) -> Page:
    page = firefox.open("about:blank")
    assert page.evaluate(f"{PLAY}({json.dumps(started.stream_url)})") == "plays"
    return page


def _listen(pages: dict[str, Listening], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(STEP_SECONDS)
        for listening in pages.values():
            listening.look()
