"""Small windows that ask or tell, in the window's language. They never block: an answer is a call back."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.window.theme import Theme

TEXT_WIDTH = 380


class Dialog(tkinter.Toplevel):
    """A text with one or two buttons; Escape or closing it is the second, Enter the one that has the focus.

    Args:
        root: The window that waits behind it.
        theme: Colours and scale.
        title: In its title bar, and bold in it.
        text: What it says.
        no: Words of the button that changes nothing; it has the focus.
        yes: Words of the button that does something, "" for none.
        on_yes: Called after that button, when the dialog is gone.
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
        said = ttk.Label(body, text=text, wraplength=theme.px(TEXT_WIDTH))
        said.grid(sticky="w", pady=(theme.px(8), theme.px(16)))
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
        # A window that is not on the screen yet cannot have the grab.
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
