"""The window: puts the parts together, polls the broadcast, and hands each part what it shows.

It has two states, setting up (`form`) and on air (`air`); banner, level and foot are there in both. The
window decides what a click means. It never blocks: `Broadcast` and `JobThread` return at once.
"""

import sys
import time
import tkinter
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tkinter import ttk
from types import TracebackType

from tk_streamer.audio.devices import InputDevice, list_inputs
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus, StationSettings
from tk_streamer.errors import SoundError, bounded
from tk_streamer.trouble import Trouble
from tk_streamer.window import qr
from tk_streamer.window.air import Air
from tk_streamer.window.banner import Banner
from tk_streamer.window.broadcast import Broadcast, station_settings
from tk_streamer.window.captions import Captions
from tk_streamer.window.dialog import Dialogs
from tk_streamer.window.form import Form
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.keyboard import Keyboard
from tk_streamer.window.menu_bar import LANGUAGE_NAMES, Command, MenuBar
from tk_streamer.window.panels.actions import ActionPanel
from tk_streamer.window.panels.level import LevelPanel
from tk_streamer.window.preferences import Preferences, PreferenceStore
from tk_streamer.window.presentation import state_view
from tk_streamer.window.theme import Theme
from tk_streamer.window.words import Language

# 15 times per second, so that the meter moves smoothly.
POLL_MS = 66
# A second click within this time is the end of a double click, and does not stop what the first has started.
ACTION_PAUSE_SECONDS = 0.6
# The list of inputs is read again when the window gets the focus, at most this often.
LIST_PAUSE_SECONDS = 3.0
# After this time the window closes, whatever hangs; `Station.stop` takes less.
CLOSE_MS = 35_000


