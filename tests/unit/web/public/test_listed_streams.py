"""Lists for everybody: what nobody calls public is neither described nor merged, however much is on."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from audiocast.stream.counters import Counters
from audiocast.stream.keys import Claims, Visibility
from audiocast.web.http.services import Services
from audiocast.web.public import streams
from tests.unit.web.http_request import request

UNLISTED, PUBLIC = Visibility.UNLISTED, Visibility.PUBLIC


def snapshot(stream_id: str, visibility: Visibility | None, *, is_owner: bool = False) -> dict[str, Any]:
    return {"stream_id": stream_id, "visibility": visibility, "is_owner": is_owner, "state": "live"}


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The streams whose state was made."""
    described: list[str] = []

    def stream_state(hub: Any, _: object) -> dict[str, Any]:
        described.append(hub.stream_id)
        return snapshot(hub.stream_id, hub.claims.visibility, is_owner=hub.is_owner)

    monkeypatch.setattr(streams, "stream_state", stream_state)
    return described


async def listed(
    mine: dict[str, Visibility | None], others: list[dict[str, Any]], *, is_owner: bool = True
) -> list[str]:
    hubs = [
        SimpleNamespace(stream_id=name, claims=Claims(visibility=visibility), is_owner=is_owner)
        for name, visibility in mine.items()
    ]

    async def others_live() -> list[dict[str, Any]]:
        return others

    services = SimpleNamespace(
        api_tokens=(),
        node=None,
        directory=SimpleNamespace(others_live=others_live),
        streams=SimpleNamespace(live=lambda: hubs, counters=Counters()),
    )
    states = await streams.listed_streams(cast(Services, services), request())
    return [state["stream_id"] for state in states]


async def test_a_thousand_unlisted_streams_cost_nothing(described: list[str]) -> None:
    mine: dict[str, Visibility | None] = {f"s{number}": UNLISTED for number in range(1_000)}
    assert await listed({**mine, "shown": PUBLIC}, []) == ["shown"]
    assert described == ["shown"]


@pytest.mark.parametrize("mine", [None, UNLISTED])
async def test_the_owner_elsewhere_says_what_is_public(described: list[str], mine: Visibility | None) -> None:
    owner = [snapshot("news", PUBLIC, is_owner=True)]
    assert await listed({"news": mine, "other": mine}, owner, is_owner=False) == ["news"]
    assert described == ["news"]


async def test_the_owner_here_says_what_is_not_whatever_a_member_remembers(described: list[str]) -> None:
    assert await listed({"news": UNLISTED}, [snapshot("news", PUBLIC)]) == []
    assert described == ["news"], "it has the last word"
