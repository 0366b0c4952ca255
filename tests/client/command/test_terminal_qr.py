"""The QR code in the terminal: read back module by module."""

import re

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

from tests.client.command.drawn_qr import modules_of
from tk_streamer.command.terminal_qr import terminal_qr

LINK = "http://192.0.2.7:8000/listen/67kpp3st7t"


def expected() -> list[list[bool]]:
    code = QRCode(error_correction=ERROR_CORRECT_L, border=4)
    code.add_data(LINK)
    code.make(fit=True)
    return code.get_matrix()


def test_with_colours_ink_is_dark() -> None:
    drawing = terminal_qr(LINK, colour=True)
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") for line in drawing.splitlines())
    assert all(line.endswith("\x1b[0m") for line in drawing.splitlines())
    plain = re.sub(r"\x1b\[[\d;]*m", "", drawing)
    assert modules_of(plain, is_ink_dark=True) == expected()


def test_without_colours_ink_is_light_and_there_is_nothing_but_blocks() -> None:
    drawing = terminal_qr(LINK, colour=False)
    assert set(drawing) <= set(" ▀▄█\n")
    assert modules_of(drawing, is_ink_dark=False) == expected()
    # What a dark terminal shows around the code must be light: ink.
    assert set(drawing.splitlines()[0]) == {"█"}
