"""The part of the settings about encoding: channels, bitrate, frame, local copy."""

import tkinter
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog, ttk

from tk_streamer.audio.presets import Preset
from tk_streamer.window.captions import Captions
from tk_streamer.window.choice import Choice
from tk_streamer.window.preferences import (
    BITRATE_CHOICES_KBPS,
    CHANNEL_CHOICES,
    FRAME_CHOICES_MS,
    Preferences,
)
from tk_streamer.window.theme import Theme


class EncodingPanel(ttk.Frame):
    """Three choices, and the folder of copies.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first choices.
        on_channels: Called when another number of channels is chosen.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        on_channels: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._theme, self._captions = theme, captions
        self.keeps_copy = tkinter.BooleanVar(self, preferences.keeps_copy)
        self.copy_folder = preferences.copy_folder
        heading = ttk.Label(self, style="Section.TLabel")
        heading.grid(row=0, column=0, columnspan=2, sticky="w")
        captions.set_phrase(heading, "encoding.section")
        self._build_figures(preferences, on_channels)
        self._build_copy()
        self.columnconfigure(0, weight=1)
        captions.on_language(self._relabel)

    def choose_preset(self, preset: Preset) -> None:
        """Choose what goes with a preset."""
        self.channels.choose(preset.channels)
        self.bitrate_kbps.choose(preset.bitrate_kbps)

    def _build_figures(self, preferences: Preferences, on_channels: Callable[[], None]) -> None:
        row = ttk.Frame(self)
        row.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(self._theme.px(4), 0))

        def choice(
            key: str,
            values: Sequence[int],
            value: int,
            width: int,
            on_change: Callable[[], None] | None = None,
        ) -> Choice[int]:
            column = row.grid_size()[0]
            left_px = self._theme.px(8) if column else 0
            heading = ttk.Label(row)
            heading.grid(row=0, column=column, sticky="w", padx=(left_px, 0))
            self._captions.set_phrase(heading, key)

            def label(value: int) -> str:
                if key == "sound.channels":
                    return self._captions.words.phrase("sound.mono" if value == 1 else "sound.stereo")
                return self._captions.words.phrase(f"{key}.value", number=value)

            made = Choice(row, values=values, value=value, label=label, width=width, on_change=on_change)
            made.grid(row=1, column=column, sticky="ew", padx=(left_px, 0))
            row.columnconfigure(column, weight=1)
            return made

        self.channels = choice("sound.channels", CHANNEL_CHOICES, preferences.channels, 9, on_channels)
        self.bitrate_kbps = choice("sound.bitrate", BITRATE_CHOICES_KBPS, preferences.bitrate_kbps, 10)
        self.frame_ms = choice("sound.frame", FRAME_CHOICES_MS, preferences.frame_ms, 7)

    def _build_copy(self) -> None:
        above_px = self._theme.px(4)
        keep = ttk.Checkbutton(self, variable=self.keeps_copy)
        keep.grid(row=2, column=0, sticky="w", pady=(above_px, 0))
        folder = ttk.Button(self, command=self._choose_folder)
        folder.grid(row=2, column=1, sticky="e", padx=(self._theme.px(8), 0), pady=(above_px, 0))
        self._folder_label = ttk.Label(self, style="Quiet.TLabel")
        self._folder_label.grid(row=3, column=0, columnspan=2, sticky="w")
        self._captions.set_phrase(keep, "sound.copy")
        self._captions.set_phrase(folder, "sound.copy.choose")
        self._show_folder()

    def _relabel(self) -> None:
        for choice in (self.channels, self.bitrate_kbps, self.frame_ms):
            choice.relabel()

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
