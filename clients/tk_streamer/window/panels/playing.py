"""What is playing now, for the listeners' page: artist, title, and the button that sends them."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme

SENT_MS = 1_500


class PlayingPanel(ttk.Frame):
    """Two fields; Enter in one of them sends both.

    Args:
        parent: Widget that it is in.
        theme: Scale.
        captions: Its words.
        on_play: Gets title and artist.
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
        # Drawn beside the heading; Tab comes to it after the fields, in the order of making.
        self._send.grid(row=0, column=1, sticky="e")
        captions.on_language(self._label_send)
        self._label_send()
        for column in (0, 1):
            self.columnconfigure(column, weight=1, uniform="fields")
        self.set_enabled(False)

    def set_enabled(self, enabled: bool) -> None:
        """Let it be sent, or not. The fields can be filled in at any time."""
        self._send.state(["!disabled" if enabled else "disabled"])

    def _play(self) -> None:
        """Send what the fields say; empty fields take it away."""
        if self._send.instate(["!disabled"]):
            self._on_play(self._title.get().strip(), self._artist.get().strip())
            self._send.configure(text=self._captions.words.phrase("playing.sent"))
            self.after(SENT_MS, self._label_send)

    def _on_enter(self, _event: "tkinter.Event[tkinter.Misc]") -> str:
        self._play()
        # Enter in the other fields of the window starts the broadcast.
        return "break"

    def _label_send(self) -> None:
        self._send.configure(text=self._captions.words.phrase("playing.send"))
