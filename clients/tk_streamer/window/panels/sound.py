"""The part of the form about the sound: input, channels, bitrate, frame, local copy."""

import tkinter
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog, ttk

from tk_streamer.audio.devices import InputDevice
from tk_streamer.trouble import Trouble
from tk_streamer.window.captions import Captions
from tk_streamer.window.choice import Choice
from tk_streamer.window.preferences import (
    BITRATE_CHOICES_KBPS,
    CHANNEL_CHOICES,
    FRAME_CHOICES_MS,
    Preferences,
)
from tk_streamer.window.theme import Theme

# The choice of the system's default input; no device has an empty name.
SYSTEM_DEFAULT = ""
ERROR_INK_WIDTH = 400


class SoundPanel(ttk.Frame):
    """Lets the user choose what is sent.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first choices.
        on_refresh: Called when the user asks for the list of inputs; `show_devices` shows it.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        on_refresh: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._theme, self._captions = theme, captions
        self._names: list[str] = []
        self._default_name = ""
        self._is_listed = False
        self._trouble: Trouble | None = None
        self.keeps_copy = tkinter.BooleanVar(self, preferences.keeps_copy)
        self.copy_folder = preferences.copy_folder
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=3, sticky="w")
        captions.set_phrase(heading, "sound.section")
        self._build_device(preferences, on_refresh)
        self._build_figures(preferences)
        self._build_copy()
        self._error = ttk.Label(self, style="Error.TLabel", wraplength=theme.px(ERROR_INK_WIDTH))
        self._error.grid(row=5, column=0, columnspan=3, sticky="w")
        self.columnconfigure(1, weight=1)
        self._choices = (self.device, self.channels, self.bitrate_kbps, self.frame_ms)
        captions.on_language(self._relabel)
        self._show_error()

    def _build_device(self, preferences: Preferences, on_refresh: Callable[[], None]) -> None:
        gap = self._theme.px(8)
        label = ttk.Label(self)
        label.grid(row=1, column=0, sticky="w", padx=(0, self._theme.px(12)), pady=(gap, 0))
        self.device = Choice(
            self, values=[SYSTEM_DEFAULT], value=preferences.device_name, label=self._device_label, width=30
        )
        self.device.grid(row=1, column=1, sticky="ew", pady=(gap, 0))
        self._refresh = ttk.Button(self, command=on_refresh)
        self._refresh.grid(row=1, column=2, sticky="e", padx=(gap, 0), pady=(gap, 0))
        self._captions.set_phrase(label, "sound.device")
        self._captions.set_phrase(self._refresh, "sound.refresh")

    def _build_figures(self, preferences: Preferences) -> None:
        row = ttk.Frame(self)
        row.grid(row=2, column=0, columnspan=3, sticky="ew", pady=(self._theme.px(8), 0))

        def choice(
            key: str, values: Sequence[int], value: int, label: Callable[[int], str], width: int
        ) -> Choice[int]:
            column = row.grid_size()[0]
            left_px = self._theme.px(8) if column else 0
            heading = ttk.Label(row)
            heading.grid(row=0, column=column, sticky="w", padx=(left_px, 0))
            self._captions.set_phrase(heading, key)
            made = Choice(row, values=values, value=value, label=label, width=width)
            made.grid(row=1, column=column, sticky="ew", padx=(left_px, 0))
            row.columnconfigure(column, weight=1)
            return made

        self.channels = choice(
            "sound.channels", CHANNEL_CHOICES, preferences.channels, self._channels_label, 9
        )
        self.bitrate_kbps = choice(
            "sound.bitrate", BITRATE_CHOICES_KBPS, preferences.bitrate_kbps, self._bitrate_label, 10
        )
        self.frame_ms = choice("sound.frame", FRAME_CHOICES_MS, preferences.frame_ms, self._frame_label, 7)

    def _build_copy(self) -> None:
        above_px = self._theme.px(10)
        self._keep = ttk.Checkbutton(self, variable=self.keeps_copy)
        self._keep.grid(row=3, column=0, columnspan=2, sticky="w", pady=(above_px, 0))
        self._folder = ttk.Button(self, command=self._choose_folder)
        self._folder.grid(row=3, column=2, sticky="e", padx=(self._theme.px(8), 0), pady=(above_px, 0))
        self._folder_label = ttk.Label(self, style="Quiet.TLabel")
        self._folder_label.grid(row=4, column=0, columnspan=3, sticky="w")
        self._captions.set_phrase(self._keep, "sound.copy")
        self._captions.set_phrase(self._folder, "sound.copy.choose")
        self._show_folder()

    def set_enabled(self, enabled: bool) -> None:
        """Enable or disable all choices."""
        for choice in self._choices:
            choice.set_enabled(enabled)
        for button in (self._refresh, self._folder, self._keep):
            button.state(["!disabled" if enabled else "disabled"])

    def show_devices(self, devices: Sequence[InputDevice], trouble: Trouble | None = None) -> None:
        """Show the inputs. The chosen one stays chosen, and is marked if it is gone.

        Args:
            devices: The inputs; none with a `trouble`.
            trouble: Why there is no list.
        """
        self._trouble = trouble
        self._show_error()
        # A device appears once for each sound system of Windows; it is remembered by its name.
        self._names = list(dict.fromkeys(device.name for device in devices))
        self._default_name = next((device.name for device in devices if device.is_default), "")
        self._is_listed = True
        self.device.set_values([SYSTEM_DEFAULT, *self._names])

    def _device_label(self, name: str) -> str:
        words = self._captions.words
        if name == SYSTEM_DEFAULT:
            none_found = self._is_listed and not self._names
            return words.phrase("sound.device.none" if none_found else "sound.device.system")
        if self._is_listed and name not in self._names:
            return words.phrase("sound.device.gone", name=name)
        return words.phrase("sound.device.default", name=name) if name == self._default_name else name

    def _channels_label(self, channels: int) -> str:
        return self._captions.words.phrase("sound.mono" if channels == 1 else "sound.stereo")

    def _bitrate_label(self, kbps: int) -> str:
        return self._captions.words.phrase("sound.bitrate.value", kbps=kbps)

    def _frame_label(self, ms: int) -> str:
        return self._captions.words.phrase("sound.frame.value", ms=ms)

    def _relabel(self) -> None:
        for choice in self._choices:
            choice.relabel()
        self._show_error()

    def _show_error(self) -> None:
        self._error.configure(text=self._captions.words.trouble(self._trouble) if self._trouble else "")
        self._error.grid() if self._trouble else self._error.grid_remove()

    def _choose_folder(self) -> None:
        chosen = filedialog.askdirectory(
            parent=self,
            title=self._captions.words.phrase("sound.copy.dialog"),
            initialdir=self.copy_folder,
            mustexist=True,
        )
        if chosen:
            self.copy_folder = str(Path(chosen))
            self.keeps_copy.set(True)
            self._show_folder()

    def _show_folder(self) -> None:
        self._folder_label.configure(text=shortened(self.copy_folder))


def shortened(path: str, most_characters: int = 52) -> str:
    """Return a path, without its middle if it is too long."""
    if len(path) <= most_characters:
        return path
    kept = most_characters - 1
    return f"{path[: kept // 3]}…{path[-(kept - kept // 3) :]}"
