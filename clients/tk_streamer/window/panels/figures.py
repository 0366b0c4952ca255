"""How much of the sound has been sent, what of it has not, and who listens."""

import tkinter
from collections.abc import Iterator
from tkinter import ttk

from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme
from tk_streamer.window.words import Words, duration

_FIGURES = ("figures.sent", "figures.dropped", "figures.listeners", "figures.filled")


class FiguresPanel(ttk.Frame):
    """Shows the figures of a status.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
    """

    def __init__(self, parent: tkinter.Misc, theme: Theme, captions: Captions) -> None:
        super().__init__(parent)
        self._captions = captions
        self._values = []
        self._shown: list[str] = []
        for index, key in enumerate(_FIGURES):
            row, column = divmod(index, 2)
            figure = ttk.Frame(self)
            figure.grid(row=row, column=column, sticky="ew", padx=(theme.px(16 * column), 0))
            name = ttk.Label(figure, style="Quiet.TLabel")
            name.grid(row=0, column=0, sticky="w")
            captions.set_phrase(name, key)
            value = ttk.Label(figure, anchor="e")
            value.grid(row=0, column=1, sticky="e")
            figure.columnconfigure(1, weight=1)
            self._values.append(value)
        for column in (0, 1):
            self.columnconfigure(column, weight=1)

    def show(self, status: BroadcastStatus) -> None:
        """Show a status; only what has changed is drawn."""
        shown = list(_figures(status, self._captions.words))
        if shown != self._shown:
            self._shown = shown
            for label, text in zip(self._values, shown, strict=True):
                label.configure(text=text)


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
