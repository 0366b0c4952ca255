"""The part of the form about the show: what listeners read of it, and who finds it."""

import tkinter
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.choice import Choice
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme


class ShowPanel(ttk.Frame):
    """Three fields and a list.

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
        gap = theme.px(3)
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
        who = ttk.Label(self)
        who.grid(row=4, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
        captions.set_phrase(who, "broadcast.who")
        self.visibility: Choice[str] = Choice(
            self,
            values=("", "public", "private"),
            value="private" if preferences.is_private else "public" if preferences.is_public else "",
            label=lambda value: captions.words.phrase(f"broadcast.who.{value or 'link'}"),
            width=20,
        )
        self.visibility.grid(row=4, column=1, sticky="ew", pady=(gap, 0))
        captions.on_language(self.visibility.relabel)
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "broadcast.section")
        self._first = entries[0]

    def focus_first(self) -> None:
        """Set the focus to the title."""
        self._first.focus_set()
        self._first.icursor("end")
