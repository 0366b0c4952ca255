"""A list to choose one value from, by mouse or keyboard; each value has a label on the screen."""

import tkinter
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Choice(ttk.Combobox, Generic[Value]):
    """A Combobox that cannot be typed into.

    Args:
        parent: The widget around this one.
        values: The values that can be chosen.
        value: The value that is chosen first; the list has it even if `values` has not.
        label: Returns the label of a value in the current language.
        width: Width in characters.
        on_change: Called when the user has chosen another value.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        *,
        values: Sequence[Value],
        value: Value,
        label: Callable[[Value], str],
        width: int,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(parent, state="readonly", width=width)
        self._choices: list[Value] = []
        self._chosen = value
        self._label = label
        self._on_change = on_change
        self.bind("<<ComboboxSelected>>", self._on_selected)
        self.set_values(values)

    @property
    def value(self) -> Value:
        """The chosen value."""
        return self._chosen

    def set_values(self, values: Sequence[Value]) -> None:
        """Replace the values of the list; the chosen value stays chosen, and in the list."""
        self._choices = list(values)
        if self._chosen not in self._choices:
            self._choices.append(self._chosen)
        self.relabel()

    def choose(self, value: Value) -> None:
        """Make a value the chosen one, without `on_change`."""
        self._chosen = value
        self.set_values(self._choices)

    def relabel(self) -> None:
        """Update all labels, after a change of the language."""
        self.configure(values=[self._label(value) for value in self._choices])
        self.current(self._choices.index(self._chosen))

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable the list."""
        self.configure(state="readonly" if enabled else "disabled")

    def _on_selected(self, _event: "tkinter.Event[tkinter.Misc]") -> None:
        before, self._chosen = self._chosen, self._choices[self.current()]
        # Otherwise Tk leaves the chosen label marked, like text to be copied.
        self.selection_clear()
        if self._on_change and self._chosen != before:
            self._on_change()
