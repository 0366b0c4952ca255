"""An address without a scheme is enough, and never sends a token in the clear over the internet."""

import pytest

from audiocast.server_addresses import candidate_urls
from tests.client.engine.fake_server import SECONDS, FakeServer, tone_source, wait_for
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import Station, StationSettings


@pytest.mark.parametrize(
    ("typed", "schemes"),
    [
        ("radio.example.org", "https"),
        ("radio.example.org:8443/", "https"),
        ("9.9.9.9:8000", "https"),
        ("[2a00:1450::5]:8000", "https"),
        ("localhost.example.org", "https"),
        ("localhost:8000", "http https"),
        ("192.168.1.5", "http https"),
        ("10.0.0.7:8000", "http https"),
        ("[fd00::5]:8000", "http https"),
        ("[::1]:8000", "http https"),
        ("studio-pc", "http https"),
        ("studio.local:8000", "http https"),
        (" 127.0.0.1:8000 ", "http https"),
    ],
)
def test_without_a_scheme(typed: str, schemes: str) -> None:
    host = typed.strip().rstrip("/")
    assert candidate_urls(typed) == [f"{scheme}://{host}" for scheme in schemes.split()]


@pytest.mark.parametrize("typed", ["http://radio.example.org", "https://10.0.0.1", "ftp://x", "", "[bad"])
def test_what_is_meant_as_it_is_or_is_none(typed: str) -> None:
    assert candidate_urls(typed) == ([f"https://{typed}"] if typed == "[bad" else [typed])


@pytest.mark.realtime
def test_a_broadcast_to_an_address_without_a_scheme() -> None:
    with FakeServer() as server:
        typed = server.url.removeprefix("http://")
        station = Station(StationSettings(typed), tone_source())
        station.start()
        try:
            status = wait_for(station, lambda now: now.phase is Phase.ON_AIR)
        finally:
            assert station.stop(SECONDS)
        assert status.credentials is not None
        assert status.credentials.server_url == server.url
