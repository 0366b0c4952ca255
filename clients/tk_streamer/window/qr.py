"""A link as a QR code (ISO/IEC 18004): its modules, and a PNG file of them. No Tk.

The quiet zone that the standard asks for is around the code; without it, phones do not find the code.
"""

from pathlib import Path

import png
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

# Section 9.1 of the standard; counted in modules.
QUIET_ZONE_MODULES = 4
# A file of a code with 29 modules is 444 pixels wide with its quiet zone, good on a screen and on paper.
FILE_PIXELS_PER_MODULE = 12

Matrix = list[list[bool]]


def qr_matrix(text: str) -> Matrix:
    """Return the rows of modules with the quiet zone; true is dark."""
    code = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET_ZONE_MODULES)
    code.add_data(text)
    code.make(fit=True)
    return code.get_matrix()


def dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return the runs of dark modules in a row: first column, and the column after the last."""
    edges = [
        i
        for i, (one, next_one) in enumerate(zip([False, *row], [*row, False], strict=True))
        if one != next_one
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))


def save_png(text: str, path: Path) -> None:
    """Write the code as a PNG of one bit a pixel. Blocks.

    Raises:
        OSError: The file cannot be written.
    """
    scaled = []
    for row in qr_matrix(text):
        pixels = [not dark for dark in row for _ in range(FILE_PIXELS_PER_MODULE)]
        scaled += [pixels] * FILE_PIXELS_PER_MODULE
    picture = png.Writer(len(scaled[0]), len(scaled), greyscale=True, bitdepth=1)
    with path.open("wb") as file:
        picture.write(file, scaled)
