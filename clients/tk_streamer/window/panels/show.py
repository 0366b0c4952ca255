"""The part of the form about the show: what listeners read of it, and who finds it."""

import tkinter
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme


class ShowPanel(ttk.Frame):
    """Three fields and a check box.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first values of the fields.
        title: The title; the window shows it in another place while it is on air.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        title: tkinter.StringVar,
    ) -> None:
        super().__init__(parent)
        self.description = tkinter.StringVar(self, preferences.description)
        self.link = tkinter.StringVar(self, preferences.link)
        self.is_public = tkinter.BooleanVar(self, preferences.is_public)
        gap = theme.px(5)
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=2, sticky="w")
        rows = (
            ("broadcast.title", title),
            ("broadcast.description", self.description),
            ("broadcast.link", self.link),
        )
        entries = []
        for row, (key, variable) in enumerate(rows, start=1):
            label = ttk.Label(self)
            label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
            captions.set_phrase(label, key)
            entries.append(ttk.Entry(self, textvariable=variable, width=22))
            entries[-1].grid(row=row, column=1, sticky="ew", pady=(gap, 0))
        public = ttk.Checkbutton(self, variable=self.is_public)
        public.grid(row=4, column=1, sticky="w", pady=(theme.px(4), 0))
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "broadcast.section")
        captions.set_phrase(public, "broadcast.public")
        self._first = entries[0]

    def focus_first(self) -> None:
        """Set the focus to the title."""
        self._first.focus_set()
        self._first.icursor("end")
