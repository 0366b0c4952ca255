"""One member's view of others, with its clock, its discovery and its network in the test's hands."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from audiocast.cluster.membership import Membership
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
            "me",
            internal_port=lambda: 8001,
            discovery=None if is_alone else self.discovery,
            client=self.peer_client,
            clock=clock or self.clock,
            owned_streams=lambda: self.owned,
        )
        self.changes = 0
        self.membership.on_change.add(self._count)

    def _count(self) -> None:
        self.changes += 1

    def live(self, address: str, **said: Any) -> None:
        """Let a member answer at an address."""
        self.peer_client.answers[address] = lambda target, body: greeting(**said)

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
