"""A broadcast to a fake server: each response, each loss, and what the user is shown."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiocast.ogg.headers import OpusTags
from tests.client.engine.fake_server import (
    SECONDS,
    STREAM_ID,
    FakeServer,
    broadcasting,
    tone_source,
    wait_for,
)
from tests.support.audio.capture import Capture
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.sources import LimitedSource
from tk_streamer.engine import broadcast_state
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import Station, StationSettings

pytestmark = pytest.mark.realtime


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


def test_a_broadcast_from_begin_to_end(server: FakeServer) -> None:
    with broadcasting(server, title="Größe", token="a token", bitrate_bps=64_000) as station:
        current = wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        assert current.credentials is not None
        assert current.credentials.stream_id == STREAM_ID
        assert current.on_air_since == pytest.approx(time.time(), abs=SECONDS)
        assert current.input_name == "tone"
        assert wait_for(station, lambda now: now.seconds_sent > 1).bytes_sent > 8_000
        assert station.stop()
    assert station.status().phase is Phase.STOPPED
    assert server.requests[0] == ("POST /api/start", "Bearer a token", {"title": "Größe"})
    assert server.requests[-1][:2] == (f"DELETE /api/streams/{STREAM_ID}", "Bearer the-key")
    (body,) = server.bodies
    capture = Capture.parse(body)
    assert capture.pages[-1].is_eos
    assert OpusTags.parse(capture.pages[1].body).comments == ("TITLE=Größe",)
    # Its own count is what the server has got.
    assert station.status().bytes_sent == len(body)


def test_it_is_not_on_the_air_before_the_server_says_so(server: FakeServer) -> None:
    server.state = {"live": False, "state": "waiting"}
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.seconds_sent > 1)
        assert station.status().phase is Phase.CONNECTING
        server.state = {"live": True, "state": "live", "listeners": 7}
        assert wait_for(station, lambda now: now.phase is Phase.ON_AIR).listeners == 7
        server.state = {"live": False, "state": "held"}
        current = wait_for(station, lambda now: now.phase is not Phase.ON_AIR)
        assert (current.phase, current.listeners) == (Phase.RECONNECTING, None)
        assert current.trouble is not None
        assert current.trouble.code == "unconfirmed"


def test_it_tells_who_has_listened(server: FakeServer) -> None:
    server.audience = {"curve": [[100, 2.5]], "listening_hours": 7.5}
    with broadcasting(server) as station:
        audience = wait_for(station, lambda now: bool(now.audience.minutes)).audience
        assert (audience.means, audience.listening_hours) == ((2.5,), 7.5)
    assert server.audience_key == "Bearer the-key"


def test_the_end_of_the_sound_ends_the_stream(server: FakeServer) -> None:
    station = Station(StationSettings(server.url), LimitedSource(tone_source(), 1.0))
    station.start()
    assert station.wait(SECONDS)
    assert station.status().phase is Phase.STOPPED
    assert station.status().seconds_sent == pytest.approx(1.0, abs=0.01)
    assert server.requests[-1][0] == f"DELETE /api/streams/{STREAM_ID}"


@pytest.mark.parametrize(
    ("status", "code", "has_token", "told"),
    [
        (401, "token_needed", False, "token_needed"),
        (401, "token_needed", True, "token_refused"),
        (403, "id_needs_token", False, "id_needs_token"),
        (404, "", False, "not_audiocast"),
        (308, "", False, "redirected"),
    ],
)
def test_a_start_that_is_refused_for_good_is_told(
    server: FakeServer, status: int, code: str, has_token: bool, told: str
) -> None:
    server.start_answer = status, {"error": code, "message": "words"}
    with broadcasting(server, token="x" if has_token else "") as station:
        assert station.wait(SECONDS)
        current = station.status()
    assert current.phase is Phase.FAILED
    assert current.trouble is not None
    assert current.trouble.code == told
    assert len(server.requests) == 1


def test_a_full_server_is_asked_again(server: FakeServer) -> None:
    server.start_answer = 503, {"error": "server_full", "message": "words"}
    with broadcasting(server) as station:
        current = wait_for(station, lambda now: now.retry_in_seconds is not None)
        assert current.phase is Phase.CONNECTING
        assert current.trouble is not None
        assert current.trouble.code == "server_full"
        server.start_answer = None
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "bad_key"), (409, "taken_over"), (410, "stream_ended"), (415, "refused")]
)
def test_a_refusal_for_good_while_on_the_air_ends_it(server: FakeServer, status: int, code: str) -> None:
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.refuse_sources(status, code)
        assert station.wait(SECONDS)
        current = station.status()
    assert current.phase is Phase.FAILED
    assert current.trouble is not None
    assert current.trouble.code == code
    # What another broadcaster has now is not ours to end.
    assert not any(request.startswith("DELETE") for request, *_ in server.requests)


def test_a_connection_that_breaks_comes_back_under_the_same_stream_and_key(server: FakeServer) -> None:
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.hang_up()
        wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
    starts = [request for request, *_ in server.requests if request == "POST /api/start"]
    sources = {(request, key) for request, key, _ in server.requests if "/ingest/" in request}
    assert len(starts) == 1
    assert sources == {(f"POST /ingest/{STREAM_ID}", "Bearer the-key")}
    serials = {Capture.parse(body).pages[0].serial for body in server.bodies}
    assert len(serials) == 2


def test_what_is_captured_while_away_is_dropped_and_counted(server: FakeServer) -> None:
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.takes_sources = False
        server.hang_up()
        away_at = time.monotonic()
        wait_for(station, lambda now: now.dropped_seconds > 1)
        server.takes_sources = True
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        away_seconds = time.monotonic() - away_at
        dropped_seconds = station.status().dropped_seconds
        wait_for(station, lambda now: now.seconds_sent > 3)
        assert station.status().dropped_seconds == dropped_seconds
    assert dropped_seconds < away_seconds


def test_a_server_that_reads_nothing_is_not_believed(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_state, "CONFIRMATION_VALID_SECONDS", 1.0)
    monkeypatch.setattr(broadcast_state, "CONFIRMATION_TIMEOUT_SECONDS", 3.0)
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.freeze()
        current = wait_for(station, lambda now: now.phase is not Phase.ON_AIR)
        assert current.phase is Phase.RECONNECTING
        assert wait_for(station, lambda now: now.retry_in_seconds is not None).trouble is not None
        server.thaw()
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)


def test_a_server_that_drains_gets_a_second_connection_before_the_first_one_goes(server: FakeServer) -> None:
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.state = {"live": True, "state": "live", "draining": True}
        deadline = time.monotonic() + SECONDS
        while len(server.bodies) < 2:
            assert time.monotonic() < deadline
            assert station.status().phase is Phase.ON_AIR
            time.sleep(0.01)
        server.state = {"live": True, "state": "live"}
        wait_for(station, lambda now: now.seconds_sent > 4)
        assert station.status().phase is Phase.ON_AIR
        assert server.most_sources_at_once == 2
        # The old one went when the new one was heard: a second of 12 kB and more.
        assert server.sizes_at_ends[0][1] > 12_000
        assert station.status().dropped_seconds == 0
        assert station.stop()
    old, new = (Capture.parse(body) for body in server.bodies)
    # Every packet is in one of the two, and in one only; the last one of the end is the new one's.
    encoded = station_packets(len(old.packets) + len(new.packets))
    assert list(old.packets) + list(new.packets) == encoded


def station_packets(count: int) -> list[bytes]:
    """Return what the encoder makes of the tone that `tone_source` is."""
    source, encoder, control = tone_source(), OpusEncoder(), LevelControl(2, is_live=False)
    source.open(2)
    packets: list[bytes] = []
    # The last but one is in the limiter when the sound ends, and the last one in the encoder.
    while len(packets) < count - 2:
        block = source.read()
        assert block is not None
        packets += encoder.encode(control.process(block, 0.0))
    return packets + encoder.encode(control.flush()) + encoder.flush()


def test_a_server_that_restarts_is_left_at_once(server: FakeServer) -> None:
    with broadcasting(server) as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.refuse_sources(503, "shutting_down", times=1)
        wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        assert station.status().dropped_seconds < 1


def test_what_plays_is_told_at_once_and_again_to_a_new_connection(server: FakeServer) -> None:
    with broadcasting(server, title="Show") as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        station.set_now_playing("Song", "Band")
        told = (
            f"PUT /api/streams/{STREAM_ID}/metadata",
            "Bearer the-key",
            {"title": "Song", "artist": "Band"},
        )
        deadline = time.monotonic() + SECONDS
        while told not in server.requests:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.hang_up()
        wait_for(station, lambda now: now.phase is Phase.RECONNECTING)
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
    tags = [OpusTags.parse(Capture.parse(body).pages[1].body).comments for body in server.bodies]
    assert tags == [("TITLE=Show",), ("TITLE=Song", "ARTIST=Band")]


@pytest.mark.parametrize("moment", ["connecting", "on air", "reconnecting", "retrying a start"])
def test_stop_ends_all_threads_and_sockets_whenever_it_comes(server: FakeServer, moment: str) -> None:
    threads, sockets = set(threading.enumerate()), open_sockets()
    if moment == "retrying a start":
        server.start_answer = 503, {"error": "server_full", "message": "words"}
    with broadcasting(server) as station:
        if moment in ("on air", "reconnecting"):
            wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        if moment == "reconnecting":
            server.refuse_sources(503, "server_full")
        if moment in ("reconnecting", "retrying a start"):
            wait_for(station, lambda now: now.retry_in_seconds is not None)
        assert station.stop(SECONDS)
        assert station.stop(SECONDS)
        assert station.status().phase is Phase.STOPPED
        server.wait_until_idle()
        assert set(threading.enumerate()) - threads - server.threads == set()
        # The other ends are the stand-in's, which notices a moment later.
        deadline = time.monotonic() + SECONDS
        while open_sockets() > sockets:
            assert time.monotonic() < deadline, f"{open_sockets()} sockets are open, {sockets} were"
            time.sleep(0.02)


def open_sockets() -> int:
    links = (Path(f"/proc/self/fd/{each.name}") for each in Path("/proc/self/fd").iterdir())
    return sum(1 for link in links if link.is_symlink() and str(link.readlink()).startswith("socket:"))


def test_a_station_is_used_once(server: FakeServer) -> None:
    with broadcasting(server) as station, pytest.raises(RuntimeError, match="never started"):
        station.start()
    assert station.wait(0)


def test_a_copy_holds_what_was_sent_and_what_was_not(server: FakeServer, tmp_path: Path) -> None:
    with broadcasting(server, copy_path=tmp_path / "copy.opus") as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        server.takes_sources = False
        server.hang_up()
        dropped_seconds = wait_for(station, lambda now: now.dropped_seconds > 0.5).dropped_seconds
    copy = Capture.parse((tmp_path / "copy.opus").read_bytes())
    assert copy.pages[-1].is_eos
    assert copy.seconds > station.status().seconds_sent + dropped_seconds


def test_a_copy_that_cannot_be_written_is_told_and_does_no_harm(server: FakeServer, tmp_path: Path) -> None:
    with broadcasting(server, copy_path=tmp_path / "nowhere" / "copy.opus") as station:
        current = wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        assert current.trouble is not None
        assert current.trouble.code == "copy_failed"


def test_the_ffmpeg_program_serves_as_well(server: FakeServer) -> None:
    with broadcasting(server, encoder="ffmpeg", ffmpeg_filter="volume=0.5") as station:
        wait_for(station, lambda now: now.phase is Phase.ON_AIR and now.seconds_sent > 1)
        assert station.stop()
    assert Capture.parse(server.bodies[0]).pages[-1].is_eos


def test_an_encoder_that_fails_is_told_and_ends_it(server: FakeServer) -> None:
    with broadcasting(server, encoder="ffmpeg", ffmpeg_filter="no_such_filter") as station:
        assert station.wait(SECONDS)
        current = station.status()
    assert current.phase is Phase.FAILED
    assert current.trouble is not None
    assert current.trouble.code == "encoder_failed"
