"""The window's broadcasts, with a station that does what the test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from tk_streamer.audio.level import Level
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.preview import Preview, PreviewStatus
from tk_streamer.engine.station import BroadcastStatus, Station, StationSettings
from tk_streamer.trouble import Trouble
from tk_streamer.window.broadcast import Broadcast, station_settings
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.preferences import Preferences

DEADLINE_SECONDS = 10.0
SETTINGS = StationSettings("http://localhost:8000")


class FakeStation:
    """Is on air at once, and off air when it is stopped."""

    def __init__(self, log: list[str], may_stop: threading.Event) -> None:
        self._log, self._may_stop = log, may_stop
        self.phase = Phase.STOPPED

    def start(self) -> None:
        self._log.append("start")
        self.phase = Phase.ON_AIR

    def stop(self) -> None:
        self._may_stop.wait(DEADLINE_SECONDS)
        self._log.append("stop")
        self.phase = Phase.STOPPED

    def set_now_playing(self, title: str, artist: str) -> None:
        self._log.append(f"{artist}: {title}")

    def set_gain(self, gain_db: float) -> None:
        self._log.append(f"gain {gain_db:g}")

    def status(self) -> BroadcastStatus:
        return BroadcastStatus(self.phase)


class FakePreview:
    """Is as loud as the gain of its settings, until it is stopped."""

    def __init__(self, log: list[str], name: str, gain_db: float) -> None:
        self._log, self._name = log, name
        self.trouble: Trouble | None = None
        self.level = Level(peak_dbfs=gain_db)
        log.append(f"preview {name}")

    def set_gain(self, gain_db: float) -> None:
        self.level = Level(peak_dbfs=gain_db)

    def stop(self) -> bool:
        self._log.append(f"close {self._name}")
        return True

    def status(self) -> PreviewStatus:
        return PreviewStatus(self.level, self.trouble)


class BroadcastHarness:
    """A broadcast with its thread and the log of its stations."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.may_stop = threading.Event()
        self.may_stop.set()
        self.thread = JobThread()
        self.stations: list[FakeStation] = []
        self.error: Exception | None = None
        self.previews: list[FakePreview] = []
        self.broadcast = Broadcast(self.thread, self._make, self._make_preview)

    def _make(self, settings: StationSettings, device_name: str) -> Station:
        if self.error:
            raise self.error
        self.log.append(f"make {settings.server_url} {device_name}")
        self.stations.append(FakeStation(self.log, self.may_stop))
        return cast(Station, self.stations[-1])

    def _make_preview(self, settings: StationSettings, device_name: str) -> Preview:
        self.previews.append(FakePreview(self.log, device_name, settings.gain_db))
        return cast(Preview, self.previews[-1])

    @property
    def phase(self) -> Phase:
        return self.broadcast.status().phase

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{self.phase} {self.log}"
            self.broadcast.run_callbacks()
            threading.Event().wait(0.001)


@pytest.fixture
def harness() -> Iterator[BroadcastHarness]:
    harness = BroadcastHarness()
    yield harness
    harness.may_stop.set()
    assert harness.thread.close(DEADLINE_SECONDS)


def test_one_broadcast_from_start_to_end(harness: BroadcastHarness) -> None:
    assert harness.phase is Phase.STOPPED
    harness.broadcast.start(SETTINGS, "Mic")
    assert harness.phase is Phase.CONNECTING
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    harness.broadcast.set_now_playing("Song", "Band")
    harness.broadcast.stop()
    harness.wait(lambda: harness.phase is Phase.STOPPED)
    assert harness.log == ["make http://localhost:8000 Mic", "start", "Band: Song", "stop"]


def test_it_is_stopping_until_everything_has_ended(harness: BroadcastHarness) -> None:
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    harness.may_stop.clear()
    ended: list[bool] = []
    harness.broadcast.stop(stopped=lambda: ended.append(True))
    # The station's own word comes too early: its threads are still there.
    harness.stations[0].phase = Phase.STOPPED
    assert harness.phase is Phase.STOPPING
    assert not ended
    harness.may_stop.set()
    harness.wait(lambda: bool(ended))
    assert harness.phase is Phase.STOPPED


def test_a_second_start_is_no_second_station(harness: BroadcastHarness) -> None:
    harness.broadcast.start(SETTINGS, "")
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    harness.broadcast.start(SETTINGS, "")
    assert len(harness.stations) == 1


def test_a_stop_while_it_starts_stops_it(harness: BroadcastHarness) -> None:
    harness.broadcast.start(SETTINGS, "")
    harness.broadcast.stop()
    assert harness.phase is Phase.STOPPING
    harness.wait(lambda: harness.phase is Phase.STOPPED)
    assert harness.log[-1] == "stop"


