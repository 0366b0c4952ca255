"""A minute of HLS in three players at the same time: hls.js in Chromium, ffmpeg and mpv. None may stall."""

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.click_source import FRAME_SECONDS, Gap, ProbeRecording, click_track, median_ms
from tests.browser.hls.pcm_process import SAMPLE_RATE, PcmProcess
from tests.browser.live_page import AUDIO_PROBE
from tests.programs.heard import check_steady
from tests.support.clock.machine_waits import MachineWaits
from tests.support.http.http_stand_in import serving_folder
from tests.support.http.source import PacedSource
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.npm import npm_file
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SECONDS = 60
START_SECONDS = 20.0
SETTLED_CLICKS = 5
TONE_HZ = 440
# At the begin a decoder finds its way.
EDGE_SAMPLES = SAMPLE_RATE

DELAY_MOST_MS = 2_500
# What a shared machine may take to wake a process; a segment that is missed costs two seconds.
STARVED_MOST_SECONDS = 1.5

# That hls.js and the element tell of such a pause: a stall and what follows. By itself there is none.
STARVED_MOST_EVENTS = 4

# How often is looked at all threads of the browser.
LOOK_SECONDS = 0.1
# As hls/play.js asks for.
CATCH_UP_SPEED = 1.05

DECODED = ["-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE)]
COMMANDS = {
    "ffmpeg": ["ffmpeg", "-v", "error", "-i", "URL", "-t", str(SECONDS), *DECODED, "-"],
    "mpv": [
        *("mpv", "--no-config", "--no-terminal", f"--length={SECONDS}", "--log-file=LOG"),
        *("--ao=pcm", "--ao-pcm-file=/dev/stdout", "--ao-pcm-waveheader=no"),
        *("--audio-format=s16", "--audio-channels=mono", f"--audio-samplerate={SAMPLE_RATE}", "URL"),
    ],
}


@dataclass(frozen=True)
class Minute:
    """What became of it.

    Attributes:
        processes: The players that are programs, which may still play.
        delays_ms: Of each click in the browser, from its making to the loudspeaker, less what is left of
            pauses in which the machine let the browser wait.
        missed_clicks: Those, at most, that went by in such pauses, or when the probe could not look.
        advanced_seconds: By how much the browser's element went on.
        lasted_seconds: In so much time.
        seen: What hls.js and the element have complained of.
    """

    processes: dict[str, PcmProcess]
    delays_ms: list[float]
    missed_clicks: int
    advanced_seconds: float
    lasted_seconds: float
    seen: list[str]


@pytest.fixture(scope="module")
def minute(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minute]:
    folder = tmp_path_factory.mktemp("hls")
    site = _site(tmp_path_factory.mktemp("site"))
    clicks = click_track(folder, seconds=SECONDS + 60)
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log"))
        tone, clicking = server.start_stream(), server.start_stream()
        stack.enter_context(EncoderProcess(tone.keyed_url, tone_hz=TONE_HZ, log=folder / "encoder.log"))
        source = stack.enter_context(PacedSource(clicking.keyed_url, clicks, lead_seconds=-FRAME_SECONDS))
        for started in (tone, clicking):
            server.wait_for_state(started.stream_id, "live")
        urls = [f"{server.base}/stream/{each.stream_id}/hls/index.m3u8" for each in (tone, clicking)]
        page = _page(browser, stack.enter_context(serving_folder(site)))
        page.wait_for_timeout(6_000)  # so that there is what any live playlist has
        processes = {
            name: stack.enter_context(PcmProcess(_command(name, urls[0], folder), log=folder / f"{name}.out"))
            for name in COMMANDS
        }
        waits = stack.enter_context(MachineWaits(with_programs=True, every_seconds=LOOK_SECONDS))
        page.evaluate("(url) => { window.audioProbe.pressedAt = Date.now(); window.play(url); }", urls[1])
        _wait_for_sound(page)
        page.evaluate("window.watch()")
        began = _clocks(page)
        page.wait_for_timeout(SECONDS * 1000)
        ended = _clocks(page)
        heard = ProbeRecording.of(page.evaluate("window.audioProbe"))
        pauses = [(gap.to_ms, let_wait_seconds(gap, waits)) for gap in heard.gaps]
        delays = heard.delays_ms(source.began_at, since=source.began_at, until=time.time())
        yield Minute(
            processes,
            [
                delay - behind_ms(at_ms, pauses)
                for delay, (_, at_ms) in zip(delays, heard.clicks, strict=True)
            ],
            math.ceil(
                sum(seconds for _, seconds in pauses) + sum(each.lasts_ms for each in heard.missed) / 1000
            ),
            ended[0] - began[0],
            ended[1] - began[1],
            page.evaluate("window.seen"),
        )
        page.close()


def test_the_browser_goes_on_with_the_clock_and_complains_of_nothing(minute: Minute) -> None:
    assert len(minute.seen) <= STARVED_MOST_EVENTS, minute.seen
    assert minute.advanced_seconds == pytest.approx(minute.lasted_seconds, abs=STARVED_MOST_SECONDS)


def test_the_browser_hears_every_tick_soon_after_it_was_made(minute: Minute) -> None:
    delays = minute.delays_ms[SETTLED_CLICKS:]
    print(f"{len(delays)} clicks, {median_ms(delays):.0f} ms; {min(delays):.0f} to {max(delays):.0f}")
    assert len(delays) + minute.missed_clicks >= SECONDS - SETTLED_CLICKS - STARVED_MOST_SECONDS
    assert median_ms(delays) <= DELAY_MOST_MS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_program_gets_all_sound_in_time(minute: Minute, name: str) -> None:
    process = minute.processes[name]
    samples = process.wait(START_SECONDS)
    print(f"{name}: {len(samples) / SAMPLE_RATE:.1f} s, {process.starved_seconds:.3f} s late at the worst")
    assert len(samples) / SAMPLE_RATE == pytest.approx(SECONDS, abs=0.2)
    check_steady(samples[EDGE_SAMPLES:-EDGE_SAMPLES], TONE_HZ)
    assert process.starved_seconds <= STARVED_MOST_SECONDS


def let_wait_seconds(gap: Gap, waits: MachineWaits) -> float:
    """Return how long, in silence, the machine let somebody wait who has to do with the sound."""
    offset = time.monotonic() - time.time()
    return waits.seconds(gap.from_ms / 1000 + offset, gap.to_ms / 1000 + offset)


def behind_ms(at_ms: float, pauses: list[tuple[float, float]]) -> float:
    """Return how far behind the machine's pauses have left the player, which catches up slowly."""
    behind = now = 0.0
    for end_ms, seconds in [*(pause for pause in pauses if pause[0] <= at_ms), (at_ms, 0.0)]:
        behind = max(0.0, behind - (end_ms - now) * (CATCH_UP_SPEED - 1)) + seconds * 1000
        now = end_ms
    return behind


def _command(name: str, url: str, folder: Path) -> list[str]:
    there = {"URL": url, "LOG": str(folder / f"{name}.log")}
    command = []
    for word in COMMANDS[name]:
        for placeholder, value in there.items():
            word = word.replace(placeholder, value)
        command.append(word)
    return command


def _site(folder: Path) -> Path:
    scripts = [npm_file("hls.js/dist/hls.min.js"), Path(__file__).parent / "hls" / "play.js"]
    for script in scripts:
        shutil.copy(script, folder)
    tags = [f'<script src="{script.name}"></script>' for script in scripts]
    (folder / "play.html").write_text("<!DOCTYPE html>" + "".join(tags))
    return folder


def _page(browser: Browser, base: str) -> Page:
    page = browser.new_page()
    page.add_init_script(AUDIO_PROBE)
    page.goto(f"{base}/play.html")
    return page


def _wait_for_sound(page: Page) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not page.evaluate("window.audioProbe.firstSoundAt"):
        assert time.monotonic() < deadline, f"no sound in {START_SECONDS} s: {page.evaluate('window.seen')}"
        page.wait_for_timeout(100)


def _clocks(page: Page) -> tuple[float, float]:
    element, clock = page.evaluate("[window.audio.currentTime, performance.now() / 1000]")
    return element, clock
