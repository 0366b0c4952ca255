"""The window's broadcasts, one after the other: each has a station, started and stopped elsewhere. No Tk.

Everything here returns at once. What may block (a microphone's driver, a folder on a slow disk, the joining
of threads) is a job of the worker.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tk_streamer.audio.capture import Microphone
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus, Station, StationSettings
from tk_streamer.errors import bounded
from tk_streamer.trouble import Trouble
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.preferences import Preferences

MakeStation = Callable[[StationSettings, str], Station]


def station_with_microphone(settings: StationSettings, device_name: str) -> Station:
    """Make a station for an input; "" is the system's default."""
    return Station(settings, Microphone(device_name or None))


def station_settings(preferences: Preferences, token: str, now: datetime) -> StationSettings:
    """Give what the station needs of what the form holds.

    Args:
        preferences: The form.
        token: API token, or "".
        now: Local time; the copy is named by it, so that no broadcast overwrites another.
    """
    name = now.strftime("audiocast %Y-%m-%d %H-%M-%S.opus")
    return StationSettings(
        server_url=preferences.server_url.strip(),
        token=token.strip(),
        title=preferences.title.strip(),
        channels=preferences.channels,
        bitrate_bps=preferences.bitrate_kbps * 1_000,
        frame_ms=preferences.frame_ms,
        copy_path=Path(preferences.copy_folder, name).expanduser() if preferences.keeps_copy else None,
    )


class Broadcast:
    """At most one station at a time.

    Args:
        worker: Where stations start and stop. It has no other jobs, since an errand that hangs (a browser,
            a disk) must not keep anyone on air.
        make_station: Makes one; runs there too.
    """

    def __init__(self, worker: JobThread, make_station: MakeStation = station_with_microphone) -> None:
        self._worker = worker
        self._make_station = make_station
        self._station: Station | None = None
        self._trouble: Trouble | None = None
        self._is_starting = self._is_stopping = False

    def start(self, settings: StationSettings, device_name: str) -> None:
        """Begin; does nothing unless the last one is over."""
        if not self.status().phase.is_over:
            return
        self._is_starting = True
        self._trouble = None
        self._worker.submit(
            lambda: self._begin(settings, device_name), done=self._begun, failed=self._not_begun
        )

    def stop(self, stopped: Callable[[], None] | None = None) -> None:
        """End it properly.

        Args:
            stopped: Called (in `run_callbacks`) when nothing of it runs any more.
        """
        self._is_stopping = True

        def done(_nothing: None) -> None:
            self._is_stopping = False
            if stopped:
                stopped()

        # A job after the one of `start`: there is a station by then.
        self._worker.submit(self._end, done=done, failed=self._not_ended)

    def set_now_playing(self, title: str, artist: str) -> None:
        """Tell the listeners what is playing."""
        if self._station:
            self._station.set_now_playing(title, artist)

    def run_callbacks(self) -> None:
        """Call back about what has begun or ended since the last time."""
        self._worker.run_callbacks()

    def status(self) -> BroadcastStatus:
        """Give how it stands, before the first and after the last station too."""
        if self._is_starting:
            return BroadcastStatus(Phase.STOPPING if self._is_stopping else Phase.CONNECTING)
        if self._trouble:
            return BroadcastStatus(Phase.FAILED, trouble=self._trouble)
        if not self._station:
            return BroadcastStatus(Phase.STOPPED)
        status = self._station.status()
        return replace(status, phase=Phase.STOPPING) if self._is_stopping else status

    def _begin(self, settings: StationSettings, device_name: str) -> None:
        self._end()
        if settings.copy_path:
            settings.copy_path.parent.mkdir(parents=True, exist_ok=True)
        station = self._make_station(settings, device_name)
        station.start()
        self._station = station

    def _end(self) -> None:
        if self._station:
            self._station.stop()

    def _begun(self, _nothing: None) -> None:
        self._is_starting = False

    def _not_begun(self, error: Exception) -> None:
        self._is_starting = False
        code = "copy_failed" if isinstance(error, OSError) else "unexpected"
        self._trouble = Trouble.of_code(code, bounded(str(error)))

    def _not_ended(self, error: Exception) -> None:
        self._is_stopping = False
        self._trouble = Trouble.of_code("unexpected", bounded(str(error)))
