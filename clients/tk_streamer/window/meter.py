"""The level meter: a bar for the loudness, a line for the peak, in front of a scale."""

import tkinter

from tk_streamer.window.theme import LINE, Theme

FLOOR_DBFS = -60.0
# Where the bar turns amber, and where it turns red; -18 dBFS is the alignment level of EBU R 68.
LOUD_DBFS, HOT_DBFS = -18.0, -6.0
TICKS_DBFS = (-60, -48, -36, -24, -18, -12, -6, 0)

GREEN, AMBER, RED = "#2f7d4f", "#c98a0a", "#c0281c"
_ZONES = ((FLOOR_DBFS, LOUD_DBFS, GREEN), (LOUD_DBFS, HOT_DBFS, AMBER), (HOT_DBFS, 0.0, RED))

HEIGHT, TICK_HEIGHT, MARGIN = 16, 16, 10


class LevelMeter(tkinter.Canvas):
    """A meter from -60 to 0 dBFS, as wide as its parent makes it.

    Args:
        parent: The widget around this one.
        theme: Colours and scale.
    """

    def __init__(self, parent: tkinter.Misc, theme: Theme) -> None:
        height_px = theme.px(HEIGHT + TICK_HEIGHT)
        super().__init__(parent, height=height_px, width=theme.px(200), background=theme.background)
        self.configure(highlightthickness=0, borderwidth=0)
        self._theme = theme
        self._bar_dbfs = self._peak_dbfs = FLOOR_DBFS
        self._trough = self.create_rectangle(0, 0, 0, 0, fill=LINE, width=0)
        self._zones = [self.create_rectangle(0, 0, 0, 0, fill=colour, width=0) for _, _, colour in _ZONES]
        self._peak = self.create_rectangle(0, 0, 0, 0, fill=theme.ink, width=0)
        self._ticks = [
            self.create_text(0, 0, text=str(dbfs), fill=theme.ink, font="TkSmallCaptionFont", anchor="n")
            for dbfs in TICKS_DBFS
        ]
        self.bind("<Configure>", lambda _event: self._lay_out())

    def show(self, rms_dbfs: float, peak_dbfs: float) -> None:
        """Show a level. Returns at once if it is shown already.

        Args:
            rms_dbfs: Loudness, for the bar; -inf is silence.
            peak_dbfs: Highest sample, for the line; -inf is silence.
        """
        level = _bounded(rms_dbfs), _bounded(peak_dbfs)
        if level != (self._bar_dbfs, self._peak_dbfs):
            self._bar_dbfs, self._peak_dbfs = level
            self._draw_level()

    def _x(self, dbfs: float) -> float:
        margin_px = self._theme.px(MARGIN)
        return margin_px + (1 - dbfs / FLOOR_DBFS) * (self.winfo_width() - 2 * margin_px)

    def _lay_out(self) -> None:
        bar_px = self._theme.px(HEIGHT)
        self.coords(self._trough, self._x(FLOOR_DBFS), 0, self._x(0.0), bar_px)
        for tick, dbfs in zip(self._ticks, TICKS_DBFS, strict=True):
            self.coords(tick, self._x(dbfs), bar_px + self._theme.px(2))
        self._draw_level()

    def _draw_level(self) -> None:
        bar_px = self._theme.px(HEIGHT)
        for zone, (low_dbfs, high_dbfs, _) in zip(self._zones, _ZONES, strict=True):
            end_dbfs = max(low_dbfs, min(high_dbfs, self._bar_dbfs))
            self.coords(zone, self._x(low_dbfs), 0, self._x(end_dbfs), bar_px)
            self.itemconfigure(zone, state="normal" if end_dbfs > low_dbfs else "hidden")
        peak_x = self._x(self._peak_dbfs)
        self.coords(self._peak, peak_x - self._theme.px(2), 0, peak_x, bar_px)
        self.itemconfigure(self._peak, state="normal" if self._peak_dbfs > FLOOR_DBFS else "hidden")


def _bounded(dbfs: float) -> float:
    return min(0.0, max(FLOOR_DBFS, dbfs))
