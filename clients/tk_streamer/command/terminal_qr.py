"""A link as a QR code made of characters (ISO/IEC 18004), for terminals. It prints nothing itself."""

from itertools import zip_longest

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

# The light margin that the standard asks for, in modules; without it phones find no code on a dark screen.
QUIET_ZONE_MODULES = 4

# Black on white in the 256 colours' fixed part: the sixteen first ones are the user's to change.
_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"

# One character is two modules, one above the other: (upper is ink, lower is ink).
_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def terminal_qr(text: str, *, colour: bool) -> str:
    """Draw the code, two rows of modules on a line, ready to print.

    Args:
        text: What the code says.
        colour: Set both colours by escape sequences, so that dark is dark on any terminal. Without it the
            light modules are the ink: right on a dark terminal, inverted on a light one, where most phones
            still read it.
    """
    code = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET_ZONE_MODULES)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    lines = []
    # The number of rows is odd: what lies under the last one is light like the margin.
    for upper, lower in zip_longest(matrix[::2], matrix[1::2], fillvalue=[False] * len(matrix)):
        pairs = zip(upper, lower, strict=True)
        line = "".join(_HALF_BLOCKS[(top == colour, bottom == colour)] for top, bottom in pairs)
        lines.append(f"{_BLACK_ON_WHITE}{line}{_RESET}" if colour else line)
    return "\n".join(lines)
