"""What people see of a broadcast: a snapshot of the station becomes a tone, a mark and words. Pure; no Tk.

The one rule: words, mark and colour say "on air" for `Phase.ON_AIR` and for nothing else.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tk_streamer.engine.session import Phase
from tk_streamer.engine.station import Snapshot
from tk_streamer.window.words import Words, duration, time_of_day

# How long the clip mark stays: long enough to be seen by someone who looks at the other screen.
CLIP_MARK_SECONDS = 3.0


class _Paint(NamedTuple):
    mark: str
    background: str
    ink: str


class Tone(Enum):
    """How a state looks: a mark that differs in shape, and two colours with a contrast of 4.5:1 or better."""

    OFF = _Paint("■", "#e0d9cd", "#221e19")
    CONNECTING = _Paint("…", "#f3dfae", "#221e19")
    ON_AIR = _Paint("●", "#b5400f", "#fffdfa")
    SILENT = _Paint("○", "#7a4a00", "#fffdfa")
    AWAY = _Paint("↻", "#f0b94d", "#221e19")
    FAILED = _Paint("×", "#221e19", "#fffdfa")


_WINDOW_TITLES: Mapping[Tone, str] = {
    Tone.OFF: "window.off_air",
    Tone.CONNECTING: "window.connecting",
    Tone.ON_AIR: "window.on_air",
    Tone.SILENT: "window.silent",
    Tone.AWAY: "window.reconnecting",
    Tone.FAILED: "window.off_air",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What the state line shows.

    Attributes:
        tone: Mark and colours.
        headline: The state, in a few words.
        detail: Since when, or why, and what to do.
        window_title: For the title bar and the task bar, with the mark.
    """

    tone: Tone
    headline: str
    detail: str
    window_title: str


def sight_of(snapshot: Snapshot, words: Words, now_seconds: float) -> Sight:
    """Say how a broadcast stands.

    Args:
        snapshot: Of the station.
        words: The language.
        now_seconds: `time.time`.
    """
    tone, headline, detail = _state(snapshot, words, now_seconds)
    window_title = f"{tone.value.mark} {words.say(_WINDOW_TITLES[tone])}"
    return Sight(tone, headline, detail, window_title)


def clips(snapshot: Snapshot, now_seconds: float) -> bool:
    """Tell if the clip mark is to be lit."""
    return snapshot.clipped_at is not None and now_seconds - snapshot.clipped_at < CLIP_MARK_SECONDS


def _state(snapshot: Snapshot, words: Words, now_seconds: float) -> tuple[Tone, str, str]:
    trouble = words.trouble(snapshot.trouble) if snapshot.trouble else ""
    match snapshot.phase:
        case Phase.STOPPED:
            return Tone.OFF, words.say("state.stopped"), words.say("state.stopped.detail")
        case Phase.STOPPING:
            return Tone.OFF, words.say("state.stopping"), words.say("state.stopping.detail")
        case Phase.FAILED:
            return Tone.FAILED, words.say("state.failed"), trouble
        case Phase.CONNECTING:
            return (
                Tone.CONNECTING,
                _connecting(snapshot, words),
                trouble or words.say("state.connecting.detail"),
            )
        case Phase.RECONNECTING:
            why = trouble or words.say("state.reconnecting.unknown")
            detail = words.say("state.reconnecting.detail", why=why)
            return Tone.AWAY, _reconnecting(snapshot, words), detail
        case Phase.ON_AIR:
            since_seconds = snapshot.on_air_since if snapshot.on_air_since is not None else now_seconds
            since = words.say(
                "state.on_air.detail",
                time=time_of_day(since_seconds),
                duration=duration(max(0.0, now_seconds - since_seconds)),
            )
            detail = f"{trouble} {since}" if trouble else since
            if snapshot.input_lost:
                return Tone.SILENT, words.say("state.silent"), detail
            return Tone.ON_AIR, words.say("state.on_air"), detail


def _connecting(snapshot: Snapshot, words: Words) -> str:
    if snapshot.retry_in_seconds:
        return words.say("state.connecting.retry", seconds=math.ceil(snapshot.retry_in_seconds))
    return words.say("state.connecting")


def _reconnecting(snapshot: Snapshot, words: Words) -> str:
    if snapshot.retry_in_seconds:
        return words.say("state.reconnecting", seconds=math.ceil(snapshot.retry_in_seconds))
    return words.say("state.reconnecting.now")
