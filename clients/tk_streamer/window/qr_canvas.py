"""A QR code on the screen: black modules on white, whatever the theme."""

import tkinter

from tk_streamer.window.qr import Matrix, dark_runs, qr_matrix

DARK, LIGHT = "#000000", "#ffffff"


class QrCanvas(tkinter.Canvas):
    """A square that shows one code, or nothing.

    Args:
        parent: The widget around this one.
        side_px: Width and height, in pixels of this screen.
        blank: Colour of the square while there is no code.
    """

    def __init__(self, parent: tkinter.Misc, *, side_px: int, blank: str) -> None:
        super().__init__(
            parent, width=side_px, height=side_px, background=blank, highlightthickness=0, borderwidth=0
        )
        self._side_px = side_px
        self._blank = blank
        self._text = ""

    def show(self, text: str) -> None:
        """Draw the code of a text; "" clears the square. Returns at once if the code is shown already."""
        if text == self._text:
            return
        self._text = text
        self.delete("all")
        self.configure(background=LIGHT if text else self._blank)
        if text:
            self._draw(qr_matrix(text))

    def _draw(self, matrix: Matrix) -> None:
        # Modules have whole pixels, or some would be wider than others. The rest widens the quiet zone.
        module_px = max(1, self._side_px // len(matrix))
        start_px = (self._side_px - module_px * len(matrix)) // 2
        for y, row in enumerate(matrix):
            top = start_px + y * module_px
            for first, end in dark_runs(row):
                self.create_rectangle(
                    start_px + first * module_px,
                    top,
                    start_px + end * module_px,
                    top + module_px,
                    fill=DARK,
                    width=0,
                )
