"""Reads a QR code that was drawn with half blocks."""

UPPER_AND_LOWER = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def modules_of(drawing: str, *, is_ink_dark: bool) -> list[list[bool]]:
    """Return the rows of modules, true is dark; without the half row under the last one."""
    rows = []
    for line in drawing.splitlines():
        pairs = [UPPER_AND_LOWER[character] for character in line]
        rows.append([upper == is_ink_dark for upper, _ in pairs])
        rows.append([lower == is_ink_dark for _, lower in pairs])
    assert not any(rows.pop())
    return rows
