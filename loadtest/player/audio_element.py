"""Chromium's `<audio>` on a stream: how far it is behind the source, and how often it has to wait."""

import shutil
import time
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
SAMPLE_SECONDS = 0.5

_PLAY = """urls => {
    window.players = urls.map(url => {
        const player = Object.assign(new Audio(url), {waits: 0, startedAt: null});
        player.addEventListener('playing', () => { player.startedAt ??= Date.now(); });
        player.addEventListener('waiting', () => { player.waits += player.startedAt ? 1 : 0; });
        player.play();
        return player;
    });
}"""
_READ = """() => window.players.map(player => ({
    now: Date.now(), time: player.currentTime, startedAt: player.startedAt, waits: player.waits,
}))"""


@dataclass(frozen=True)
class Heard:
    """What one `<audio>` did.

    Attributes:
        start_seconds: From `play()` to the first sound.
        lag_seconds: Median over the second half: how old the sound is that plays.
        waits: How often it ran dry after it had begun.
        stalled_seconds: How long it stood still in all after it had begun.
    """

    start_seconds: float
    lag_seconds: float
    waits: int
    stalled_seconds: float


def browser_path() -> str:
    """Give Chromium's path.

    Raises:
        FileNotFoundError: It is not installed.
    """
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError(
            "expected chromium on the PATH; install it (Debian: apt-get install chromium)"
        )
    return path


def listen(page: Page, urls: list[str], first_sample_at: float, seconds: float) -> list[Heard]:
    """Play streams side by side for so long.

    Args:
        page: An empty one.
        urls: One `<audio>` each.
        first_sample_at: When the source made its first sample (`time.time`). Chromium's `currentTime` counts
            from that sample, wherever it has joined.
        seconds: How long.
    """
    asked_at = time.time()
    page.evaluate(_PLAY, urls)
    samples = []
    while time.time() < asked_at + seconds:
        page.wait_for_timeout(SAMPLE_SECONDS * 1000)
        samples.append(page.evaluate(_READ))
    page.evaluate("() => window.players.forEach(player => { player.src = ''; })")
    return [
        _sum_up([each[number] for each in samples], asked_at, first_sample_at) for number in range(len(urls))
    ]


def _sum_up(samples: list[dict[str, float]], asked_at: float, first_sample_at: float) -> Heard:
    playing = [sample for sample in samples if sample["startedAt"] and sample["time"] > 0]
    if not playing:
        raise RuntimeError("expected <audio> to play, it never did")
    first, last = playing[0], playing[-1]
    late = playing[len(playing) // 2 :]
    return Heard(
        start_seconds=first["startedAt"] / 1000 - asked_at,
        lag_seconds=median(sample["now"] / 1000 - first_sample_at - sample["time"] for sample in late),
        waits=int(last["waits"]),
        stalled_seconds=(last["now"] - first["now"]) / 1000 - (last["time"] - first["time"]),
    )