class MainWindow:
    """Everything in the root window.

    Args:
        root: The window, empty and with the theme applied.
        theme: Colours and scale.
        store: Saves the preferences.
        preferences: The first values of the form.
        token: The first value of the token's field.
        jobs: Runs what may block and is not a broadcast.
        broadcast: What the buttons start and stop.
    """

    def __init__(
        self,
        root: tkinter.Tk,
        theme: Theme,
        store: PreferenceStore,
        preferences: Preferences,
        token: str,
        jobs: JobThread,
        broadcast: Broadcast,
    ) -> None:
        self._root, self._theme = root, theme
        self._store, self._jobs, self._broadcast = store, jobs, broadcast
        language = Language(preferences.language) if preferences.language else Language.of_system()
        self._captions = Captions(language)
        self._action_at = self._listed_at = -ACTION_PAUSE_SECONDS - LIST_PAUSE_SECONDS
        self._is_quitting = False
        self._was_over: bool | None = None
        self._list_trouble: Trouble | None = None
        self._dialogs = Dialogs(root, theme, self._captions)
        root.report_callback_exception = self._on_fault
        self._build(preferences, token)
        root.bind("<Return>", lambda _event: self.start())
        root.bind("<KP_Enter>", lambda _event: self.start())
        root.bind("<FocusIn>", self._on_focus)
        root.protocol("WM_DELETE_WINDOW", self.close)
        if root.tk.call("tk", "windowingsystem") == "aqua":
            # Quit in the menu that macOS makes would otherwise end the program without a question.
            root.createcommand("::tk::mac::Quit", self.close)
        self._poll()

    def start(self) -> None:
        """Start a broadcast with the values of the form, unless one is running."""
        if not self._broadcast.status().phase.is_over or not self._claim_action():
            return
        self._save_preferences()
        self._broadcast.start(self._station_settings(), self._preferences.device_name)

    def stop(self) -> None:
        """End the broadcast, or the attempt to start one."""
        if self._claim_action():
            self._broadcast.stop()

    def toggle_mute(self) -> None:
        """Mute the broadcast, or let it be heard again."""
        status = self._broadcast.status()
        if not status.phase.is_over:
            self._broadcast.set_muted(not status.is_muted)

    def refresh(self) -> None:
        """Read the list of inputs again, unless one of them is broadcast.

        The preview is interrupted: PortAudio sees no new input while one is open.
        """
        if self._broadcast.status().phase.is_over:
            self._listed_at = time.monotonic()
            self._broadcast.stop_preview(stopped=self._list_inputs)

    def close(self) -> None:
        """Close the window; ask first while a broadcast is running."""
        if self._broadcast.status().phase.is_over:
            self.quit()
            return
        self._dialogs.ask("quit", self.quit)

    def quit(self) -> None:
        """End the broadcast properly and close the window, without a question."""
        if not self._is_quitting:
            self._is_quitting = True
            self._save_preferences()
            self._broadcast.stop(stopped=self._root.destroy)
            self._root.after(CLOSE_MS, self._root.destroy)

    @property
    def _preferences(self) -> Preferences:
        return replace(self._form.values, gain_db=self._level.gain_db)

    def _station_settings(self) -> StationSettings:
        return station_settings(self._preferences, self._form.token, datetime.now())

    def _build(self, preferences: Preferences, token: str) -> None:
        theme, captions, px = self._theme, self._captions, self._theme.px
        title = tkinter.StringVar(self._root, preferences.title)
        self._banner = Banner(self._root, theme)
        self._banner.grid(row=0, column=0, sticky="ew")
        self._content = ttk.Frame(self._root, padding=(px(20), px(8), px(20), px(8)))
        self._content.grid(row=1, column=0, sticky="nsew")
        self._level = LevelPanel(
            self._content,
            theme,
            captions,
            preferences.gain_db,
            on_gain=self._broadcast.set_gain,
        )
        self._form = Form(
            self._content,
            theme,
            captions,
            preferences,
            token,
            title,
            on_refresh=self.refresh,
            on_sound=self._show_preview,
        )
        self._air = Air(
            self._content,
            theme,
            captions,
            title,
            on_rename=self._broadcast.set_title,
            on_play=self._broadcast.set_now_playing,
            on_save=self._save_qr,
            on_open=self._submit,
        )
        self._foot = ActionPanel(
            self._content,
            theme,
            captions,
            on_action=self._toggle_broadcast,
            on_settings=lambda: self._form.show_settings(not self._form.has_settings),
            on_mute=self.toggle_mute,
            on_language=self._toggle_language,
        )
        self._level.grid(row=0, column=0, sticky="ew")
        for view in (self._form, self._air):
            view.grid(row=1, column=0, sticky="nsew", pady=(px(8), px(8)))
        self._foot.grid(row=2, column=0, sticky="ew")
        self._content.columnconfigure(0, weight=1)
        self._content.rowconfigure(1, weight=1)
        self._root.columnconfigure(0, weight=1)
        self._root.rowconfigure(1, weight=1)
        self._build_menu()
        self._keep_room()
        self._form.show_settings(False)
        captions.on_language(self._keep_room)
        self._form.focus_first()

    def _keep_room(self) -> None:
        """Keep the room of the larger state, settings and all: the window never changes its own size."""
        had_settings, views = self._form.has_settings, (self._form, self._air)
        self._form.show_settings(True)
        self._root.update_idletasks()
        height_px = max(view.winfo_reqheight() for view in views) + self._theme.px(16)
        self._content.rowconfigure(1, minsize=height_px)
        self._content.columnconfigure(0, minsize=max(view.winfo_reqwidth() for view in views))
        self._form.show_settings(had_settings)

    def _build_menu(self) -> None:
        commands: Sequence[Command] = (
            ("sound.refresh", "F5", self.refresh),
            None,
            ("link.copy.menu", "l", self._air.link.copy),
            ("link.open.menu", "o", self._air.link.open),
            ("link.save", "s", self._air.link.save),
            None,
            ("level.mute.menu", "u", self.toggle_mute),
            None,
            ("menu.quit", "q", self.close),
        )
        keyboard = Keyboard(self._root)
        MenuBar(self._root, self._captions, keyboard, commands, on_language=self._switch_language)

    def _poll(self) -> None:
        self._root.after(POLL_MS, self._poll)  # first: an exception below does not end the polling
        self._jobs.run_callbacks()
        self._broadcast.run_callbacks()
        if _exists(self._root):
            self._show(self._broadcast.status())

    def _show(self, status: BroadcastStatus) -> None:
        now_seconds = time.time()
        view = state_view(status, self._captions.words, now_seconds)
        self._banner.show(view)
        if self._root.title() != view.window_title:
            self._root.title(view.window_title)
        self._level.show(status, now_seconds)
        is_over = status.phase.is_over
        if is_over != self._was_over:
            self._was_over = is_over
            shown, other = (self._form, self._air) if is_over else (self._air, self._form)
            other.grid_remove()
            shown.grid()
            if is_over:
                # The list of inputs is as old as the broadcast that has ended.
                self.refresh()
        if is_over:
            self._form.show_trouble(status.trouble)
            self._form.show_sound_trouble(self._list_trouble or self._broadcast.preview_trouble)
        else:
            self._air.show(status)
        self._foot.show(status, can_act=self._can_act, has_settings=self._form.has_settings)

    def _toggle_broadcast(self) -> None:
        phase = self._broadcast.status().phase
        if phase.is_over:
            self.start()
        elif phase in (Phase.ON_AIR, Phase.RECONNECTING):
            self._dialogs.ask("end", self.stop)
        else:
            self.stop()

    @property
    def _can_act(self) -> bool:
        return not self._is_quitting and time.monotonic() - self._action_at >= ACTION_PAUSE_SECONDS

    def _claim_action(self) -> bool:
        """Return whether a click counts; if so, the next click within `ACTION_PAUSE_SECONDS` does not."""
        if not self._can_act:
            return False
        self._action_at = time.monotonic()
        return True

    def _save_preferences(self) -> None:
        preferences, token = self._preferences, self._form.token
        self._jobs.submit(
            lambda: self._store.save(preferences, token),
            failed=lambda error: self._dialogs.show_error("error.preferences", error),
        )

    def _save_qr(self, link: str, path: Path) -> None:
        self._jobs.submit(
            lambda: qr.save_png(link, path),
            done=lambda _nothing: self._air.link.show_saved(),
            failed=lambda error: self._dialogs.show_error("error.save", error),
        )

    def _submit(self, job: Callable[[], object]) -> None:
        self._jobs.submit(job, failed=lambda error: self._dialogs.show_error("error.unexpected", error))

    def _list_inputs(self) -> None:
        self._listed_at = time.monotonic()
        self._jobs.submit(list_inputs, done=self._on_devices, failed=self._on_no_devices)

    def _on_devices(self, devices: Sequence[InputDevice]) -> None:
        self._list_trouble = None
        self._form.show_devices(devices)
        if not self._broadcast.has_preview:
            self._show_preview()

    def _on_no_devices(self, error: Exception) -> None:
        if isinstance(error, SoundError):
            self._list_trouble = Trouble.of_error(error)
        else:
            self._list_trouble = Trouble.of_code("unexpected", bounded(str(error)))
        self._form.show_devices([])

    def _show_preview(self) -> None:
        """Show how loud the chosen input is, unless it is broadcast."""
        if self._broadcast.status().phase.is_over and not self._is_quitting:
            self._broadcast.show_preview(self._station_settings(), self._preferences.device_name)

    def _on_focus(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        """Read the list of inputs again: the user may have plugged in a microphone meanwhile."""
        has_paused = time.monotonic() - self._listed_at > LIST_PAUSE_SECONDS
        if event.widget is self._root and has_paused and self._broadcast.status().phase.is_over:
            # Beside the preview: those of PulseAudio and PipeWire are seen, ALSA's own when it is refreshed.
            self._list_inputs()

    def _toggle_language(self) -> None:
        others = [each for each in LANGUAGE_NAMES if each is not self._captions.words.language]
        self._switch_language(others[0])

    def _switch_language(self, language: Language) -> None:
        self._captions.set_language(language)
        self._show(self._broadcast.status())

    def _on_fault(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show an exception of a callback, which is a fault of this program; the window stays open."""
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        if isinstance(error, Exception) and _exists(self._root):
            self._dialogs.show_error("error.unexpected", error)


def _exists(root: tkinter.Tk) -> bool:
    """Return whether the window has not been destroyed."""
    try:
        return bool(root.winfo_exists())
    except tkinter.TclError:
        return False
