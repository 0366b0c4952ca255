"""Setting up: what is sent, what listeners read of it, and, folded away, where it goes and how."""

import tkinter
from collections.abc import Callable, Sequence
from tkinter import ttk

from tk_streamer.audio.devices import InputDevice
from tk_streamer.audio.presets import PRESETS
from tk_streamer.trouble import Trouble, TroubleArea
from tk_streamer.window.captions import Captions
from tk_streamer.window.panels.encoding import EncodingPanel
from tk_streamer.window.panels.server import ServerPanel
from tk_streamer.window.panels.show import ShowPanel
from tk_streamer.window.panels.sound import SoundPanel
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme

# Their remedy is a field of the settings.
_ABOUT_SETTINGS = frozenset({TroubleArea.NETWORK, TroubleArea.SERVER})


class Form(ttk.Frame):
    """Two panels, and the settings: two more, which are shown when they are asked for.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first values of the fields.
        token: The first value of the token's field.
        title: The title of the show.
        on_refresh: Called when the user asks for the list of inputs; `show_devices` shows it.
        on_sound: Called when another sound is chosen: another input, preset, or number of channels.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        token: str,
        title: tkinter.StringVar,
        *,
        on_refresh: Callable[[], None],
        on_sound: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._title = title
        self._on_sound = on_sound
        self._sound = SoundPanel(
            self,
            theme,
            captions,
            preferences,
            on_refresh=on_refresh,
            on_input=on_sound,
            on_preset=self._take_preset,
        )
        self._show = ShowPanel(self, theme, captions, preferences, title)
        self._server = ServerPanel(self, theme, captions, preferences, token)
        self._encoding = EncodingPanel(self, theme, captions, preferences, on_sound)
        gap = theme.px(24)
        for index, panel in enumerate((self._sound, self._show, self._server, self._encoding)):
            row, column = divmod(index, 2)
            panel.grid(
                row=row, column=column, sticky="new", padx=(gap * column, 0), pady=(theme.px(10) * row, 0)
            )
        for column in (0, 1):
            self.columnconfigure(column, weight=1, uniform="half")
        self._shown_trouble: Trouble | None = None
        self.has_settings = True

    @property
    def values(self) -> Preferences:
        """The values of all fields but the token; the gain is another part's of the window."""
        return Preferences(
            server_url=self._server.url.get(),
            title=self._title.get(),
            description=self._show.description.get(),
            link=self._show.link.get(),
            device_name=self._sound.device.value,
            preset=self._sound.preset.value,
            channels=self._encoding.channels.value,
            bitrate_kbps=self._encoding.bitrate_kbps.value,
            frame_ms=self._encoding.frame_ms.value,
            keeps_copy=self._encoding.keeps_copy.get(),
            copy_folder=self._encoding.copy_folder,
            remembers_token=self._server.remembers_token.get(),
            is_public=self._show.visibility.value == "public",
            is_private=self._show.visibility.value == "private",
            language=self._captions.words.language,
        )

    @property
    def token(self) -> str:
        """The value of the token's field."""
        return self._server.token.get()

    def focus_first(self) -> None:
        """Set the focus to the first field."""
        self._show.focus_first()

    def show_devices(self, devices: Sequence[InputDevice]) -> None:
        """Show the list of inputs."""
        self._sound.show_devices(devices)

    def show_sound_trouble(self, trouble: Trouble | None) -> None:
        """Show why there is no list of inputs, or no sound."""
        self._sound.show_trouble(trouble)

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show the settings if they hold the remedy for what has ended a broadcast."""
        if trouble != self._shown_trouble:
            self._shown_trouble = trouble
            if trouble is not None and trouble.area in _ABOUT_SETTINGS:
                self.show_settings(True)

    def show_settings(self, shown: bool) -> None:
        """Show the settings, or fold them away."""
        self.has_settings = shown
        for panel in (self._server, self._encoding):
            panel.grid() if shown else panel.grid_remove()

    def _take_preset(self) -> None:
        self._encoding.choose_preset(PRESETS[self._sound.preset.value])
        self._on_sound()
