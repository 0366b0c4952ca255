"""The left half of the window: the settings of a broadcast, and the button that starts it."""

import tkinter
from collections.abc import Callable, Sequence
from tkinter import ttk

from tk_streamer.audio.devices import InputDevice
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.trouble import Trouble
from tk_streamer.window.captions import Captions
from tk_streamer.window.panels.server import ServerPanel
from tk_streamer.window.panels.sound import SoundPanel
from tk_streamer.window.preferences import Preferences
from tk_streamer.window.theme import Theme, stack


class Form(ttk.Frame):
    """Two panels and two buttons.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        preferences: The first values of the fields.
        token: The first value of the token's field.
        on_action: Called when the large button is pressed.
        on_refresh: Called when the user asks for the list of inputs; `show_devices` shows it.
        on_language: Called when the user asks for the other language.
        on_rename: Called with the title that is to be shown to listeners now.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        preferences: Preferences,
        token: str,
        *,
        on_action: Callable[[], None],
        on_refresh: Callable[[], None],
        on_language: Callable[[], None],
        on_rename: Callable[[str], None],
    ) -> None:
        super().__init__(parent, padding=theme.px(20))
        self._captions = captions
        self._server = ServerPanel(self, theme, captions, preferences, token, on_rename)
        self._sound = SoundPanel(self, theme, captions, preferences, on_refresh)
        self._action = ttk.Button(self, style="Action.TButton", command=on_action)
        language = ttk.Button(self, command=on_language)
        captions.set_phrase(language, "language.other")
        stack(self, (self._server, self._sound, self._action), theme.px(18))
        language.grid(row=3, column=0, sticky="sw", pady=(theme.px(18), 0))
        self.rowconfigure(3, weight=1)
        self._is_open: bool | None = None

    @property
    def preferences(self) -> Preferences:
        """The values of all fields but the token."""
        return Preferences(
            server_url=self._server.url.get(),
            title=self._server.title.get(),
            device_name=self._sound.device.value,
            channels=self._sound.channels.value,
            bitrate_kbps=self._sound.bitrate_kbps.value,
            frame_ms=self._sound.frame_ms.value,
            keeps_copy=self._sound.keeps_copy.get(),
            copy_folder=self._sound.copy_folder,
            remembers_token=self._server.remembers_token.get(),
            is_public=self._server.is_public.get(),
            language=self._captions.words.language,
        )

    @property
    def token(self) -> str:
        """The value of the token's field."""
        return self._server.token.get()

    def focus_first(self) -> None:
        """Set the focus to the first field."""
        self._server.focus_first()

    def show_devices(self, devices: Sequence[InputDevice], trouble: Trouble | None = None) -> None:
        """Show the list of inputs, or why there is none."""
        self._sound.show_devices(devices, trouble)

    def show_phase(self, phase: Phase, *, can_act: bool) -> None:
        """Enable the fields while no broadcast runs, and label the button with what it does now.

        Args:
            phase: Phase of the broadcast.
            can_act: Enable the button.
        """
        if phase.is_over != self._is_open:
            self._is_open = phase.is_over
            self._server.set_enabled(phase.is_over)
            self._sound.set_enabled(phase.is_over)
        text = self._captions.words.phrase(_action_key(phase))
        if str(self._action.cget("text")) != text:
            self._action.configure(text=text)
        self._action.state(["!disabled" if can_act and phase is not Phase.STOPPING else "disabled"])


def _action_key(phase: Phase) -> str:
    match phase:
        case Phase.STOPPED | Phase.FAILED:
            return "action.start"
        case Phase.CONNECTING:
            return "action.cancel"
        case Phase.STOPPING:
            return "state.stopping"
        case Phase.ON_AIR | Phase.RECONNECTING:
            return "action.stop"
