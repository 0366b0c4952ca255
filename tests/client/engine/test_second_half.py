"""During a broadcast: the sound muted, another title, and what is said after the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.engine.fake_server import STREAM_ID, FakeServer, broadcasting, wait_for
from tests.client.sound import decode
from tk_streamer.engine.broadcast_state import Phase

pytestmark = pytest.mark.realtime

EDIT = f"PATCH /api/streams/{STREAM_ID}"
LIVE = {"live": True, "state": "live", "listeners": 2, "listener_peak": 5, "muted": False}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


def edits(server: FakeServer) -> list[object]:
    return [body for request, key, body in server.requests if (request, key) == (EDIT, "Bearer the-key")]


def test_muted_sound_never_leaves_and_is_told_until_the_server_knows(
    server: FakeServer, tmp_path: Path
) -> None:
    server.state = LIVE
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR and now.seconds_sent > 1)
        station.set_muted(True)
        assert station.status().is_muted
        # The server says again and again that it is not, as after a new connection.
        wait_for(station, lambda _: edits(server) == [{"muted": True}] * 3)
        server.state = {**LIVE, "muted": True}
        status = wait_for(station, lambda now: now.level.peak_dbfs < -60)
        muted_at = status.seconds_sent
        wait_for(station, lambda now: now.seconds_sent > muted_at + 1)
        station.set_muted(False)
        wait_for(station, lambda _: edits(server)[-1] == {"muted": False})
        # Until the server has forgotten it, nothing is heard, whatever is sent.
        assert station.status().is_muted
        server.state = LIVE
        wait_for(station, lambda now: not now.is_muted and now.level.peak_dbfs > -20)
        wait_for(station, lambda now: now.seconds_sent > muted_at + 3)
    (body,) = server.bodies
    (tmp_path / "sent.opus").write_bytes(body)
    left = decode(tmp_path / "sent.opus")[0]
    tenths = [max(map(abs, left[at : at + 4_800])) for at in range(0, len(left) - 4_800, 4_800)]
    assert min(tenths[:5]) > 1_000
    silent = [tenth < 3 for tenth in tenths]
    assert sum(silent) >= 10
    assert not silent[-1]


def test_a_mute_of_the_control_page_is_shown_and_can_be_taken_back(server: FakeServer) -> None:
    server.state = {**LIVE, "muted": True}
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.is_muted)
        assert edits(server) == []
        station.set_muted(False)
        wait_for(station, lambda _: edits(server) == [{"muted": False}])


def test_another_title_is_sent_once_and_goes_into_the_next_connection(server: FakeServer) -> None:
    server.state = LIVE
    with broadcasting(server, title="First") as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        station.set_title("Second half")
        wait_for(station, lambda _: edits(server) == [{"title": "Second half"}])
        server.hang_up()
        wait_for(station, lambda now: len(server.bodies) == 2 and now.phase is Phase.ON_AIR)
        assert edits(server) == [{"title": "Second half"}]
    assert b"TITLE=First" in server.bodies[0]
    assert b"TITLE=Second half" in server.bodies[1]


def test_after_the_end_it_says_how_long_it_was_and_how_many_listened(server: FakeServer) -> None:
    server.state = LIVE
    with broadcasting(server) as station:
        assert station.status().aired_seconds is None
        status = wait_for(station, lambda now: now.listener_peak == 5)
        assert status.listeners == 2
        wait_for(station, lambda now: (now.aired_seconds or 0) > 1)
        # A server that was started anew counts from the beginning.
        server.state = {**LIVE, "listener_peak": 1}
        wait_for(station, lambda now: (now.aired_seconds or 0) > 3)
        assert station.stop()
    over = station.status()
    assert (over.phase, over.listener_peak) == (Phase.STOPPED, 5)
    assert over.aired_seconds is not None
    assert 3 < over.aired_seconds < 30
