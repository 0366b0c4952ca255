"""Keys of the window, on Latin and Cyrillic layouts alike.

With a Russian layout Tk reports the Russian letter of a key, and Tk binds Ctrl+C and its like only to Latin
letters, so that they do nothing. The bindings here are to the key, whatever letter it has.
"""

import tkinter
from collections.abc import Callable, Mapping

# The letter on the same key of the Russian layout, as X11 and macOS name it.
_CYRILLIC: Mapping[str, str] = {
    "a": "Cyrillic_ef",
    "c": "Cyrillic_es",
    "l": "Cyrillic_de",
    "o": "Cyrillic_shcha",
    "q": "Cyrillic_shorti",
    "s": "Cyrillic_yeru",
    "u": "Cyrillic_ghe",
    "v": "Cyrillic_em",
    "x": "Cyrillic_che",
    "z": "Cyrillic_ya",
}
# Tk's virtual events for editing.
_EDITING: Mapping[str, str] = {
    "a": "<<SelectAll>>",
    "c": "<<Copy>>",
    "v": "<<Paste>>",
    "x": "<<Cut>>",
    "z": "<<Undo>>",
}
# The key symbol on Windows of a key whose letter is not Latin; its key code is that of the Latin capital
# letter.
_UNNAMED = "??"


class Keyboard:
    """The keys of the window.

    Args:
        root: The root window.
    """

    def __init__(self, root: tkinter.Tk) -> None:
        self._root = root
        is_mac = root.tk.call("tk", "windowingsystem") == "aqua"
        self._modifier = "Command" if is_mac else "Control"
        self._shown_modifier = "Command-" if is_mac else "Ctrl+"
        self._by_code = {ord(letter.upper()): event for letter, event in _EDITING.items()}
        self._bind_editing_keys()
        self._bind_enter_to_buttons()
        root.bind_all("<Control-KeyPress>", self._on_unnamed, add=True)

    def accelerator(self, letter: str) -> str:
        """Return the text for a command's key in a menu, like "Ctrl+S"."""
        return f"{self._shown_modifier}{letter.upper()}"

    def bind_command(self, letter: str, action: Callable[[], None]) -> None:
        """Call `action` when the letter's key is pressed with Ctrl, or with Command on macOS."""
        event = f"<<audiocast-{letter}>>"
        self._root.event_add(event, *self._sequences(letter))
        self._root.bind(event, lambda _event: action())
        self._by_code[ord(letter.upper())] = event

    def _sequences(self, letter: str) -> tuple[str, str]:
        return f"<{self._modifier}-{letter}>", f"<{self._modifier}-{_CYRILLIC[letter]}>"

    def _bind_editing_keys(self) -> None:
        # In Tk 8.6 on X11, Ctrl+A moves to the start of the line; users expect it to select all.
        self._root.event_delete("<<LineStart>>", "<Control-a>")
        for letter, event in _EDITING.items():
            self._root.event_add(event, *self._sequences(letter))

    def _bind_enter_to_buttons(self) -> None:
        """Make Enter press the button that has the focus, as the space bar does, and nothing else."""

        def press(event: "tkinter.Event[tkinter.Misc]") -> str:
            self._root.tk.call(str(event.widget), "invoke")
            return "break"

        for key in ("<Return>", "<KP_Enter>"):
            self._root.bind_class("TButton", key, press)

    def _on_unnamed(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        if event.keysym == _UNNAMED and event.keycode in self._by_code:
            event.widget.event_generate(self._by_code[event.keycode])
