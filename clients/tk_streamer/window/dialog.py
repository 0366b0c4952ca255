"""Small windows that ask or inform, in the window's language. They never block: the answer is a callback."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.errors import bounded
from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme

TEXT_WIDTH = 380


class Dialog(tkinter.Toplevel):
    """A text with one or two buttons.

    Enter presses the button that has the focus; Escape and the closing of the dialog press "no".

    Args:
        root: The window that waits behind the dialog.
        theme: Colours and scale.
        title: Title of the dialog; in its title bar, and bold above the text.
        text: What the dialog asks or informs about.
        no: Label of the button that changes nothing; it has the focus.
        yes: Label of the other button, "" for none.
        on_yes: Called after that button is pressed, when the dialog is gone.
    """

    def __init__(
        self,
        root: tkinter.Tk,
        theme: Theme,
        *,
        title: str,
        text: str,
        no: str,
        yes: str = "",
        on_yes: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(root, background=theme.background)
        self.withdraw()
        self.title(title)
        self.transient(root)
        self.resizable(False, False)
        self._on_yes = on_yes
        body = ttk.Frame(self, padding=theme.px(20))
        body.grid()
        ttk.Label(body, text=title, style="Section.TLabel").grid(sticky="w")
        message = ttk.Label(body, text=text, wraplength=theme.px(TEXT_WIDTH))
        message.grid(sticky="w", pady=(theme.px(8), theme.px(16)))
        buttons = ttk.Frame(body)
        buttons.grid(sticky="e")
        if yes:
            ttk.Button(buttons, text=yes, command=self._agree).grid(row=0, column=0, padx=(0, theme.px(8)))
        refuse = ttk.Button(buttons, text=no, command=self.destroy)
        refuse.grid(row=0, column=1)
        self.bind("<Escape>", lambda _event: self.destroy())
        self.protocol("WM_DELETE_WINDOW", self.destroy)
        self._show_over(root)
        refuse.focus_set()

    def _show_over(self, root: tkinter.Tk) -> None:
        self.update_idletasks()
        x = root.winfo_rootx() + (root.winfo_width() - self.winfo_reqwidth()) // 2
        y = root.winfo_rooty() + (root.winfo_height() - self.winfo_reqheight()) // 3
        self.geometry(f"+{max(0, x)}+{max(0, y)}")
        self.deiconify()
        # A window can have the grab only when it is on the screen.
        self.after_idle(self._grab)

    def _grab(self) -> None:
        if not self.winfo_viewable():
            self.after(20, self._grab)
            return
        self.grab_set()

    def _agree(self) -> None:
        self.destroy()
        if self._on_yes:
            self._on_yes()


class Dialogs:
    """The window's dialogs: at most one at a time, because an error may repeat with each poll.

    Args:
        root: The window behind them.
        theme: Colours and scale.
        captions: Phrases of the window.
    """

    def __init__(self, root: tkinter.Tk, theme: Theme, captions: Captions) -> None:
        self._root, self._theme, self._captions = root, theme, captions
        self._dialog: Dialog | None = None

    def ask(self, key: str, on_yes: Callable[[], None]) -> None:
        """Ask before what cannot be undone; `key` begins those of the phrases."""
        if self._has_one:
            return
        words = self._captions.words
        self._dialog = Dialog(
            self._root,
            self._theme,
            title=words.phrase(f"{key}.title"),
            text=words.phrase(f"{key}.text"),
            no=words.phrase("quit.no"),
            yes=words.phrase(f"{key}.yes"),
            on_yes=on_yes,
        )

    def show_error(self, key: str, error: Exception) -> None:
        """Say what has failed; `key` is the phrase, with a place for the reason."""
        if self._has_one:
            return
        words = self._captions.words
        reason = bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        self._dialog = Dialog(
            self._root,
            self._theme,
            title=words.phrase("error.title"),
            text=words.phrase(key, reason=reason),
            no=words.phrase("error.close"),
        )

    @property
    def _has_one(self) -> bool:
        return self._dialog is not None and bool(self._dialog.winfo_exists())
