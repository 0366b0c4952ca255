"""On air: what listeners read, how much was sent, who listens, and the link for them."""

import tkinter
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.captions import Captions
from tk_streamer.window.panels.audience import AudiencePanel
from tk_streamer.window.panels.figures import FiguresPanel
from tk_streamer.window.panels.link import LinkPanel
from tk_streamer.window.panels.playing import PlayingPanel
from tk_streamer.window.theme import Theme, stack


class Air(ttk.Frame):
    """Four panels.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        title: The title of the show.
        on_rename: See `PlayingPanel`.
        on_play: See `PlayingPanel`.
        on_save: See `LinkPanel`.
        on_open: See `LinkPanel`.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        title: tkinter.StringVar,
        *,
        on_rename: Callable[[str], None],
        on_play: Callable[[str, str], None],
        on_save: Callable[[str, Path], None],
        on_open: Callable[[Callable[[], object]], None],
    ) -> None:
        super().__init__(parent)
        left = ttk.Frame(self)
        left.grid(row=0, column=0, sticky="new")
        self._playing = PlayingPanel(left, theme, captions, title, on_rename=on_rename, on_play=on_play)
        self._figures = FiguresPanel(left, theme, captions)
        self._audience = AudiencePanel(left, theme, captions)
        stack(left, (self._playing, self._figures, self._audience), theme.px(18))
        self.link = LinkPanel(self, theme, captions, on_save=on_save, on_open=on_open)
        self.link.grid(row=0, column=1, sticky="new", padx=(theme.px(24), 0))
        for column in (0, 1):
            self.columnconfigure(column, weight=1, uniform="half")

    def show(self, status: BroadcastStatus) -> None:
        """Show a status; only what has changed is drawn."""
        is_over = status.phase.is_over
        self.link.show(None if is_over else status.credentials)
        self._playing.set_enabled(status.credentials is not None and not is_over)
        self._figures.show(status)
        self._audience.show(status)
