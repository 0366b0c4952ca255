"""What listeners read while it goes on: the title of the show, and what is playing."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme

SENT_MS = 1_500


class PlayingPanel(ttk.Frame):
    """Three fields and two buttons; Enter in a field presses the button of it.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        show_title: The title of the show.
        on_rename: Called with the title that is to be shown to listeners now.
        on_play: Called with title and artist of what is playing; two empty ones clear it.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        show_title: tkinter.StringVar,
        *,
        on_rename: Callable[[str], None],
        on_play: Callable[[str, str], None],
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._artist = tkinter.StringVar(self)
        self._title = tkinter.StringVar(self)
        gap = theme.px(8)
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=3, sticky="w")
        captions.set_phrase(heading, "playing.section")
        self._rename = _Sender(
            self, captions, "broadcast.rename", lambda: on_rename(show_title.get().strip())
        )
        self._play = _Sender(
            self,
            captions,
            "playing.send",
            lambda: on_play(self._title.get().strip(), self._artist.get().strip()),
        )
        rows = (
            ("broadcast.title", show_title, self._rename),
            ("playing.artist", self._artist, self._play),
            ("playing.title", self._title, self._play),
        )
        entries = []
        for row, (key, variable, sender) in enumerate(rows, start=1):
            label = ttk.Label(self)
            label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
            captions.set_phrase(label, key)
            entry = ttk.Entry(self, textvariable=variable, width=16)
            entry.grid(row=row, column=1, sticky="ew", pady=(gap, 0))
            entry.bind("<Return>", sender.on_enter)
            entry.bind("<KP_Enter>", sender.on_enter)
            entries.append(entry)
        for row, sender in ((1, self._rename), (3, self._play)):
            sender.button.grid(row=row, column=2, sticky="ew", padx=(gap, 0), pady=(gap, 0))
            # Tab goes by the order of the stack: to a button after its last field.
            sender.button.lift(entries[row - 1])
        self.columnconfigure(1, weight=1)
        self.set_enabled(False)

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable the buttons; the fields are always enabled."""
        for sender in (self._rename, self._play):
            sender.button.state(["!disabled" if enabled else "disabled"])


class _Sender:
    """A button that says for a moment that it has sent."""

    def __init__(self, panel: ttk.Frame, captions: Captions, key: str, send: Callable[[], None]) -> None:
        self._captions, self._key, self._send = captions, key, send
        self.button = ttk.Button(panel, command=self._press)
        captions.on_language(self._label)
        self._label()

    def on_enter(self, _event: "tkinter.Event[tkinter.Misc]") -> str:
        """Press the button, unless it is disabled."""
        if self.button.instate(["!disabled"]):
            self._press()
        # Otherwise Enter would do what it does in the other fields of the window.
        return "break"

    def _press(self) -> None:
        self._send()
        self.button.configure(text=self._captions.words.phrase("playing.sent"))
        self.button.after(SENT_MS, self._label)

    def _label(self) -> None:
        self.button.configure(text=self._captions.words.phrase(self._key))
