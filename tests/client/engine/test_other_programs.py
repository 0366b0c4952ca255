"""Another program sends something else than Ogg Opus with the broadcast's key: the broadcaster is told."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.engine.fake_server import SECONDS, FakeServer, broadcasting, tone_source, wait_for
from tests.support.audio.media import OTHER_FORMATS
from tests.support.http.exchange import connect, read_answer
from tests.support.http.source import ingest_head
from tests.support.processes.server import AudiocastServer
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import Station, StationSettings
from tk_streamer.window.presentation import StateStyle, state_view
from tk_streamer.window.words import Language, Words

pytestmark = pytest.mark.realtime

# From the refusal to the words in the window.
MOST_SECONDS = 2.0


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("others")
    with AudiocastServer(folder / "server.log", MAX_INGEST_KBPS=600, INGEST_FORMATS="none") as server:
        station = Station(StationSettings(server.base), tone_source())
        station.start()
        try:
            wait_for(station, lambda now: now.phase is Phase.ON_AIR)
            yield station
        finally:
            assert station.stop(SECONDS)


@pytest.mark.parametrize(("make", "name"), OTHER_FORMATS)
def test_what_came_and_what_to_choose_is_said_within_two_seconds(
    station: Station, tmp_path: Path, make: Callable[[Path], Path], name: str
) -> None:
    credentials = station.status().credentials
    assert credentials is not None
    body = make(tmp_path).read_bytes()
    port = int(credentials.server_url.rpartition(":")[2])
    target = f"/ingest/{credentials.stream_id}?key={credentials.ingest_key}"
    with connect(port) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(ingest_head(target, "raw") + body)
        assert read_answer(connection).status == 415
    refused_at = time.monotonic()
    status = wait_for(
        station,
        lambda now: now.trouble is not None and name.lower() in now.trouble.detail.lower(),
        MOST_SECONDS,
    )
    print(f"{name}: said after {time.monotonic() - refused_at:.2f} s")
    assert status.phase is Phase.ON_AIR, "its own audio goes on"
    for language, remedy in ((Language.ENGLISH, "Choose Ogg Opus"), (Language.RUSSIAN, "Выберите в ней Ogg")):
        view = state_view(status, Words(language), time.time())
        assert view.style is StateStyle.ON_AIR
        assert name.lower() in view.detail.lower()
        assert remedy in view.detail


def test_it_is_said_for_as_long_as_the_server_says_it() -> None:
    with FakeServer() as server, broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.state = {
            **server.state,
            "last_refusal": {"code": "taken_over", "message": "its own", "at": 1.0},
        }
        server.state = {**server.state, "listeners": 3}
        assert wait_for(station, lambda now: now.listeners == 3).trouble is None, "not a matter of formats"
        refusal = {"code": "not_ogg_opus", "message": "expected Ogg Opus,\n\tgot MP3", "at": 2.0}
        server.state = {**server.state, "last_refusal": refusal}
        trouble = wait_for(station, lambda now: now.trouble is not None).trouble
        assert trouble is not None
        assert (trouble.code, trouble.detail) == ("other_format", "expected Ogg Opus, got MP3")
        server.state = {**server.state, "last_refusal": None}
        assert wait_for(station, lambda now: now.trouble is None).phase is Phase.ON_AIR
