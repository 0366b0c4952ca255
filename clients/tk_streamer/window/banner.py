"""The state line: the largest thing in the window, in colour, in words and with a mark."""

import tkinter

from tk_streamer.window.presentation import Sight
from tk_streamer.window.theme import Look

# So many lines of detail have room: the window must not change its size while one aims at a button.
DETAIL_LINES = 2


class Banner(tkinter.Frame):
    """Shows a `Sight`. It is made of Tk's own labels: native ttk themes do not let a label have a colour."""

    def __init__(self, parent: tkinter.Misc, look: Look) -> None:
        super().__init__(parent)
        self._shown: Sight | None = None
        self._look = look
        self._mark = tkinter.Label(self, font="Mark", width=2, anchor="center")
        self._mark.grid(row=0, column=0, rowspan=2, padx=(look.px(8), look.px(4)))
        self._headline = tkinter.Label(self, font="Headline", anchor="w")
        self._headline.grid(row=0, column=1, sticky="ew", pady=(look.px(10), 0))
        # One character wide by itself, as wide as the window by its place: a long text must not widen it.
        self._detail = tkinter.Label(self, anchor="nw", justify="left", width=1, height=DETAIL_LINES)
        self._detail.grid(row=1, column=1, sticky="ew", pady=(0, look.px(8)), padx=(0, look.px(12)))
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", self._wrap)

    def show(self, sight: Sight) -> None:
        """Show a state; the same again costs nothing."""
        if sight == self._shown:
            return
        self._shown = sight
        paint = sight.tone.value
        self.configure(background=paint.background)
        for label, text in (
            (self._mark, paint.mark),
            (self._headline, sight.headline),
            (self._detail, sight.detail),
        ):
            label.configure(text=text, background=paint.background, foreground=paint.ink)

    def _wrap(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        """Break the detail into lines where the frame ends."""
        left_px = self._mark.winfo_reqwidth() + self._look.px(30)
        self._detail.configure(wraplength=max(1, event.width - left_px))
