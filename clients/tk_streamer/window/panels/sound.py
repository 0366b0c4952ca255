"""The part of the form about the sound: the input, and what kind of sound comes from it."""

import tkinter
from collections.abc import Callable, Sequence
from tkinter import ttk

from tk_streamer.audio.devices import InputDevice
from tk_streamer.audio.presets import PRESETS, PresetName
from tk_streamer.trouble import Trouble
from tk_streamer.window.captions import Captions
from tk_streamer.window.choice import Choice
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme

# The choice of the system's default input; no device has an empty name.
SYSTEM_DEFAULT = ""
ERROR_INK_WIDTH = 420


class SoundPanel(ttk.Frame):
    """Lets the user choose what is sent.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first choices.
        on_refresh: Called when the user asks for the list of inputs; `show_devices` shows it.
        on_input: Called when another input is chosen.
        on_preset: Called when another preset is chosen.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        *,
        on_refresh: Callable[[], None],
        on_input: Callable[[], None],
        on_preset: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._names: list[str] = []
        self._default_name = ""
        self._is_listed = False
        self._trouble: Trouble | None = None
        gap = theme.px(5)
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=3, sticky="w")
        self.device = Choice(
            self,
            values=[SYSTEM_DEFAULT],
            value=preferences.device_name,
            label=self._device_label,
            width=20,
            on_change=on_input,
        )
        self.device.grid(row=1, column=1, sticky="ew", pady=(gap, 0))
        refresh = ttk.Button(self, command=on_refresh)
        refresh.grid(row=1, column=2, sticky="e", padx=(gap, 0), pady=(gap, 0))
        self.preset: Choice[PresetName] = Choice(
            self,
            values=tuple(PRESETS),
            value=preferences.preset,
            label=lambda name: captions.words.phrase(f"sound.preset.{name}"),
            width=20,
            on_change=on_preset,
        )
        self.preset.grid(row=2, column=1, columnspan=2, sticky="ew", pady=(gap, 0))
        for row, key in ((1, "sound.device"), (2, "sound.preset")):
            label = ttk.Label(self)
            label.grid(row=row, column=0, sticky="w", padx=(0, theme.px(12)), pady=(gap, 0))
            captions.set_phrase(label, key)
        self._error = ttk.Label(self, style="Error.TLabel", wraplength=theme.px(ERROR_INK_WIDTH))
        self._error.grid(row=3, column=0, columnspan=3, sticky="w", pady=(theme.px(4), 0))
        self.columnconfigure(1, weight=1)
        captions.set_phrase(heading, "sound.section")
        captions.set_phrase(refresh, "sound.refresh")
        captions.on_language(self._relabel)
        self._error.grid_remove()

    def show_devices(self, devices: Sequence[InputDevice]) -> None:
        """Show the inputs. The chosen one stays chosen, and is marked if it is gone."""
        # A device appears once for each sound system of Windows; it is remembered by its name.
        self._names = list(dict.fromkeys(device.name for device in devices))
        self._default_name = next((device.name for device in devices if device.is_default), "")
        self._is_listed = True
        self.device.set_values([SYSTEM_DEFAULT, *self._names])

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show why there is no list, or no sound. Returns at once if it is shown already."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._show_error()

    def _device_label(self, name: str) -> str:
        words = self._captions.words
        if name == SYSTEM_DEFAULT:
            none_found = self._is_listed and not self._names
            return words.phrase("sound.device.none" if none_found else "sound.device.system")
        if self._is_listed and name not in self._names:
            return words.phrase("sound.device.gone", name=name)
        return words.phrase("sound.device.default", name=name) if name == self._default_name else name

    def _relabel(self) -> None:
        self.device.relabel()
        self.preset.relabel()
        self._show_error()

    def _show_error(self) -> None:
        self._error.configure(text=self._captions.words.trouble(self._trouble) if self._trouble else "")
        self._error.grid() if self._trouble else self._error.grid_remove()
