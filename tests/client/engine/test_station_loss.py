"""A broadcast to a real server that dies, and over a network that fails."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.client.engine.fake_server import SECONDS, tone_source, wait_for
from tests.client.proxy import Proxy
from tests.client.sound import decode, power_share
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import Station, StationSettings

pytestmark = pytest.mark.realtime

SECRET = {"SECRET_KEYS": "a secret of enough letters"}
AWAY_SECONDS = 5.0


def test_a_server_that_was_killed_gets_the_stream_back_under_the_same_link(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    with AudiocastServer(tmp_path / "first.log", **SECRET) as server:
        port = server.port
        station = Station(StationSettings(server.base), tone_source())
        station.start()
        credentials = wait_for(station, lambda now: now.phase is Phase.ON_AIR).credentials
        assert credentials is not None
        server.stop(signal.SIGKILL)
        killed_at = time.monotonic()
        status = wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
        assert time.monotonic() - killed_at < AWAY_SECONDS
        assert status.trouble is not None
        # As long as the issue says that a server may be away: the broadcaster tries again and again.
        wait_for(station, lambda now: now.dropped_seconds >= AWAY_SECONDS - 1.0)
        assert station.status().phase is Phase.RECONNECTING
        with AudiocastServer(tmp_path / "second.log", PORT=port, **SECRET) as second:
            second.wait_for_state(credentials.stream_id, "live")
            wait_for(station, lambda now: now.phase is Phase.ON_AIR)
            assert station.status().credentials == credentials
            with Listener(second.port, f"/stream/{credentials.stream_id}") as listener:
                listener.wait_for_audio(2.0)
            assert station.stop(SECONDS)
    heard = tmp_path / "heard.opus"
    heard.write_bytes(listener.body)
    assert power_share(decode(heard)[0], 440) > 0.95
    assert set(threading.enumerate()) == threads


def test_a_listener_that_stayed_hears_the_rest_after_the_network_was_away(tmp_path: Path) -> None:
    with (
        AudiocastServer(tmp_path / "server.log", **SECRET) as server,
        Proxy(server.port) as proxy,
    ):
        station = Station(StationSettings(proxy.url), tone_source())
        station.start()
        credentials = wait_for(station, lambda now: now.phase is Phase.ON_AIR).credentials
        assert credentials is not None
        with Listener(server.port, f"/stream/{credentials.stream_id}?preroll=0") as listener:
            listener.wait_for_audio(1.0)
            proxy.cut()
            wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
            server.wait_for_state(credentials.stream_id, "held")
            wait_for(station, lambda now: now.dropped_seconds >= AWAY_SECONDS - 1.0)
            proxy.mend()
            wait_for(station, lambda now: now.phase is Phase.ON_AIR)
            before = listener.capture().seconds
            listener.wait_for_audio(before + 2.0)
            assert station.stop(SECONDS)
            capture = listener.wait_for_end()
    capture.check_one_stream()
    assert capture.pages[-1].is_eos
    heard = tmp_path / "heard.opus"
    heard.write_bytes(listener.body)
    left, _ = decode(heard)
    assert power_share(left[-57_600:-9_600], 440) > 0.95
    assert station.status().credentials == credentials


def test_a_key_that_a_restart_has_made_worthless_ends_it_with_the_remedy(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "first.log") as server:
        port = server.port
        station = Station(StationSettings(server.base), tone_source())
        station.start()
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.stop(signal.SIGKILL)
        # Without SECRET_KEYS each server makes up its own.
        with AudiocastServer(tmp_path / "second.log", PORT=port):
            assert station.wait(SECONDS)
    status = station.status()
    assert status.phase is Phase.FAILED
    assert status.trouble is not None
    assert status.trouble.code == "bad_key"
    assert "SECRET_KEYS" in status.trouble.remedy


def test_a_server_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "first.log") as server:
        port, url = server.port, server.base
    station = Station(StationSettings(url), tone_source())
    station.start()
    status = wait_for(station, lambda now: now.retry_in_seconds is not None)
    assert status.phase is Phase.CONNECTING
    assert status.trouble is not None
    assert status.trouble.code == "connection_refused"
    with AudiocastServer(tmp_path / "second.log", PORT=port):
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        assert station.stop(SECONDS)


def test_a_stopped_server_is_not_believed(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", **SECRET) as server:
        station = Station(StationSettings(server.base), tone_source())
        station.start()
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        assert station.stop(SECONDS)
