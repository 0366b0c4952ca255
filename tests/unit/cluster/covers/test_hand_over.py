"""A member that leaves tells the heir of a picture until that one has answered, or time is up."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from audiocast.cluster.covers import cover_exchange
from audiocast.cluster.covers.cover_exchange import CoverExchange
from audiocast.cluster.errors import NoAnswer
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import PeerRequest
from audiocast.stream.broadcaster.given_covers import GivenCover, GivenCovers
from audiocast.stream.broadcaster.picture import Picture
from tests.support.http.pictures import make_picture


class HeirOnly:
    """Fits `Peers` with one other member, which answers as it is told to."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        heir = SimpleNamespace(name="m2", is_draining=False)
        self.membership = SimpleNamespace(others=[heir], get=lambda name: heir)

    async def fetch(self, member: object, request: PeerRequest) -> Any:
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status is None:
            raise NoAnswer("no time")
        return SimpleNamespace(status=status)


def exchange_with(peers: HeirOnly) -> CoverExchange:
    covers = GivenCovers(lambda stream_id: True)
    covers.keep("show", GivenCover(Picture.read(make_picture("image/png")), 1.0))
    return CoverExchange(covers, cast(Peers, peers))


async def test_the_heir_is_told_again_until_it_has_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_exchange, "AGAIN_SECONDS", 0)
    peers = HeirOnly(None, 503, 200, 418)
    await exchange_with(peers).hand_over(60)
    assert peers.answers == [418]


async def test_an_heir_that_never_answers_is_given_up() -> None:
    await exchange_with(HeirOnly(None)).hand_over(0.1)
