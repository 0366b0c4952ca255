"""Who is at an address: greeted by the name under which it answered, and anew when it is another one."""

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.discovery.greeter import Greeter
from audiocast.cluster.errors import ClusterError, NoAnswer, Refused
from audiocast.cluster.greeting import Greeting
from audiocast.cluster.protocol import MISADDRESSED
from audiocast.cluster.signature.identity import NOBODY, Identity
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import greeting

A = "10.0.0.1:8001"
MINE = Greeting(Identity("me", "0"), 8001, is_draining=False, view="", lists={})


class Harness:
    """A greeter, and whoever is at the address A."""

    def __init__(self) -> None:
        self.client = FakePeerClient()
        self.greeter = Greeter(self.client)
        self.answers()

    def answers(self, instance: str = "1") -> None:
        self.client.answers[A] = lambda target, body: greeting("a", instance)

    def refuses(self, error: ClusterError) -> None:
        self.client.answers[A] = error

    async def greet(self) -> Identity | None:
        """Greet; give who has answered, if anybody has."""
        try:
            return (await self.greeter.greet(A, MINE)).identity
        except ClusterError:
            return None

    @property
    def greeted(self) -> list[Identity]:
        return [recipient.identity for recipient in self.client.recipients]


@pytest.fixture
def harness() -> Harness:
    return Harness()


async def test_who_has_answered_is_greeted_by_name_until_it_is_forgotten(harness: Harness) -> None:
    for _ in range(3):
        assert await harness.greet() == Identity("a", "1")
    harness.greeter.forget(A)
    harness.greeter.forget(A)
    await harness.greet()
    assert harness.greeted == [NOBODY, Identity("a", "1"), Identity("a", "1"), NOBODY]


async def test_who_is_not_meant_is_greeted_whoever_it_is(harness: Harness) -> None:
    await harness.greet()
    harness.refuses(Refused(421, MISADDRESSED, "expected a request for this process"))
    assert await harness.greet() is None
    assert harness.greeted == [NOBODY, Identity("a", "1"), NOBODY]
    harness.answers("2")
    assert await harness.greet() == Identity("a", "2")
    assert harness.greeted[3:] == [NOBODY], "the one before is not there any more"


async def test_one_that_does_not_answer_stays_who_it_was(harness: Harness) -> None:
    await harness.greet()
    harness.refuses(NoAnswer("Timeout during request"))
    assert await harness.greet() is None
    harness.answers()
    await harness.greet()
    assert harness.greeted[1:] == [Identity("a", "1")] * 2


async def test_a_refusal_is_told_once_until_it_answers_or_is_forgotten(harness: Harness) -> None:
    busy = Refused(503, "busy", "later")

    async def refusals(times: int) -> int:
        harness.refuses(busy)
        with capture_logs() as logs:
            for _ in range(times):
                assert await harness.greet() is None
        assert all(each["event"] == "greeting_refused" and each["address"] == A for each in logs)
        return len(logs)

    assert await refusals(3) == 1
    assert await refusals(3) == 0
    harness.answers()
    await harness.greet()
    assert await refusals(3) == 1
    harness.greeter.forget(A)
    assert await refusals(3) == 1
