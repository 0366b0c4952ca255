"""The part of the form about the server: address, token, and the stream's title."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme

# Shown for each character of the token; every font has a bullet.
TOKEN_MASK = "•"
SENT_MS = 1_500


class ServerPanel(ttk.Frame):
    """Three fields and two check boxes.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first values of the fields.
        token: The first value of the token's field.
        on_rename: Called with the title that is to be shown to listeners now.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        token: str,
        on_rename: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._on_rename = on_rename
        self._captions = captions
        self.url = tkinter.StringVar(self, preferences.server_url)
        self.token = tkinter.StringVar(self, token)
        self.title = tkinter.StringVar(self, preferences.title)
        self.remembers_token = tkinter.BooleanVar(self, preferences.remembers_token)
        self.is_public = tkinter.BooleanVar(self, preferences.is_public)
        self._is_token_shown = False
        gap = theme.px(8)

        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=3, sticky="w")
        url = ttk.Entry(self, textvariable=self.url, width=34)
        url.grid(row=1, column=1, columnspan=2, sticky="ew", pady=(gap, 0))
        self._token_entry = ttk.Entry(self, textvariable=self.token, show=TOKEN_MASK)
        self._token_entry.grid(row=2, column=1, sticky="ew", pady=(gap, 0))
        self._reveal = ttk.Button(self, command=self._toggle_token, width=9)
        self._reveal.grid(row=2, column=2, sticky="e", padx=(gap, 0), pady=(gap, 0))
        remember = ttk.Checkbutton(self, variable=self.remembers_token)
        remember.grid(row=3, column=1, columnspan=2, sticky="w", pady=(theme.px(4), 0))
        title = ttk.Entry(self, textvariable=self.title)
        title.grid(row=4, column=1, sticky="ew", pady=(gap, 0))
        title.bind("<Return>", self._on_enter)
        title.bind("<KP_Enter>", self._on_enter)
        self._rename = ttk.Button(self, command=self._send_title)
        self._rename.grid(row=4, column=2, sticky="ew", padx=(gap, 0), pady=(gap, 0))
        public = ttk.Checkbutton(self, variable=self.is_public)
        public.grid(row=5, column=1, columnspan=2, sticky="w", pady=(theme.px(4), 0))
        for row, key in ((1, "server.url"), (2, "server.token"), (4, "broadcast.title")):
            label = ttk.Label(self)
            label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
            captions.set_phrase(label, key)
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "server.section")
        captions.set_phrase(remember, "server.token.remember")
        captions.set_phrase(public, "broadcast.public")
        captions.on_language(self._label_reveal)
        captions.on_language(self._label_rename)
        self._label_reveal()
        self._label_rename()
        self._fields = (url, self._token_entry, public)
        self._first = url

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable the fields; the title, the token's box and the Show button stay enabled.

        While they are disabled a broadcast runs, and its title can be changed.
        """
        for field in self._fields:
            field.state(["!disabled" if enabled else "disabled"])
        self._rename.state(["disabled" if enabled else "!disabled"])

    def focus_first(self) -> None:
        """Set the focus to the address."""
        self._first.focus_set()
        self._first.icursor("end")

    def _send_title(self) -> None:
        self._on_rename(self.title.get().strip())
        self._rename.configure(text=self._captions.words.phrase("playing.sent"))
        self.after(SENT_MS, self._label_rename)

    def _on_enter(self, _event: "tkinter.Event[tkinter.Misc]") -> str | None:
        if self._rename.instate(["disabled"]):
            # Enter starts a broadcast, as in the other fields.
            return None
        self._send_title()
        return "break"

    def _label_rename(self) -> None:
        self._rename.configure(text=self._captions.words.phrase("broadcast.rename"))

    def _toggle_token(self) -> None:
        self._is_token_shown = not self._is_token_shown
        self._token_entry.configure(show="" if self._is_token_shown else TOKEN_MASK)
        self._label_reveal()

    def _label_reveal(self) -> None:
        key = "server.token.hide" if self._is_token_shown else "server.token.show"
        self._reveal.configure(text=self._captions.words.phrase(key))
