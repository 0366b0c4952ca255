"""The menu: the commands of the buttons with their keys, and the language."""

import tkinter
from collections.abc import Callable, Sequence

from tk_streamer.window.captions import Captions
from tk_streamer.window.keyboard import Keyboard
from tk_streamer.window.words import Language

LANGUAGE_NAMES = {Language.ENGLISH: "English", Language.RUSSIAN: "Русский"}

# Phrase, letter or name of the key, action; None is a line between two groups.
Command = tuple[str, str, Callable[[], None]] | None


class MenuBar(tkinter.Menu):
    """The menu bar of the window; on macOS it is at the top of the screen.

    Args:
        root: The root window.
        captions: Phrases of the window.
        keyboard: Binds the keys of the commands.
        commands: The entries of the first menu, from top to bottom.
        on_language: Called with the chosen language.
    """

    def __init__(
        self,
        root: tkinter.Tk,
        captions: Captions,
        keyboard: Keyboard,
        commands: Sequence[Command],
        on_language: Callable[[Language], None],
    ) -> None:
        super().__init__(root, borderwidth=0)
        self._captions = captions
        self._commands = commands
        self._broadcast = tkinter.Menu(self, tearoff=False)
        self._languages = tkinter.Menu(self, tearoff=False)
        self._language = tkinter.StringVar(self, captions.words.language)
        for command in commands:
            if command is None:
                self._broadcast.add_separator()
                continue
            _, key, action = command
            if len(key) == 1:
                keyboard.bind_command(key, action)
                self._broadcast.add_command(command=action, accelerator=keyboard.accelerator(key))
            else:
                root.bind(f"<{key}>", _without_event(action))
                self._broadcast.add_command(command=action, accelerator=key)
        for language, name in LANGUAGE_NAMES.items():
            self._languages.add_radiobutton(
                label=name,
                value=language,
                variable=self._language,
                command=lambda: on_language(Language(self._language.get())),
            )
        self.add_cascade(menu=self._broadcast)
        self.add_cascade(menu=self._languages)
        root.configure(menu=self)
        captions.on_language(self._relabel)
        self._relabel()

    def _relabel(self) -> None:
        words = self._captions.words
        self._language.set(words.language)
        self.entryconfigure(1, label=words.phrase("menu.broadcast"))
        self.entryconfigure(2, label=words.phrase("menu.language"))
        for index, command in enumerate(self._commands):
            if command is not None:
                self._broadcast.entryconfigure(index, label=words.phrase(command[0]))


def _without_event(action: Callable[[], None]) -> "Callable[[tkinter.Event[tkinter.Misc]], None]":
    return lambda _event: action()
