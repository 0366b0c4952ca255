"""Who has listened in the last day: a curve, and the hours that all listened together."""

import tkinter
from tkinter import ttk

from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.server.streams import AudienceCurve
from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import EDGE, LINE, Theme

HEIGHT = 46

# A show that has just begun is not drawn over the whole width, and one listener does not fill the height.
LEAST_MINUTES = 30
LEAST_TOP = 4.0


class AudiencePanel(ttk.Frame):
    """Draws the curve of a status.

    Args:
        parent: The widget around this one.
        theme: Colours and scale.
        captions: Phrases of the window.
    """

    def __init__(self, parent: tkinter.Misc, theme: Theme, captions: Captions) -> None:
        super().__init__(parent)
        self._captions = captions
        self._shown: tuple[AudienceCurve, str] | None = None
        name = ttk.Label(self, style="Quiet.TLabel")
        name.grid(row=0, column=0, sticky="w")
        captions.set_phrase(name, "audience.curve")
        self._hours = ttk.Label(self, anchor="e")
        self._hours.grid(row=0, column=1, sticky="e")
        self._canvas = tkinter.Canvas(
            self,
            height=theme.px(HEIGHT),
            width=theme.px(200),
            background=theme.background,
            highlightthickness=0,
            borderwidth=0,
        )
        self._canvas.grid(row=1, column=0, columnspan=2, sticky="ew")
        self._base = self._canvas.create_line(0, 0, 0, 0, fill=LINE)
        # Not in the accent colour: a large area of it means "on air" and nothing else.
        self._area = self._canvas.create_polygon(0, 0, 0, 0, fill=EDGE, outline=EDGE)
        self._canvas.bind("<Configure>", lambda _event: self._draw())
        self.columnconfigure(1, weight=1)

    def show(self, status: BroadcastStatus) -> None:
        """Show a status; only what has changed is drawn."""
        words = self._captions.words
        hours = words.phrase("audience.hours", hours=words.number(status.audience.listening_hours, 1))
        if self._shown != (status.audience, hours):
            self._shown = (status.audience, hours)
            self._hours.configure(text=hours)
            self._draw()

    def _draw(self) -> None:
        width_px, height_px = self._canvas.winfo_width(), self._canvas.winfo_height()
        self._canvas.coords(self._base, 0, height_px - 1, width_px, height_px - 1)
        curve = self._shown[0] if self._shown is not None else AudienceCurve()
        places = curve_places(curve, width_px, height_px)
        self._canvas.itemconfigure(self._area, state="normal" if places else "hidden")
        if places:
            self._canvas.coords(self._area, *[each for place in places for each in place])


def curve_places(curve: AudienceCurve, width_px: int, height_px: int) -> list[tuple[float, float]]:
    """Return the corners of the area under a curve; none without a minute."""
    if not curve.minutes:
        return []
    last = curve.minutes[-1]
    first = min(curve.minutes[0], last - LEAST_MINUTES)
    top = max(LEAST_TOP, *curve.means)
    line = [
        ((minute - first) / (last - first) * width_px, (1 - mean / top) * (height_px - 2) + 1)
        for minute, mean in zip(curve.minutes, curve.means, strict=True)
    ]
    return [(line[0][0], height_px), *line, (line[-1][0], height_px)]
