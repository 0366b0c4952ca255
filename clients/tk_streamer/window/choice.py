"""A list to choose one value from, by mouse or keyboard: values in the code, words on the screen."""

import tkinter
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Choice(ttk.Combobox, Generic[Value]):
    """A Combobox that cannot be typed into.

    Args:
        parent: Widget that it is in.
        values: What can be chosen.
        value: What is chosen first; it is offered even when it is not among `values`.
        label: Gives the words for a value.
        width: In characters.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        *,
        values: Sequence[Value],
        value: Value,
        label: Callable[[Value], str],
        width: int,
    ) -> None:
        super().__init__(parent, state="readonly", width=width)
        self._choices: list[Value] = []
        self._chosen = value
        self._label = label
        self.bind("<<ComboboxSelected>>", self._on_selected)
        self.set_values(values)

    @property
    def value(self) -> Value:
        """What is chosen."""
        return self._chosen

    def set_values(self, values: Sequence[Value]) -> None:
        """Offer other values; what was chosen stays chosen, and in the list."""
        self._choices = list(values)
        if self._chosen not in self._choices:
            self._choices.append(self._chosen)
        self.relabel()

    def relabel(self) -> None:
        """Ask for all the words again."""
        self.configure(values=[self._label(value) for value in self._choices])
        self.current(self._choices.index(self._chosen))

    def set_enabled(self, enabled: bool) -> None:
        """Let it be changed, or not."""
        self.configure(state="readonly" if enabled else "disabled")

    def _on_selected(self, _event: "tkinter.Event[tkinter.Misc]") -> None:
        self._chosen = self._choices[self.current()]
        # Else the chosen words stay marked like text that is about to be copied.
        self.selection_clear()
