"""What the user sees of a broadcast: its status becomes words, a mark and colours. Pure; no Tk.

Words, mark and colours mean "on air" for `Phase.ON_AIR` and for no other phase.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.words import Words, duration, time_of_day

# How long the clip mark stays: long enough to be seen by a user who looks at another screen.
CLIP_MARK_SECONDS = 3.0
SILENT_LUFS, QUIET_LUFS, LOUD_LUFS = -50.0, -24.0, -14.0


class _StateColours(NamedTuple):
    mark: str
    background: str
    ink: str


class StateStyle(Enum):
    """How a state looks: a mark of its own shape, and two colours with a contrast of at least 4.5:1."""

    OFF = _StateColours("■", "#e0d9cd", "#221e19")
    CONNECTING = _StateColours("…", "#f3dfae", "#221e19")
    ON_AIR = _StateColours("●", "#b5400f", "#fffdfa")
    SILENT = _StateColours("○", "#7a4a00", "#fffdfa")
    MUTED = _StateColours("◌", "#7a4a00", "#fffdfa")
    AWAY = _StateColours("↻", "#f0b94d", "#221e19")
    FAILED = _StateColours("×", "#221e19", "#fffdfa")


_WINDOW_TITLES: Mapping[StateStyle, str] = {
    StateStyle.OFF: "window.off_air",
    StateStyle.CONNECTING: "window.connecting",
    StateStyle.ON_AIR: "window.on_air",
    StateStyle.SILENT: "window.silent",
    StateStyle.MUTED: "window.muted",
    StateStyle.AWAY: "window.reconnecting",
    StateStyle.FAILED: "window.off_air",
}


@dataclass(frozen=True, slots=True)
class StateView:
    """What the state line shows.

    Attributes:
        style: Mark and colours.
        headline: The state, in a few words.
        detail: Since when, or why, and what to do.
        window_title: The state with its mark, for the title bar and the task bar.
    """

    style: StateStyle
    headline: str
    detail: str
    window_title: str


def state_view(status: BroadcastStatus, words: Words, now_seconds: float) -> StateView:
    """Return what the state line shows.

    Args:
        status: Status of the broadcast.
        words: Phrases in the language of the window.
        now_seconds: Seconds of `time.time`.
    """
    style, headline, detail = _state(status, words, now_seconds)
    window_title = f"{style.value.mark} {words.phrase(_WINDOW_TITLES[style])}"
    return StateView(style, headline, detail, window_title)


def is_clipping(status: BroadcastStatus, now_seconds: float) -> bool:
    """Return whether the clip mark is shown."""
    clipped_at = status.level.clipped_at
    return clipped_at is not None and now_seconds - clipped_at < CLIP_MARK_SECONDS


def loudness_word(short_term_lufs: float) -> str:
    """Return the phrase for how loud the last three seconds are, as the browser's page says it.

    A show as a whole is to be between -20 and -16 LUFS (EBU R 128 s2, for streaming); single sentences and
    passages may be 4 LU below and 2 LU above that.
    """
    if short_term_lufs < SILENT_LUFS:
        return "level.loudness.silent"
    if short_term_lufs < QUIET_LUFS:
        return "level.loudness.quiet"
    return "level.loudness.loud" if short_term_lufs > LOUD_LUFS else "level.loudness.good"


def _state(status: BroadcastStatus, words: Words, now_seconds: float) -> tuple[StateStyle, str, str]:
    trouble = words.trouble(status.trouble) if status.trouble else ""
    match status.phase:
        case Phase.STOPPED:
            return StateStyle.OFF, words.phrase("state.stopped"), _recap(status, words)
        case Phase.STOPPING:
            return StateStyle.OFF, words.phrase("state.stopping"), words.phrase("state.stopping.detail")
        case Phase.FAILED:
            return StateStyle.FAILED, words.phrase("state.failed"), trouble
        case Phase.CONNECTING:
            return (
                StateStyle.CONNECTING,
                _connecting(status, words),
                trouble or words.phrase("state.connecting.detail"),
            )
        case Phase.RECONNECTING:
            why = trouble or words.phrase("state.reconnecting.unknown")
            detail = words.phrase("state.reconnecting.detail", why=why)
            return StateStyle.AWAY, _reconnecting(status, words), detail
        case Phase.ON_AIR:
            since_seconds = status.on_air_since if status.on_air_since is not None else now_seconds
            since = words.phrase(
                "state.on_air.detail",
                time=time_of_day(since_seconds),
                duration=duration(max(0.0, now_seconds - since_seconds)),
            )
            detail = f"{trouble} {since}" if trouble else since
            if status.is_muted:
                return StateStyle.MUTED, words.phrase("state.muted"), detail
            if status.is_input_lost:
                return StateStyle.SILENT, words.phrase("state.silent"), detail
            return StateStyle.ON_AIR, words.phrase("state.on_air"), detail


def _recap(status: BroadcastStatus, words: Words) -> str:
    """Return what to do next, and how the broadcast was that has ended, if one was on the air."""
    next_step = words.phrase("state.stopped.detail")
    if status.aired_seconds is None:
        return next_step
    key = "state.recap" if status.listener_peak is None else "state.recap.listeners"
    was = words.phrase(key, duration=duration(status.aired_seconds), count=status.listener_peak or 0)
    return f"{was} {next_step}"


def _connecting(status: BroadcastStatus, words: Words) -> str:
    if status.retry_in_seconds:
        return words.phrase("state.connecting.retry", seconds=math.ceil(status.retry_in_seconds))
    return words.phrase("state.connecting")


def _reconnecting(status: BroadcastStatus, words: Words) -> str:
    if status.retry_in_seconds:
        return words.phrase("state.reconnecting", seconds=math.ceil(status.retry_in_seconds))
    return words.phrase("state.reconnecting.now")
