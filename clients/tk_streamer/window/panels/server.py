"""The part of the settings about the server: its address, and the token."""

import tkinter
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme

# Shown for each character of the token; every font has a bullet.
TOKEN_MASK = "•"


class ServerPanel(ttk.Frame):
    """Two fields and a check box.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first values of the fields.
        token: The first value of the token's field.
    """

    def __init__(
        self, parent: tkinter.Misc, theme: Theme, captions: Captions, preferences: Preferences, token: str
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self.url = tkinter.StringVar(self, preferences.server_url)
        self.token = tkinter.StringVar(self, token)
        self.remembers_token = tkinter.BooleanVar(self, preferences.remembers_token)
        self._is_token_shown = False
        gap = theme.px(6)
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=3, sticky="w")
        self._url_entry = ttk.Entry(self, textvariable=self.url, width=22)
        self._url_entry.grid(row=1, column=1, columnspan=2, sticky="ew", pady=(gap, 0))
        self._token_entry = ttk.Entry(self, textvariable=self.token, show=TOKEN_MASK)
        self._token_entry.grid(row=2, column=1, sticky="ew", pady=(gap, 0))
        self._reveal = ttk.Button(self, command=self._toggle_token, width=9)
        self._reveal.grid(row=2, column=2, sticky="e", padx=(gap, 0), pady=(gap, 0))
        remember = ttk.Checkbutton(self, variable=self.remembers_token)
        remember.grid(row=3, column=1, columnspan=2, sticky="w", pady=(theme.px(4), 0))
        for row, key in ((1, "server.url"), (2, "server.token")):
            label = ttk.Label(self)
            label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
            captions.set_phrase(label, key)
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "server.section")
        captions.set_phrase(remember, "server.token.remember")
        captions.on_language(self._label_reveal)
        self._label_reveal()

    def focus_first(self) -> None:
        """Set the focus to the address."""
        self._url_entry.focus_set()
        self._url_entry.icursor("end")

    def _toggle_token(self) -> None:
        self._is_token_shown = not self._is_token_shown
        self._token_entry.configure(show="" if self._is_token_shown else TOKEN_MASK)
        self._label_reveal()

    def _label_reveal(self) -> None:
        key = "server.token.hide" if self._is_token_shown else "server.token.show"
        self._reveal.configure(text=self._captions.words.phrase(key))
