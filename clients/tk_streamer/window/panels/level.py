"""How loud the sound is, and how much of it has been sent: the meter, mute, the clip mark, the figures."""

import math
import tkinter
from collections.abc import Callable, Iterator
from tkinter import ttk

from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.captions import Captions
from tk_streamer.window.meter import RED, LevelMeter
from tk_streamer.window.presentation import is_clipping
from tk_streamer.window.theme import Theme
from tk_streamer.window.words import Words, duration

# Below the noise of 16 bits.
SILENT_DBFS = -100.0

_FIGURES = ("figures.sent", "figures.dropped", "figures.listeners", "figures.filled")


class LevelPanel(ttk.Frame):
    """Shows the level and the figures of a status.

    Args:
        parent: The widget around this one.
        theme: Colours and scale.
        captions: Phrases of the window.
        on_mute: Called when the user wants to be muted, or to be heard again.
    """

    def __init__(
        self, parent: tkinter.Misc, theme: Theme, captions: Captions, on_mute: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._theme = theme
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, sticky="w")
        self._mute = ttk.Button(self, command=on_mute)
        self._mute.grid(row=0, column=1, sticky="w", padx=(theme.px(12), 0))
        self._mute_phrase = ""
        self._peak = ttk.Label(self, anchor="e", width=9)
        self._peak.grid(row=0, column=2, sticky="e")
        # Wide enough for both languages, so that nothing moves when the mark is shown.
        self._clip = tkinter.Label(self, width=11, background=theme.background, foreground=theme.background)
        self._clip.grid(row=0, column=3, sticky="e", padx=(theme.px(8), theme.px(10)))
        self._meter = LevelMeter(self, theme)
        self._meter.grid(row=1, column=0, columnspan=4, sticky="ew", pady=(theme.px(6), theme.px(4)))
        figures = ttk.Frame(self)
        figures.grid(row=2, column=0, columnspan=4, sticky="ew")
        self._values = []
        for index, key in enumerate(_FIGURES):
            row, column = divmod(index, 2)
            figure = ttk.Frame(figures)
            figure.grid(row=row, column=column, sticky="ew", padx=(theme.px(16 * column), 0))
            name = ttk.Label(figure, style="Quiet.TLabel")
            name.grid(row=0, column=0, sticky="w")
            captions.set_phrase(name, key)
            value = ttk.Label(figure, anchor="e")
            value.grid(row=0, column=1, sticky="e")
            figure.columnconfigure(1, weight=1)
            self._values.append(value)
        for column in (0, 1):
            figures.columnconfigure(column, weight=1, uniform="figures")
        self.columnconfigure(1, weight=1)
        captions.on_language(self._label_mute)
        captions.set_phrase(heading, "level.section")
        captions.set_phrase(self._clip, "level.clip")
        self._shown: list[str] = []
        self._is_clip_lit = False

    def show(self, status: BroadcastStatus, now_seconds: float) -> None:
        """Show a status; only what has changed is drawn.

        Args:
            status: Status of the broadcast.
            now_seconds: Seconds of `time.time`.
        """
        is_over = status.phase.is_over
        rms_dbfs = -math.inf if is_over else status.rms_dbfs
        peak_dbfs = -math.inf if is_over else status.peak_dbfs
        self._meter.show(rms_dbfs, peak_dbfs)
        self._mute.state(["disabled" if is_over or status.phase is Phase.STOPPING else "!disabled"])
        phrase = "level.unmute" if status.is_muted and not is_over else "level.mute"
        if phrase != self._mute_phrase:
            self._mute_phrase = phrase
            self._label_mute()
        self._light_clip(not is_over and is_clipping(status, now_seconds))
        shown = [_level(peak_dbfs, self._captions.words), *_figures(status, self._captions.words)]
        if shown != self._shown:
            self._shown = shown
            for label, text in zip([self._peak, *self._values], shown, strict=True):
                label.configure(text=text)

    def _label_mute(self) -> None:
        if self._mute_phrase:
            self._mute.configure(text=self._captions.words.phrase(self._mute_phrase))

    def _light_clip(self, is_lit: bool) -> None:
        if is_lit != self._is_clip_lit:
            self._is_clip_lit = is_lit
            colour = RED if is_lit else self._theme.background
            self._clip.configure(background=colour, foreground="#ffffff" if is_lit else colour)


def _level(peak_dbfs: float, words: Words) -> str:
    if peak_dbfs < SILENT_DBFS:
        return words.phrase("level.silence")
    # The typographic minus is as wide as a digit, so that the number does not move.
    return words.phrase("level.value", peak=words.number(peak_dbfs, 1).replace("-", "−"))


def _figures(status: BroadcastStatus, words: Words) -> Iterator[str]:
    """Yield the figures in the order of `_FIGURES`."""
    yield words.phrase(
        "figures.sent.value", size=words.size(status.bytes_sent), duration=duration(status.seconds_sent)
    )
    yield words.seconds(status.dropped_seconds)
    yield _listeners(status, words)
    yield words.seconds(status.filled_seconds)


def _listeners(status: BroadcastStatus, words: Words) -> str:
    if status.listeners is None:
        return words.phrase("figures.unknown")
    if not status.listener_peak:
        return str(status.listeners)
    return words.phrase("figures.listeners.value", count=status.listeners, peak=status.listener_peak)
