"""The link for listeners: as text to copy, as a page to open, as a QR code for phones."""

import tkinter
import webbrowser
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, ttk

from tk_streamer.errors import ClientError
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.own_link import own_listen_url
from tk_streamer.server.streams import StreamCredentials
from tk_streamer.window.captions import Captions
from tk_streamer.window.qr_canvas import QrCanvas
from tk_streamer.window.theme import LINE, Theme

QR_SIDE = 176
# How long a button shows that it has done its work.
DONE_MS = 1_500


class LinkPanel(ttk.Frame):
    """Shows the link while there is a stream.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        on_save: Called with the link and the path for its QR code; `show_saved` shows that it is written.
        on_open: Called with a function that starts a browser and may block; it runs it on another thread.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        on_save: Callable[[str, Path], None],
        on_open: Callable[[Callable[[], object]], None],
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._on_save, self._on_open = on_save, on_open
        self._link = tkinter.StringVar(self)
        self._credentials: StreamCredentials | None = None
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=2, sticky="w")
        self._qr = QrCanvas(self, side_px=theme.px(QR_SIDE), blank=LINE)
        self._qr.grid(row=1, column=0, sticky="nw", pady=(theme.px(8), 0))
        actions = ttk.Frame(self)
        actions.grid(row=1, column=1, sticky="new", padx=(theme.px(12), 0), pady=(theme.px(8), 0))
        self._hint = ttk.Label(actions, style="Quiet.TLabel", wraplength=theme.px(190), justify="left")
        self._hint.grid(row=0, column=0, sticky="w")
        self._copy = ttk.Button(actions, command=self.copy)
        self._open = ttk.Button(actions, command=self.open)
        self._save = ttk.Button(actions, command=self.save)
        self._buttons = (self._copy, self._open, self._save)
        for row, button in enumerate(self._buttons, start=1):
            button.grid(row=row, column=0, sticky="ew", pady=(0, theme.px(6)))
        self._entry = ttk.Entry(self, textvariable=self._link, state="readonly")
        self._entry.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(theme.px(8), 0))
        self._reach = ttk.Label(self, style="Quiet.TLabel", wraplength=theme.px(390), justify="left")
        self._reach.grid(row=3, column=0, columnspan=2, sticky="w", pady=(theme.px(4), 0))
        self._reach.grid_remove()
        # A field: whoever reads the code aloud sees it large, and whoever sends it can copy it.
        self._code = tkinter.StringVar(self)
        self._code_entry = ttk.Entry(actions, textvariable=self._code, state="readonly", font="Section")
        self._code_hint = ttk.Label(actions, style="Quiet.TLabel")
        for row, widget in enumerate((self._code_hint, self._code_entry), start=4):
            widget.grid(row=row, column=0, sticky="ew")
            widget.grid_remove()
        actions.columnconfigure(0, weight=1)
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "link.section")
        captions.set_phrase(self._hint, "link.none")
        captions.set_phrase(self._reach, "link.here")
        captions.set_phrase(self._code_hint, "link.code")
        captions.on_language(self._label_buttons)
        self._label_buttons()
        self._show_widgets()

    def show(self, credentials: StreamCredentials | None) -> None:
        """Show the link of a stream; None for none. Returns at once if it is shown already."""
        link = credentials.shared_url if credentials else ""
        if link == self._link.get():
            return
        self._link.set(link)
        self._credentials = credentials
        is_for_this_computer = credentials is not None and credentials.is_for_this_computer
        self._reach.grid() if is_for_this_computer else self._reach.grid_remove()
        self._code.set(credentials.access_code if credentials else "")
        for widget in (self._code_hint, self._code_entry):
            widget.grid() if self._code.get() else widget.grid_remove()
        self._qr.show(link)
        self._show_widgets()

    def copy(self) -> None:
        """Copy the link to the clipboard."""
        if link := self._link.get():
            self.clipboard_clear()
            self.clipboard_append(link)
            self._flash(self._copy, "link.copied", then="link.copy")

    def open(self) -> None:
        """Open the listeners' page in a browser; that of a private stream lets its broadcaster in."""
        if credentials := self._credentials:
            self._on_open(lambda: webbrowser.open(_own_link(credentials)))

    def save(self) -> None:
        """Ask for a path, and save the QR code there."""
        link = self._link.get()
        if not link:
            return
        words = self._captions.words
        chosen = filedialog.asksaveasfilename(
            parent=self,
            title=words.phrase("link.save.dialog"),
            defaultextension=".png",
            filetypes=[(words.phrase("link.save.png"), "*.png")],
            initialfile=f"audiocast-{link.rpartition('/')[2]}.png",
        )
        if chosen:
            self._on_save(link, Path(chosen))

    def show_saved(self) -> None:
        """Show that the QR code is written."""
        self._flash(self._save, "link.saved", then="link.save")

    def _show_widgets(self) -> None:
        has_link = bool(self._link.get())
        # An empty field looks like one to be filled in.
        for widget in (*self._buttons, self._entry):
            widget.grid() if has_link else widget.grid_remove()
        self._hint.grid_remove() if has_link else self._hint.grid()

    def _flash(self, button: ttk.Button, key: str, *, then: str) -> None:
        button.configure(text=self._captions.words.phrase(key))
        self.after(DONE_MS, lambda: button.configure(text=self._captions.words.phrase(then)))

    def _label_buttons(self) -> None:
        for button, key in zip(self._buttons, ("link.copy", "link.open", "link.save"), strict=True):
            button.configure(text=self._captions.words.phrase(key))


def _own_link(credentials: StreamCredentials) -> str:
    """Return what to open. Blocks."""
    try:
        with LiveSession() as session:
            return own_listen_url(session, credentials)
    except ClientError:
        # The page asks for the code, which stands in the window.
        return credentials.shared_url