def test_the_next_broadcast_has_a_station_of_its_own_and_the_last_one_is_cleared_away(
    harness: BroadcastHarness,
) -> None:
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    harness.stations[0].phase = Phase.FAILED
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    assert harness.log[2:] == ["stop", "make http://localhost:8000 ", "start"]


def test_the_input_is_shown_before_the_broadcast_and_let_go_for_it(harness: BroadcastHarness) -> None:
    harness.broadcast.show_preview(replace(SETTINGS, gain_db=-12.0), "Mic")
    harness.wait(lambda: harness.broadcast.has_preview)
    assert harness.broadcast.status() == BroadcastStatus(Phase.STOPPED, level=Level(peak_dbfs=-12.0))
    harness.broadcast.set_gain(3.0)
    assert harness.broadcast.status().level.peak_dbfs == 3.0
    harness.broadcast.start(SETTINGS, "Mic")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    harness.broadcast.set_gain(6.0)
    # Too late: it is on air.
    harness.broadcast.show_preview(SETTINGS, "Line")
    harness.broadcast.stop()
    harness.wait(lambda: harness.phase is Phase.STOPPED)
    assert harness.log == [
        "preview Mic",
        "close Mic",
        "make http://localhost:8000 Mic",
        "start",
        "gain 6",
        "stop",
    ]


def test_another_input_takes_the_place_of_the_last_one(harness: BroadcastHarness) -> None:
    harness.broadcast.show_preview(SETTINGS, "Mic")
    harness.broadcast.show_preview(SETTINGS, "Line")
    closed: list[bool] = []
    harness.broadcast.stop_preview(stopped=lambda: closed.append(True))
    harness.wait(lambda: bool(closed))
    assert harness.log == ["preview Mic", "close Mic", "preview Line", "close Line"]
    assert not harness.broadcast.has_preview


def test_an_input_that_cannot_be_shown_is_no_failure_of_a_broadcast(harness: BroadcastHarness) -> None:
    harness.broadcast.show_preview(SETTINGS, "Mic")
    harness.wait(lambda: bool(harness.previews))
    trouble = harness.previews[0].trouble = Trouble.of_code("device_busy")
    assert harness.broadcast.preview_trouble == trouble
    assert not harness.broadcast.has_preview
    assert harness.phase is Phase.STOPPED


@pytest.mark.parametrize(
    ("error", "code"), [(PermissionError("no"), "copy_failed"), (ValueError("oh"), "unexpected")]
)
def test_a_station_that_cannot_be_made_is_a_failure_with_a_reason(
    harness: BroadcastHarness, error: Exception, code: str
) -> None:
    harness.error = error
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.FAILED)
    trouble = harness.broadcast.status().trouble
    assert trouble is not None
    assert trouble.code == code
    harness.error = None
    harness.broadcast.start(SETTINGS, "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)


def test_the_folder_of_the_copy_is_made(harness: BroadcastHarness, tmp_path: Path) -> None:
    copy = tmp_path / "new" / "copy.opus"
    harness.broadcast.start(StationSettings("http://localhost:8000", copy_path=copy), "")
    harness.wait(lambda: harness.phase is Phase.ON_AIR)
    assert copy.parent.is_dir()


def test_settings_of_the_form() -> None:
    preferences = Preferences(
        server_url=" http://localhost:8000 ", title=" Evening ", bitrate_kbps=64, frame_ms=60, channels=1
    )
    settings = station_settings(preferences, " token ", datetime(2026, 1, 2, 3, 4, 5))
    assert settings == StationSettings(
        "http://localhost:8000", "token", "Evening", None, channels=1, bitrate_bps=64_000, frame_ms=60
    )


@pytest.mark.parametrize(
    ("is_public", "is_private", "visibility", "code"),
    [
        (False, False, "", ""),
        (True, False, "public", ""),
        (False, True, "private", "auto"),
        # As a file of preferences may have it.
        (True, True, "private", "auto"),
    ],
)
def test_who_may_listen(is_public: bool, is_private: bool, visibility: str, code: str) -> None:
    preferences = Preferences(is_public=is_public, is_private=is_private)
    settings = station_settings(preferences, "", datetime(2026, 1, 2, 3, 4, 5))
    assert (settings.visibility, settings.access_code) == (visibility, code)


def test_every_copy_has_a_name_of_its_own(tmp_path: Path) -> None:
    preferences = Preferences(keeps_copy=True, copy_folder=str(tmp_path))
    paths = [
        station_settings(preferences, "", datetime(2026, 1, 2, 3, 4, second)).copy_path for second in (5, 6)
    ]
    assert paths[0] == tmp_path / "audiocast 2026-01-02 03-04-05.opus"
    assert paths[0] != paths[1]
