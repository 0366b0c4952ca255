"""One member's view of others, with its clock, its discovery and its network in the test's hands."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Any

from audiocast.cluster.greeting import Greeting, ListName
from audiocast.cluster.member import Member
from audiocast.cluster.membership import Membership
from audiocast.cluster.signature.identity import Identity
from audiocast.stream.clock import Clock
from tests.support.clock.fake_clock import FakeClock
from tests.unit.cluster.fake_peer_client import FakePeerClient


class FakeDiscovery:
    """A discovery whose answer a test changes."""

    def __init__(self, *addresses: str) -> None:
        self._queue: asyncio.Queue[Sequence[str]] = asyncio.Queue()
        self.publish(*addresses)

    def publish(self, *addresses: str) -> None:
        """Give another answer."""
        self._queue.put_nowait(addresses)

    def forget(self) -> None:
        """Take an answer back that nobody has asked for yet."""
        self._queue.get_nowait()

    async def answers(self) -> AsyncGenerator[Sequence[str], None]:
        while True:
            yield await self._queue.get()


class MembershipHarness:
    """One membership, called "me", and all around it.

    Args:
        addresses: What its discovery gives.
        clock: Instead of the turned one: a loop that is turned itself.
        is_alone: There is no discovery.
    """

    def __init__(self, *addresses: str, clock: Clock | None = None, is_alone: bool = False) -> None:
        self.clock = FakeClock()
        self.peer_client = FakePeerClient()
        self.discovery = FakeDiscovery(*addresses)
        self.owned: dict[str, str] = {}
        self.membership = Membership(
            Identity("me", "0"),
            internal_port=lambda: 8001,
            discovery=None if is_alone else self.discovery,
            client=self.peer_client,
            clock=clock or self.clock,
            lists={ListName.OWNED: lambda: self.owned},
        )
        self.changes = 0
        self.membership.on_change.add(self._count)
        self.owned_changes: list[tuple[str, set[str]]] = []
        self.membership.on_list_change[ListName.OWNED] = self._note_owned

    def _count(self) -> None:
        self.changes += 1

    def _note_owned(self, member: Member, changed: Collection[str]) -> None:
        self.owned_changes.append((member.name, set(changed)))

    def live(self, address: str, **said: Any) -> None:
        """Let a member answer at an address."""
        self.peer_client.answers[address] = lambda target, body: greeting(**said)

    def hello(self, host: str, *, is_addressed: bool = True, **said: Any) -> Greeting:
        """Let a member greet this one; give the answer."""
        identity, body = self.peer_client.wire(f"{host}:8001", greeting(**said))
        parsed = Greeting.parse(body, identity)
        return self.membership.on_hello(parsed, host, is_addressed=is_addressed)

    async def greet(self) -> None:
        """One round of greetings to all that are known."""
        await self.membership.announce()

    @property
    def ring(self) -> list[str]:
        return sorted(self.membership.ring)


def greeting(name: str = "a", instance: str = "1", **said: Any) -> dict[str, Any]:
    """Give what a member says of itself, but for what the test says."""
    usual = {"internal_port": 8001, "draining": False, "view": "", "owned": {}}
    return {"name": name, "instance": instance, **usual, **said}


async def settle() -> None:
    """Let all that is under way happen."""
    for _ in range(20):
        await asyncio.sleep(0)
