"""How loud the sound is, before and while it is on air: gain, figures, marks, and the meter."""

import math
import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.audio.limiter import MAX_GAIN_DB, MIN_GAIN_DB
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.captions import Captions
from tk_streamer.window.meter import RED, LevelMeter
from tk_streamer.window.presentation import is_clipping, loudness_word
from tk_streamer.window.theme import QUIET, Theme
from tk_streamer.window.words import Words

# Below the noise of 16 bits.
SILENT_DBFS = -100.0
# The limiter may touch a peak now and then; that it works is said from here on.
LIMITED_DB = 1.0
GAIN_STEP_DB = 0.5


class LevelPanel(ttk.Frame):
    """Shows the level of a status, and lets the user change it.

    Args:
        parent: The widget around this one.
        theme: Colours and scale.
        captions: Phrases of the window.
        gain_db: The first gain.
        on_gain: Called with each new gain.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        gain_db: float,
        *,
        on_gain: Callable[[float], None],
    ) -> None:
        super().__init__(parent)
        self._captions, self._theme, self._on_gain = captions, theme, on_gain
        self.gain_db = gain_db
        gain_label = ttk.Label(self)
        gain_label.grid(row=0, column=0, sticky="w")
        self._gain = ttk.Scale(
            self,
            from_=MIN_GAIN_DB,
            to=MAX_GAIN_DB,
            value=gain_db,
            command=self._on_scale,
            length=theme.px(160),
        )
        self._gain.grid(row=0, column=1, sticky="w", padx=(theme.px(10), theme.px(8)))
        # Fixed widths, wide enough for both languages, so that nothing moves while something else changes.
        self._gain_value = ttk.Label(self, width=8)
        self._gain_value.grid(row=0, column=2, sticky="w")
        self._mark = tkinter.Label(self, width=17, background=theme.background, foreground=theme.background)
        self._mark.grid(row=0, column=3, sticky="w")
        self._loudness = ttk.Label(self, anchor="e", width=44)
        self._loudness.grid(row=0, column=4, sticky="e")
        self._peak = ttk.Label(self, anchor="e", width=13)
        self._peak.grid(row=0, column=5, sticky="e", padx=(0, theme.px(10)))
        self._meter = LevelMeter(self, theme)
        self._meter.grid(row=1, column=0, columnspan=6, sticky="ew", pady=(theme.px(4), 0))
        self.columnconfigure(4, weight=1)
        captions.on_language(self._relabel)
        captions.set_phrase(gain_label, "level.gain")
        self._shown: tuple[str, ...] = ()
        self._shown_mark = ("", "")
        self._relabel()

    def show(self, status: BroadcastStatus, now_seconds: float) -> None:
        """Show a status; only what has changed is drawn.

        Args:
            status: Status of the broadcast; without one, of the preview.
            now_seconds: Seconds of `time.time`.
        """
        level, words = status.level, self._captions.words
        self._meter.show(level.rms_dbfs, level.peak_dbfs)
        if is_clipping(status, now_seconds):
            self._show_mark(words.phrase("level.clip"), RED)
        elif level.limited_db >= LIMITED_DB:
            self._show_mark(words.phrase("level.limited", number=round(level.limited_db)), QUIET)
        else:
            self._show_mark("", self._theme.background)
        shown = (
            words.phrase(
                "level.loudness",
                momentary=_figure(level.momentary_lufs, words),
                short_term=_figure(level.short_term_lufs, words),
                word=words.phrase(loudness_word(level.short_term_lufs)),
            ),
            words.phrase("level.value", peak=_figure(level.peak_dbfs, words)),
        )
        if shown != self._shown:
            self._shown = shown
            self._loudness.configure(text=shown[0])
            self._peak.configure(text=shown[1])

    def _on_scale(self, text: str) -> None:
        gain_db = round(float(text) / GAIN_STEP_DB) * GAIN_STEP_DB
        if gain_db != self.gain_db:
            self.gain_db = gain_db
            self._relabel()
            self._on_gain(gain_db)

    def _relabel(self) -> None:
        words = self._captions.words
        sign = "+" if self.gain_db > 0 else ""
        self._gain_value.configure(
            text=words.phrase("level.gain.value", gain=f"{sign}{_figure(self.gain_db, words)}")
        )

    def _show_mark(self, text: str, colour: str) -> None:
        if (text, colour) != self._shown_mark:
            self._shown_mark = text, colour
            self._mark.configure(text=text, background=colour, foreground="#ffffff" if text else colour)


def _figure(decibels: float, words: Words) -> str:
    if decibels < SILENT_DBFS or math.isinf(decibels):
        return "−∞"
    # The typographic minus is as wide as a digit, so that the number does not move.
    return words.number(decibels, 1).replace("-", "−")
