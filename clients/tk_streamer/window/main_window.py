"""The window: puts the panels together, polls the broadcast, and hands each panel what it shows.

The window decides what a click means. It never blocks: `Broadcast` and `JobThread` return at once.
"""

import sys
import time
import tkinter
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from tkinter import ttk
from types import TracebackType

from tk_streamer.audio.devices import list_inputs
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.errors import SoundError, bounded
from tk_streamer.trouble import Trouble
from tk_streamer.window import qr
from tk_streamer.window.banner import Banner
from tk_streamer.window.broadcast import Broadcast, station_settings
from tk_streamer.window.captions import Captions
from tk_streamer.window.dialog import Dialog
from tk_streamer.window.form import Form
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.keyboard import Keyboard
from tk_streamer.window.menu_bar import LANGUAGE_NAMES, Command, MenuBar
from tk_streamer.window.panels.level import LevelPanel
from tk_streamer.window.panels.link import LinkPanel
from tk_streamer.window.panels.playing import PlayingPanel
from tk_streamer.window.preferences import Preferences, PreferenceStore
from tk_streamer.window.presentation import state_view
from tk_streamer.window.theme import Theme, stack
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
        self._was_over = False
        self._dialog: Dialog | None = None
        root.report_callback_exception = self._on_fault
        self._build(preferences, token)
        root.bind("<Return>", lambda _event: self.start())
        root.bind("<KP_Enter>", lambda _event: self.start())
        root.bind("<FocusIn>", self._on_focus)
        root.protocol("WM_DELETE_WINDOW", self.close)
        if root.tk.call("tk", "windowingsystem") == "aqua":
            # Quit in the menu that macOS makes for the program would otherwise end it without a question.
            root.createcommand("::tk::mac::Quit", self.close)
        self._poll()

    def start(self) -> None:
        """Start a broadcast with the values of the form, unless one is running."""
        if not self._broadcast.status().phase.is_over or not self._claim_action():
            return
        self._save_preferences()
        preferences = self._form.preferences
        settings = station_settings(preferences, self._form.token, datetime.now())
        self._broadcast.start(settings, preferences.device_name)

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
        """Read the list of inputs again, unless an input is in use."""
        if self._broadcast.status().phase.is_over:
            self._listed_at = time.monotonic()
            self._jobs.submit(list_inputs, done=self._form.show_devices, failed=self._on_no_devices)

    def close(self) -> None:
        """Close the window; ask first while a broadcast is running."""
        if self._broadcast.status().phase.is_over:
            self.quit()
            return
        self._ask("quit", self.quit)

    def quit(self) -> None:
        """End the broadcast properly and close the window, without a question."""
        if not self._is_quitting:
            self._is_quitting = True
            self._save_preferences()
            self._broadcast.stop(stopped=self._root.destroy)
            self._root.after(CLOSE_MS, self._root.destroy)

    def _build(self, preferences: Preferences, token: str) -> None:
        px, captions = self._theme.px, self._captions
        self._banner = Banner(self._root, self._theme)
        self._banner.grid(row=0, column=0, columnspan=2, sticky="ew")
        self._form = Form(
            self._root,
            self._theme,
            captions,
            preferences,
            token,
            on_action=self._toggle_broadcast,
            on_refresh=self.refresh,
            on_language=self._toggle_language,
            on_rename=self._broadcast.set_title,
        )
        self._form.grid(row=1, column=0, sticky="nsew")
        right = ttk.Frame(self._root, padding=(0, px(20), px(20), px(20)))
        right.grid(row=1, column=1, sticky="nsew")
        self._link = LinkPanel(right, self._theme, captions, on_save=self._save_qr, on_open=self._submit)
        self._level = LevelPanel(right, self._theme, captions, on_mute=self.toggle_mute)
        self._playing = PlayingPanel(right, self._theme, captions, on_play=self._broadcast.set_now_playing)
        stack(right, (self._link, self._level, self._playing), px(18))
        for column in (0, 1):
            self._root.columnconfigure(column, weight=1, uniform="half")
        self._root.rowconfigure(1, weight=1)
        commands: Sequence[Command] = (
            ("sound.refresh", "F5", self.refresh),
            None,
            ("link.copy.menu", "l", self._link.copy),
            ("link.open.menu", "o", self._link.open),
            ("link.save", "s", self._link.save),
            None,
            ("level.mute.menu", "u", self.toggle_mute),
            None,
            ("menu.quit", "q", self.close),
        )
        MenuBar(self._root, captions, Keyboard(self._root), commands, on_language=self._switch_language)
        self._form.focus_first()

    def _poll(self) -> None:
        # This comes first, so that an exception below does not end the polling.
        self._root.after(POLL_MS, self._poll)
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
        self._form.show_phase(status.phase, can_act=self._can_act)
        is_over = status.phase.is_over
        if is_over and not self._was_over:
            # The list of inputs is as old as the broadcast that has ended.
            self.refresh()
        self._was_over = is_over
        has_stream = status.credentials is not None and not is_over
        self._link.show(status.credentials if has_stream else None)
        self._playing.set_enabled(has_stream)

    def _toggle_broadcast(self) -> None:
        phase = self._broadcast.status().phase
        if phase.is_over:
            self.start()
        elif phase in (Phase.ON_AIR, Phase.RECONNECTING):
            self._ask("end", self.stop)
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
        preferences, token = self._form.preferences, self._form.token
        self._jobs.submit(
            lambda: self._store.save(preferences, token),
            failed=lambda error: self._show_error("error.preferences", error),
        )

    def _save_qr(self, link: str, path: Path) -> None:
        self._jobs.submit(
            lambda: qr.save_png(link, path),
            done=lambda _nothing: self._link.show_saved(),
            failed=lambda error: self._show_error("error.save", error),
        )

    def _submit(self, job: Callable[[], object]) -> None:
        self._jobs.submit(job, failed=lambda error: self._show_error("error.unexpected", error))

    def _on_no_devices(self, error: Exception) -> None:
        if isinstance(error, SoundError):
            trouble = Trouble.of_error(error)
        else:
            trouble = Trouble.of_code("unexpected", bounded(str(error)))
        self._form.show_devices([], trouble)

    def _on_focus(self, event: "tkinter.Event[tkinter.Misc]") -> None:
        """Read the list of inputs again: the user may have plugged in a microphone meanwhile."""
        if event.widget is self._root and time.monotonic() - self._listed_at > LIST_PAUSE_SECONDS:
            self.refresh()

    def _toggle_language(self) -> None:
        others = [each for each in LANGUAGE_NAMES if each is not self._captions.words.language]
        self._switch_language(others[0])

    def _switch_language(self, language: Language) -> None:
        self._captions.set_language(language)
        self._show(self._broadcast.status())

    @property
    def _has_dialog(self) -> bool:
        return self._dialog is not None and bool(self._dialog.winfo_exists())

    def _ask(self, key: str, on_yes: Callable[[], None]) -> None:
        """Ask before what cannot be undone; `key` begins those of the phrases."""
        if self._has_dialog:
            return
        words = self._captions.words
        self._dialog = Dialog(
            self._root,
            self._theme,
            title=words.phrase(f"{key}.title"),
            text=words.phrase(f"{key}.text"),
            no=words.phrase("quit.no"),
            yes=words.phrase(f"{key}.yes"),
            on_yes=on_yes,
        )

    def _show_error(self, key: str, error: Exception) -> None:
        # One dialog at a time, because an error may repeat with each poll.
        if self._has_dialog:
            return
        words = self._captions.words
        reason = bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        self._dialog = Dialog(
            self._root,
            self._theme,
            title=words.phrase("error.title"),
            text=words.phrase(key, reason=reason),
            no=words.phrase("error.close"),
        )

    def _on_fault(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show an exception of a callback, which is a fault of this program; the window stays open."""
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        if isinstance(error, Exception) and _exists(self._root):
            self._show_error("error.unexpected", error)


def _exists(root: tkinter.Tk) -> bool:
    """Return whether the window has not been destroyed."""
    try:
        return bool(root.winfo_exists())
    except tkinter.TclError:
        return False
