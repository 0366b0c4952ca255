"""A link as a QR code made of characters (ISO/IEC 18004), for terminals. It prints nothing."""

from itertools import zip_longest

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

# The light margin that the standard asks for. Without it, phones find no code on a dark screen.
QUIET_ZONE_MODULES = 4

# Black on white, of the fixed part of the 256 colours: users may change the first sixteen.
_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"

# A character is two modules, one above the other. The key: is the upper one drawn, is the lower one.
_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def terminal_qr(text: str, *, colour: bool) -> str:
    """Return the drawn code, two rows of modules on a line.

    Args:
        text: The content of the code.
        colour: Set both colours by escape sequences, so that dark is dark on any terminal. Without them the
            light modules are drawn: this is right on a dark terminal and inverted on a light one, where most
            phones can still read the code.
    """
    code = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET_ZONE_MODULES)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    lines = []
    # The number of rows is odd; below the last row is a light one, like the margin.
    for upper, lower in zip_longest(matrix[::2], matrix[1::2], fillvalue=[False] * len(matrix)):
        pairs = zip(upper, lower, strict=True)
        line = "".join(_HALF_BLOCKS[(top == colour, bottom == colour)] for top, bottom in pairs)
        lines.append(f"{_BLACK_ON_WHITE}{line}{_RESET}" if colour else line)
    return "\n".join(lines)
