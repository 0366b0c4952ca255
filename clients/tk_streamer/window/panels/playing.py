"""What is playing, for the listeners' page: artist, title, and the button that sends both."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme

SENT_MS = 1_500


class PlayingPanel(ttk.Frame):
    """Two fields; Enter in one of them sends both.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        on_play: Called with title and artist.
    """

    def __init__(
        self, parent: tkinter.Misc, theme: Theme, captions: Captions, on_play: Callable[[str, str], None]
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._on_play = on_play
        self._artist = tkinter.StringVar(self)
        self._title = tkinter.StringVar(self)
        gap = theme.px(8)
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=2, sticky="w")
        captions.set_phrase(heading, "playing.section")
        for column, (key, variable) in enumerate(
            (("playing.artist", self._artist), ("playing.title", self._title))
        ):
            label = ttk.Label(self)
            label.grid(row=1, column=column, sticky="w", padx=(gap * column, 0), pady=(gap, 0))
            captions.set_phrase(label, key)
            entry = ttk.Entry(self, textvariable=variable)
            entry.grid(row=2, column=column, sticky="ew", padx=(gap * column, 0))
            entry.bind("<Return>", self._on_enter)
            entry.bind("<KP_Enter>", self._on_enter)
        self._send = ttk.Button(self, command=self._play)
        # The button is beside the heading; Tab reaches it after the fields, in the order of creation.
        self._send.grid(row=0, column=1, sticky="e")
        captions.on_language(self._label_send)
        self._label_send()
        for column in (0, 1):
            self.columnconfigure(column, weight=1, uniform="fields")
        self.set_enabled(False)

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable the button; the fields are always enabled."""
        self._send.state(["!disabled" if enabled else "disabled"])

    def _play(self) -> None:
        """Send the fields; empty ones clear what is playing."""
        if self._send.instate(["!disabled"]):
            self._on_play(self._title.get().strip(), self._artist.get().strip())
            self._send.configure(text=self._captions.words.phrase("playing.sent"))
            self.after(SENT_MS, self._label_send)

    def _on_enter(self, _event: "tkinter.Event[tkinter.Misc]") -> str:
        self._play()
        # Otherwise Enter would start a broadcast, as it does in the other fields of the window.
        return "break"

    def _label_send(self) -> None:
        self._send.configure(text=self._captions.words.phrase("playing.send"))
