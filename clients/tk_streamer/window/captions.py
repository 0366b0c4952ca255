"""Which widget shows which phrase: the language can change while the window is open."""

import tkinter
from collections.abc import Callable

from tk_streamer.window.words import Language, Words


class Captions:
    """Sets the phrases of widgets, and sets them again in another language.

    Args:
        language: The language at the start.
    """

    def __init__(self, language: Language) -> None:
        self.words = Words(language)
        self._widgets: list[tuple[tkinter.Misc, str]] = []
        self._callbacks: list[Callable[[], None]] = []

    def set_phrase(self, widget: tkinter.Misc, key: str) -> None:
        """Show a phrase as the widget's text, in the current language and after each change of it."""
        self._widgets.append((widget, key))
        self._show(widget, key)

    def on_language(self, retranslate: Callable[[], None]) -> None:
        """Call `retranslate` after each change of the language; for texts beyond a fixed phrase."""
        self._callbacks.append(retranslate)

    def set_language(self, language: Language) -> None:
        """Change the language of the window."""
        self.words = Words(language)
        for widget, key in self._widgets:
            self._show(widget, key)
        for retranslate in self._callbacks:
            retranslate()

    def _show(self, widget: tkinter.Misc, key: str) -> None:
        widget.configure(text=self.words.phrase(key))  # type: ignore[call-arg]
