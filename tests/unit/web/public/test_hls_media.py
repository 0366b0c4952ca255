"""HLS muxers and the clients who cause them: each is charged for as long as its muxer is there."""

from types import SimpleNamespace
from typing import cast

import pytest

from audiocast.hls import muxer as module
from audiocast.hls.muxer import IDLE_SECONDS, HlsMuxers
from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.hls_sessions import HlsSessions
from audiocast.stream.errors import ServerFull
from audiocast.stream.registry import Registry
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.clients import Budget, Clients, Holding, Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.services import Limits, Services
from audiocast.web.public.hls_media import PLAYLIST, local_answer
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.hub_harness import LIMITS, Broadcaster, HubHarness
from tests.unit.web.http_request import request

GREEDY, OTHER = "192.0.2.1", "192.0.2.2"
STREAMS = ("one", "two", "three")
BUDGET = 2


class Member:
    """What answers need of a member, with three streams on the air."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        streams = Registry(clock=self.clock, limits=LIMITS, max_streams=len(STREAMS))
        for stream_id in STREAMS:
            harness = HubHarness()
            harness.clock, harness.hub = self.clock, streams.open(stream_id)
            Broadcaster(harness).begin(range(100))
        budgets: dict[Budget, int] = dict.fromkeys((*Holding, *Rate), 0) | {Holding.HLS_MUXERS: BUDGET}
        self.muxers = HlsMuxers(self.clock)
        self.services = SimpleNamespace(
            streams=streams,
            now=self.clock.time,
            listen_gate=SimpleNamespace(seen_id=lambda stream_id, _: stream_id, claims_of=lambda *_: None),
            hls_muxers=self.muxers,
            audience=SimpleNamespace(
                hls_sessions=HlsSessions(Audience(self.clock), self.clock, streams.counters)
            ),
            clients=Clients(budgets, trusted_proxies=TrustedProxies([]), api_tokens=[], now=self.clock.time),
        )

    async def ask(self, stream_id: str, address: str) -> int:
        """Ask for a stream's playlist; give the status."""
        services, limits = cast(Services, self.services), cast(Limits, None)
        try:
            answer = await local_answer(services, limits, stream_id, PLAYLIST, {}, request(peer=address))
        except ApiError as error:
            return error.status
        except ServerFull:
            return 503
        return answer.status


@pytest.fixture
def member() -> Member:
    return Member()


async def test_a_client_may_have_another_when_one_of_its_own_has_ended(member: Member) -> None:
    assert [await member.ask(each, GREEDY) for each in STREAMS] == [200, 200, 429]
    member.clock.advance(IDLE_SECONDS + 1)
    assert len(member.muxers) == 0
    assert await member.ask("three", GREEDY) == 200


async def test_when_all_are_taken_the_client_with_the_most_gives_one_up(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HLS_MUXERS", BUDGET)
    assert [await member.ask(each, GREEDY) for each in STREAMS[:2]] == [200, 200]
    assert await member.ask("three", OTHER) == 200
    # Now each of them has one, and what one of them gave up is not charged any more.
    assert await member.ask("one", GREEDY) == 503
    assert await member.ask("two", GREEDY) == 200


async def test_a_client_who_finds_no_room_is_not_charged(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HLS_MUXERS", 1)
    assert await member.ask("one", OTHER) == 200
    assert [await member.ask("two", GREEDY) for _ in range(BUDGET + 1)] == [503] * (BUDGET + 1)
