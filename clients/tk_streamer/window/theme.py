"""How the window looks: colours, fonts, sizes in pixels of this screen, ttk styles.

Windows and macOS have native ttk themes, which are used as they are. X11 has none: there the "clam" theme
gets the colours of the listeners' page.
"""

import contextlib
import sys
import tkinter
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter import font, ttk

PAPER, RAISED, INK, QUIET = "#f8f5ef", "#fffdfa", "#221e19", "#675f55"
LINE, EDGE, INK_LIGHT = "#e0d9cd", "#8d8578", "#453e36"
ACCENT, ON_ACCENT = "#b5400f", "#fffdfa"
ERROR_INK = "#a3261b"

# Tk counts in points of 1/72 inch; sizes in this package are pixels of a screen with 96 pixels per inch.
_POINTS_PER_INCH = 72
_PIXELS_PER_INCH = 96
# Name, size in points above the system's font, weight.
_FONTS = (("Mark", 20, "normal"), ("Headline", 7, "bold"), ("Section", 1, "bold"), ("Action", 2, "bold"))

MIN_SCALE, MAX_SCALE = 0.5, 4.0


@dataclass(frozen=True, slots=True)
class Theme:
    """What a panel needs to draw itself.

    Attributes:
        scale: Pixels of this screen per 1/96 inch.
        background: Colour of the window.
        ink: Colour of text on that background.
    """

    scale: float
    background: str
    ink: str

    def px(self, pixels: float) -> int:
        """Return a size in this screen's pixels, at least 1."""
        return max(1, round(pixels * self.scale))


def enable_dpi_awareness() -> None:
    """Tell Windows, before the first window, that this program scales itself; do nothing elsewhere."""
    if sys.platform == "win32":
        import ctypes

        # 1 is PROCESS_SYSTEM_DPI_AWARE. Windows 8.0 and before do not have it.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)


def system_scale() -> float | None:
    """Return the scale that an X11 desktop asks for (`Xft.dpi`), or None if it asks for none.

    Tk computes its scale from the size in millimetres that the X server reports, and desktops leave that at
    96 dots per inch on any screen. Only a window of the class Xft can read the resource, so one is made for
    it.
    """
    if sys.platform in ("win32", "darwin"):
        return None
    probe = tkinter.Tk(className="Xft")
    try:
        probe.withdraw()
        dpi = str(probe.tk.call("option", "get", ".", "dpi", "Dpi"))
    finally:
        probe.destroy()
    try:
        return min(MAX_SCALE, max(MIN_SCALE, float(dpi) / _PIXELS_PER_INCH))
    except ValueError:
        return None


def apply_theme(root: tkinter.Tk, scale: float | None) -> Theme:
    """Set scale, fonts and styles of all widgets to come, and return what panels need to know of them.

    Args:
        root: The root window, still empty.
        scale: Scale of the command line or of `system_scale`; None: the scale that Tk has found.
    """
    if scale is not None:
        root.tk.call("tk", "scaling", scale * _PIXELS_PER_INCH / _POINTS_PER_INCH)
    real_scale = float(root.tk.call("tk", "scaling")) * _POINTS_PER_INCH / _PIXELS_PER_INCH
    style = ttk.Style(root)
    if root.tk.call("tk", "windowingsystem") == "x11":
        _dress_clam(root, style, real_scale)
    background = style.lookup("TFrame", "background") or root.cget("background")
    theme = Theme(real_scale, background, style.lookup("TLabel", "foreground") or INK)
    root.configure(background=background)
    _make_fonts(root, style)
    style.configure("Error.TLabel", foreground=ERROR_INK)
    style.configure("Quiet.TLabel", foreground=QUIET if background == PAPER else theme.ink)
    return theme


def stack(parent: tkinter.Misc, widgets: Sequence[tkinter.Widget], gap_px: int) -> None:
    """Lay out widgets below each other, as wide as their parent."""
    for row, widget in enumerate(widgets):
        widget.grid(row=row, column=0, sticky="ew", pady=(gap_px if row else 0, 0))
    parent.grid_columnconfigure(0, weight=1)


def _make_fonts(root: tkinter.Tk, style: ttk.Style) -> None:
    """Derive the fonts from the system's; Tk keeps named fonts as long as the window exists."""
    base = font.nametofont("TkDefaultFont", root=root)
    family, points = base.actual("family"), abs(base.actual("size"))
    for name, step, weight in _FONTS:
        root.tk.call("font", "create", name, "-family", family, "-size", points + step, "-weight", weight)
    style.configure("Section.TLabel", font="Section")
    style.configure("Action.TButton", font="Action")


def _dress_clam(root: tkinter.Tk, style: ttk.Style, scale: float) -> None:
    def px(pixels: float) -> int:
        return max(1, round(pixels * scale))

    style.theme_use("clam")
    style.configure(
        ".",
        background=PAPER,
        foreground=INK,
        bordercolor=EDGE,
        lightcolor=PAPER,
        darkcolor=PAPER,
        troughcolor=LINE,
        focuscolor=ACCENT,
        selectbackground=ACCENT,
        selectforeground=ON_ACCENT,
        insertcolor=INK,
        insertwidth=px(1),
    )
    style.map(".", foreground=[("disabled", EDGE)])
    for field in ("TEntry", "TCombobox"):
        style.configure(field, fieldbackground=RAISED, padding=px(4), lightcolor=RAISED, darkcolor=RAISED)
        style.map(
            field,
            bordercolor=[("focus", ACCENT)],
            lightcolor=[("focus", ACCENT)],
            fieldbackground=[("disabled", PAPER), ("readonly", RAISED)],
            foreground=[("disabled", QUIET), ("readonly", INK)],
            selectbackground=[("readonly", "!focus", RAISED), ("readonly", "focus", RAISED)],
            selectforeground=[("readonly", INK)],
        )
    style.configure("TCombobox", arrowsize=px(14), arrowcolor=INK, background=PAPER)
    style.configure(
        "TButton", padding=(px(10), px(4)), background=RAISED, lightcolor=RAISED, darkcolor=RAISED
    )
    style.map("TButton", background=[("disabled", PAPER), ("pressed", LINE), ("active", LINE)])
    # Not in the accent colour: a large area of it means "on air" and nothing else.
    style.configure(
        "Action.TButton",
        padding=(px(16), px(7)),
        foreground=ON_ACCENT,
        background=INK,
        bordercolor=INK,
        lightcolor=INK,
        darkcolor=INK,
        focuscolor=ON_ACCENT,
    )
    style.map(
        "Action.TButton",
        background=[("disabled", LINE), ("pressed", QUIET), ("active", INK_LIGHT)],
        foreground=[("disabled", QUIET)],
        bordercolor=[("disabled", LINE)],
    )
    style.configure("TCheckbutton", indicatorsize=px(14), indicatorbackground=RAISED)
    style.map("TCheckbutton", background=[("active", PAPER)], indicatorbackground=[("disabled", PAPER)])
    # The list of a Combobox is not a ttk widget; its colours come from the option database.
    for option, value in (
        ("background", RAISED),
        ("foreground", INK),
        ("selectBackground", ACCENT),
        ("selectForeground", ON_ACCENT),
        ("font", "TkDefaultFont"),
    ):
        root.option_add(f"*TCombobox*Listbox.{option}", value)
    for option, value in (("background", PAPER), ("activeBackground", LINE), ("relief", "flat")):
        root.option_add(f"*Menu.{option}", value)
