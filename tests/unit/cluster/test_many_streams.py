"""Three members with 5,000 streams each: greetings stay small, and all agree, while members restart."""

import asyncio
from typing import Any

from audiocast.cluster.discovery.peers_setting import StaticPeers
from audiocast.cluster.errors import NotListening, Refused
from audiocast.cluster.greeting import ChangesRequest, Greeting, ListName
from audiocast.cluster.membership import Membership
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import CHANGES, HELLO, MISADDRESSED, PeerRequest
from audiocast.cluster.signature.identity import NOBODY, Identity, Recipient
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.test_protocol import query_of

STABLE_SECONDS = 3.0

NAMES = ["m0", "m1", "m2"]
STREAMS = 5_000
MAX_GREETING_BYTES = 4_096


class Network(PeerClient):
    """What lies between members; a member's host is its name.

    Attributes:
        members: Those that are there, by name.
        greetings: Sizes of all greetings so far, of answers too.
    """

    def __init__(self) -> None:
        self.members: dict[str, Membership] = {}
        self.greetings: list[int] = []

    sender: Membership

    async def ask(self, recipient: Recipient, request: PeerRequest) -> Any:
        return (await self.greet(recipient, request))[1]

    async def greet(self, recipient: Recipient, request: PeerRequest) -> tuple[Identity, Any]:
        await asyncio.sleep(0.001)
        member = self.members.get(recipient.address.partition(":")[0])
        if member is None:
            raise NotListening(recipient.address)
        if recipient.identity not in (NOBODY, member.identity):
            raise Refused(421, MISADDRESSED, "another process is here")
        if request.target.startswith(CHANGES):
            changes = ChangesRequest.parse(query_of(request.target))
            return member.identity, member.changes(changes).as_json()
        if request.target != HELLO:
            member.on_goodbye(self.sender.identity)
            return member.identity, {}
        greeting = Greeting.parse(request.body, self.sender.identity)
        is_addressed = recipient.identity != NOBODY
        answer = member.on_hello(greeting, self.sender.name, is_addressed=is_addressed)
        self.greetings += [len(request.content), len(answer.build().content)]
        return member.identity, answer.as_json()


class Harness:
    """The members, each with its streams."""

    def __init__(self) -> None:
        self.network = Network()
        self.owned = {
            name: {f"{name}-{number:05}-{'x' * 40}": f"{number:x}-1" for number in range(STREAMS)}
            for name in NAMES
        }

    async def start(self, name: str) -> None:
        """Start a member: another process of the same name."""
        network = Network()
        network.members, network.greetings = self.network.members, self.network.greetings
        member = network.sender = Membership(
            Identity.of_new_process(name),
            internal_port=lambda: 8001,
            discovery=StaticPeers([f"{other}:8001" for other in NAMES]),
            client=network,
            clock=asyncio.get_running_loop(),
            lists={
                ListName.OWNED: lambda: self.owned[name],
                ListName.HLS: lambda: dict.fromkeys(self.owned[name], 7),
            },
        )
        self.network.members[name] = member
        await member.start()

    async def stop(self, name: str) -> None:
        """End a member, with a goodbye."""
        await self.network.members[name].stop()
        del self.network.members[name]

    def check(self) -> None:
        """All members are in all views, and know whose each stream is."""
        for name, member in self.network.members.items():
            assert sorted(member.ring) == NAMES
            for other in member.others:
                assert other.owned_streams == self.owned[other.name], (name, other.name)
                assert other.hls_streams.keys() == self.owned[other.name].keys()
        assert max(self.network.greetings) < MAX_GREETING_BYTES


def test_fifteen_thousand_streams_and_members_that_restart() -> None:
    async def test() -> None:
        harness = Harness()
        for name in NAMES:
            await harness.start(name)
        await asyncio.sleep(STABLE_SECONDS + 1)
        harness.check()
        for round_number in range(30):
            # Five minutes in all.
            await asyncio.sleep(5)
            name = NAMES[round_number % 3]
            await harness.stop(name)
            others = [each for each in NAMES if each != name]
            assert all(sorted(harness.network.members[each].ring) == others for each in others)
            for number in range(10):
                harness.owned[others[0]].pop(f"{others[0]}-{round_number * 10 + number:05}-{'x' * 40}", None)
                harness.owned[others[1]][f"new-{round_number}-{number}"] = "1-1"
            await harness.start(name)
            await asyncio.sleep(STABLE_SECONDS + 1)
            harness.check()
        for name in NAMES:
            await harness.stop(name)

    run(test())
