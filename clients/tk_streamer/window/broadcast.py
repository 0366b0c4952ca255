"""The window's broadcasts, one after the other, each with a station of its own; previews in between. No Tk.

Everything here returns at once. What may block (the driver of a microphone, a folder on a slow disk, the end
of threads) is a job of a thread.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tk_streamer.audio.capture import Microphone
from tk_streamer.audio.level import Level
from tk_streamer.audio.presets import PRESETS
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.preview import Preview
from tk_streamer.engine.station import BroadcastStatus, Station, StationSettings
from tk_streamer.errors import bounded
from tk_streamer.trouble import Trouble
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.preferences import Preferences

MakeStation = Callable[[StationSettings, str], Station]
MakePreview = Callable[[StationSettings, str], Preview]


def station_with_microphone(settings: StationSettings, device_name: str) -> Station:
    """Return a station for an input; "" is the system's default."""
    return Station(settings, Microphone(device_name or None))


def preview_of_microphone(settings: StationSettings, device_name: str) -> Preview:
    """Return the preview of an input, with what the settings say of its sound; "" is the system's default."""
    return Preview(
        Microphone(device_name or None),
        channels=settings.channels,
        gain_db=settings.gain_db,
        cuts_lows=PRESETS[settings.preset].cuts_lows,
    )


def station_settings(preferences: Preferences, token: str, now: datetime) -> StationSettings:
    """Return the settings of a station.

    Args:
        preferences: The values of the form.
        token: API token, or "".
        now: Local time; it is part of the copy's name, so that no broadcast overwrites another.
    """
    name = now.strftime("audiocast %Y-%m-%d %H-%M-%S.opus")
    return StationSettings(
        server_url=preferences.server_url.strip(),
        token=token.strip(),
        title=preferences.title.strip(),
        visibility="private" if preferences.is_private else "public" if preferences.is_public else "",
        access_code="auto" if preferences.is_private else "",
        description=preferences.description.strip(),
        link=preferences.link.strip(),
        channels=preferences.channels,
        bitrate_bps=preferences.bitrate_kbps * 1_000,
        frame_ms=preferences.frame_ms,
        preset=preferences.preset,
        gain_db=preferences.gain_db,
        copy_path=Path(preferences.copy_folder, name).expanduser() if preferences.keeps_copy else None,
    )


class Broadcast:
    """Runs at most one station at a time, and while none runs at most one preview.

    Args:
        thread: Starts and stops stations. It has no other jobs, because a job that hangs (a browser, a disk)
            must not delay the end of a broadcast.
        make_station: Returns a station; called on that thread.
        make_preview: Returns a preview; called on that thread.
    """

    def __init__(
        self,
        thread: JobThread,
        make_station: MakeStation = station_with_microphone,
        make_preview: MakePreview = preview_of_microphone,
    ) -> None:
        self._thread = thread
        self._make_station = make_station
        self._make_preview = make_preview
        self._preview: Preview | None = None
        self._station: Station | None = None
        self._trouble: Trouble | None = None
        self._is_starting = self._is_stopping = False

    def start(self, settings: StationSettings, device_name: str) -> None:
        """Start a broadcast, unless the last one is not over."""
        if not self.status().phase.is_over:
            return
        self._is_starting = True
        self._trouble = None
        self._thread.submit(
            lambda: self._start(settings, device_name), done=self._on_started, failed=self._on_start_failed
        )

    def stop(self, stopped: Callable[[], None] | None = None) -> None:
        """End the broadcast properly.

        Args:
            stopped: Called in `run_callbacks` when all threads of the broadcast have ended.
        """
        self._is_stopping = True

        def done(_nothing: None) -> None:
            self._is_stopping = False
            if stopped:
                stopped()

        # This job runs after that of `start`, so that there is a station by then.
        self._thread.submit(self._end, done=done, failed=self._on_end_failed)

    def show_preview(self, settings: StationSettings, device_name: str) -> None:
        """Show how loud an input is, in the place of the last one; while a broadcast runs, do nothing."""
        self._thread.submit(
            lambda: self._open_preview(settings, device_name), failed=lambda error: self._fail(error)
        )

    def stop_preview(self, stopped: Callable[[], None]) -> None:
        """Let the input go; `stopped` is called in `run_callbacks` when it is closed."""
        self._thread.submit(
            self._close_preview, done=lambda _nothing: stopped(), failed=lambda error: self._fail(error)
        )

    @property
    def has_preview(self) -> bool:
        """Whether an input is shown, and there is no trouble with it."""
        preview = self._preview
        return preview is not None and preview.status().trouble is None

    @property
    def preview_trouble(self) -> Trouble | None:
        """Why the input cannot be shown."""
        preview = self._preview
        return preview.status().trouble if preview else None

    def set_gain(self, gain_db: float) -> None:
        """Turn the sound up or down, of the broadcast or of the preview."""
        for each in (self._station, self._preview):
            if each:
                each.set_gain(gain_db)

    def set_now_playing(self, title: str, artist: str) -> None:
        """Send what is playing to the listeners."""
        if self._station:
            self._station.set_now_playing(title, artist)

    def set_title(self, title: str) -> None:
        """Change the title for listeners."""
        if self._station:
            self._station.set_title(title)

    def set_muted(self, is_muted: bool) -> None:
        """Send silence and have listeners told, or the sound again."""
        if self._station:
            self._station.set_muted(is_muted)

    def run_callbacks(self) -> None:
        """Call back for what has started or ended since the last call."""
        self._thread.run_callbacks()

    def status(self) -> BroadcastStatus:
        """Return the status of the broadcast; without one, it is stopped and has the level of the preview."""
        status = self._status()
        preview = self._preview
        if preview is None or not status.phase.is_over:
            return status
        shown = preview.status()
        return replace(status, level=shown.level, is_input_lost=shown.is_input_lost)

    def _status(self) -> BroadcastStatus:
        if self._is_starting:
            return BroadcastStatus(Phase.STOPPING if self._is_stopping else Phase.CONNECTING)
        if self._trouble:
            return BroadcastStatus(Phase.FAILED, trouble=self._trouble)
        if not self._station:
            return BroadcastStatus(Phase.STOPPED)
        status = self._station.status()
        if status.phase.is_over:
            # Nothing is measured any more.
            status = replace(status, level=Level())
        return replace(status, phase=Phase.STOPPING) if self._is_stopping else status

    def _start(self, settings: StationSettings, device_name: str) -> None:
        self._end()
        if settings.copy_path:
            settings.copy_path.parent.mkdir(parents=True, exist_ok=True)
        station = self._make_station(settings, device_name)
        station.start()
        self._station = station

    def _end(self) -> None:
        self._close_preview()
        if self._station:
            self._station.stop()

    def _open_preview(self, settings: StationSettings, device_name: str) -> None:
        self._close_preview()
        if self._status().phase.is_over:
            self._preview = self._make_preview(settings, device_name)

    def _close_preview(self) -> None:
        preview, self._preview = self._preview, None
        if preview:
            preview.stop()

    def _on_started(self, _nothing: None) -> None:
        self._is_starting = False

    def _on_start_failed(self, error: Exception) -> None:
        self._is_starting = False
        code = "copy_failed" if isinstance(error, OSError) else "unexpected"
        self._trouble = Trouble.of_code(code, bounded(str(error)))

    def _on_end_failed(self, error: Exception) -> None:
        self._is_stopping = False
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._trouble = Trouble.of_code("unexpected", bounded(str(error)))
