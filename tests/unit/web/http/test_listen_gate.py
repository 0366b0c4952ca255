"""A request's listen token is read once, and is good for as long as it is good."""

from types import SimpleNamespace
from typing import Any

import pytest

from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from audiocast.stream.keys import Keys
from audiocast.web.http.access.listen_gate import ListenGate
from tests.unit.web.http_request import request

SECRET = "a secret of this test"


class Station:
    """A gate of streams that are private, and how often tokens were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.revoked_ms = 0
        self.read = 0
        self.tokens = ListenTokens([SECRET])
        usual = ListenTokens.read

        def read(tokens: ListenTokens, stream_id: str, token: str) -> ListenClaims | None:
            self.read += 1
            return usual(tokens, stream_id, token)

        monkeypatch.setattr(ListenTokens, "read", read)
        private: Any = SimpleNamespace(
            is_private=lambda stream_id: True, revoked_at_ms=lambda stream_id: self.revoked_ms
        )
        node: Any = SimpleNamespace(private_listening=private)
        self.gate = ListenGate(self.tokens, Keys([SECRET]), node, [], now=lambda: self.now)


@pytest.fixture
def station(monkeypatch: pytest.MonkeyPatch) -> Station:
    return Station(monkeypatch)


def test_a_request_is_read_once_however_often_it_is_asked_about(station: Station) -> None:
    token = station.tokens.make("news", ListenClaims(500, number=1))
    asks = request(f"/stream/news?token={token}")
    for _ in range(4):
        assert not station.gate.is_hidden("news", asks)
        assert station.gate.claims_of("news", asks) is not None
        assert station.gate.seen_id("news", asks) == "news"
    assert station.read == 1
    bad = request("/stream/news?token=al1.x.y")
    assert [station.gate.is_hidden("news", bad) for _ in range(3)] == [True] * 3
    assert station.read == 2
    # It is one stream's, and one request's.
    assert station.gate.is_hidden("late", asks)
    assert not station.gate.is_hidden("news", request(f"/stream/news?token={token}"))


def test_what_ends_a_token_ends_it_for_a_request_that_goes_on(station: Station) -> None:
    token = station.tokens.make("news", ListenClaims(500_000, expires_at=2_000, number=1))
    asks = request(f"/stream/news?token={token}")
    assert not station.gate.is_hidden("news", asks)
    station.now = 2_000.0
    assert station.gate.is_hidden("news", asks)
    station.now = 1_999.0
    assert not station.gate.is_hidden("news", asks)
    station.revoked_ms = 500_001
    assert station.gate.is_hidden("news", asks)
    # Another token that the request has got since is another one.
    station.revoked_ms = 0
    asks.query_arguments["token"] = [b"al1.x.y"]
    assert station.gate.is_hidden("news", asks)
