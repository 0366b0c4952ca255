"""The state line: the largest thing in the window, in colour, in words and with a mark."""

import tkinter

from tk_streamer.window.presentation import StateView
from tk_streamer.window.theme import Theme

# The lines of detail that have room: the window must not change its size while the user aims at a button.
DETAIL_LINES = 2


class Banner(tkinter.Frame):
    """Shows a `StateView`, with Tk's own labels: native ttk themes do not let a label have a colour."""

    def __init__(self, parent: tkinter.Misc, theme: Theme) -> None:
        super().__init__(parent)
        self._shown: StateView | None = None
        self._theme = theme
        self._mark = tkinter.Label(self, font="Mark", width=2, anchor="center")
        self._mark.grid(
            row=0, column=0, rowspan=2, sticky="n", padx=(theme.px(8), theme.px(4)), pady=(theme.px(6), 0)
        )
        self._headline = tkinter.Label(self, font="Headline", anchor="w")
        self._headline.grid(row=0, column=1, sticky="ew", pady=(theme.px(6), 0))
        # The label asks for one character and is stretched to the window, so that a long text does not widen
        # it.
        self._detail = tkinter.Label(self, anchor="nw", justify="left", width=1, height=DETAIL_LINES)
        self._detail.grid(row=1, column=1, sticky="ew", pady=(0, theme.px(4)), padx=(0, theme.px(12)))
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", self._wrap)

    def show(self, view: StateView) -> None:
        """Show a state. Returns at once if it is shown already."""
        if view == self._shown:
            return
        self._shown = view
        colours = view.style.value
        self.configure(background=colours.background)
        for label, text in (
            (self._mark, colours.mark),
            (self._headline, view.headline),
            (self._detail, view.detail),
        ):
            label.configure(text=text, background=colours.background, foreground=colours.ink)

    def _wrap(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        """Wrap the detail at the width of the frame."""
        left_px = self._mark.winfo_reqwidth() + self._theme.px(30)
        self._detail.configure(wraplength=max(1, event.width - left_px))
