"""The foot of the window: language, settings, mute, and the large button that starts and stops."""

import tkinter
from collections.abc import Callable
from tkinter import ttk

from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.window.captions import Captions
from tk_streamer.window.theme import Theme


class ActionPanel(ttk.Frame):
    """Four buttons; settings while it is set up, mute while it is on air.

    Args:
        parent: The widget around this one.
        theme: Scale.
        captions: Phrases of the window.
        on_action: Called when the large button is pressed.
        on_settings: Called when the settings are to be shown, or folded away.
        on_mute: Called when the user wants to be muted, or to be heard again.
        on_language: Called when the user asks for the other language.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        captions: Captions,
        *,
        on_action: Callable[[], None],
        on_settings: Callable[[], None],
        on_mute: Callable[[], None],
        on_language: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._captions = captions
        self._settings_phrase = self._mute_phrase = ""
        self._is_over = True
        language = ttk.Button(self, command=on_language)
        language.grid(row=0, column=0, sticky="w")
        self._settings = ttk.Button(self, command=on_settings)
        self._settings.grid(row=0, column=1, sticky="w", padx=(theme.px(8), 0))
        self._mute = ttk.Button(self, command=on_mute)
        self._mute.grid(row=0, column=1, sticky="w", padx=(theme.px(8), 0))
        self._mute.grid_remove()
        # As wide as its longest text in both languages, so that it does not move.
        self._action = ttk.Button(self, style="Action.TButton", command=on_action, width=24)
        self._action.grid(row=0, column=2, sticky="e")
        self.columnconfigure(2, weight=1)
        captions.set_phrase(language, "language.other")
        captions.on_language(self._relabel)

    def show(self, status: BroadcastStatus, *, can_act: bool, has_settings: bool) -> None:
        """Label the buttons with what they do now.

        Args:
            status: Status of the broadcast.
            can_act: Enable the large button.
            has_settings: The settings are shown.
        """
        phase = status.phase
        settings = "settings.hide" if has_settings else "settings.show"
        mute = "level.unmute" if status.is_muted else "level.mute"
        if (settings, mute) != (self._settings_phrase, self._mute_phrase):
            self._settings_phrase, self._mute_phrase = settings, mute
            self._relabel()
        if phase.is_over != self._is_over:
            self._is_over = phase.is_over
            shown, other = (self._settings, self._mute) if phase.is_over else (self._mute, self._settings)
            other.grid_remove()
            shown.grid()
        self._mute.state(["disabled" if phase is Phase.STOPPING else "!disabled"])
        text = self._captions.words.phrase(_action_key(phase))
        if str(self._action.cget("text")) != text:
            self._action.configure(text=text)
        self._action.state(["!disabled" if can_act and phase is not Phase.STOPPING else "disabled"])

    def _relabel(self) -> None:
        for button, phrase in ((self._settings, self._settings_phrase), (self._mute, self._mute_phrase)):
            if phrase:
                button.configure(text=self._captions.words.phrase(phrase))


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
