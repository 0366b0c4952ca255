"""How long all members need to notice that one came, went or fell silent: real membership in turned time.

Each member runs the server's own `Membership`; what lies between them is made up here. Members notice another
one each by itself, so all but one know that one only: the work grows with their number, not with its square.

It does not model what links between members find out (an end at once, silence after two seconds), nor members
that are too busy to answer: `cluster_cost` measures what greetings cost.
"""

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any, TypeVar

from structlog.testing import capture_logs

from audiocast.cluster.discovery.peers_setting import StaticPeers
from audiocast.cluster.errors import NoAnswer, NotListening, Refused
from audiocast.cluster.greeting import Greeting
from audiocast.cluster.membership import HELLO_SECONDS, Membership
from audiocast.cluster.peer_client import ANSWER_SECONDS, PeerClient
from audiocast.cluster.protocol import GOODBYE, MISADDRESSED, PeerRequest
from audiocast.cluster.signature.identity import NOBODY, Identity, Recipient

PORT = 8001
SUBJECT = "subject"
# Precision of the answers.
LOOK_SECONDS = 0.01

PATIENCE_SECONDS = 60.0
FLAP_SECONDS = 2.0
FLAPS = 3


_Result = TypeVar("_Result")


class Silence(Enum):
    """Ways to answer nothing."""

    DEAD = "its port refuses connections"
    STILL = "it takes connections and says nothing, as when it is stopped or cut off"


@dataclass(frozen=True)
class Noticed:
    """When the other members' rings were right, in seconds after the event."""

    first_seconds: float
    median_seconds: float
    last_seconds: float

    @classmethod
    def at(cls, seconds: Sequence[float]) -> "Noticed":
        """Sum up one value a member."""
        return cls(min(seconds), median(seconds), max(seconds))


class SimulatedGreetings:
    """One member that things happen to, and all others.

    Args:
        members: How many in all.
        aim_seconds: The longest time that something takes from one member to another.
        seed: Of latencies, and of the moments at which members started.
    """

    def __init__(self, members: int, aim_seconds: float, seed: int) -> None:
        self._members = members
        self._aim_seconds = aim_seconds
        self._seed = seed

    def killed(self) -> Noticed:
        """Its process is gone, without a goodbye."""
        return self._run(_Scene.killed)

    def stopped(self) -> Noticed:
        """It stands still."""
        return self._run(_Scene.stopped)

    def left(self) -> Noticed:
        """It was told to stop, and drains."""
        return self._run(_Scene.left)

    def joined(self) -> Noticed:
        """It starts, at an address that is known to all."""
        return self._run(_Scene.joined)

    def flapped(self) -> int:
        """It starts and dies over and over; give the number of members that have had it in their ring."""
        return self._run(_Scene.flapped)

    def _run(self, play: "Callable[[_Scene], Awaitable[_Result]]") -> _Result:
        async def scene() -> _Result:
            chance = random.Random(f"{self._seed} {self._members}")
            made = _Scene(self._members, self._aim_seconds, chance)
            try:
                return await play(made)
            finally:
                await made.close()

        # Thousands of members come and go, and each would say so.
        with capture_logs(), asyncio.Runner(loop_factory=_JumpingLoop) as runner:
            return runner.run(scene())


class _Scene:
    """The members, and what happens; lives within one run of the loop."""

    def __init__(self, members: int, aim_seconds: float, chance: random.Random) -> None:
        self._wire = _Wire(aim_seconds, chance)
        self._chance = chance
        self._observers = [self._member(f"audiocast-{number}", [SUBJECT]) for number in range(members - 1)]
        self._subject: Membership | None = None

    async def killed(self) -> Noticed:
        await self._settle()
        self._wire.silent[SUBJECT] = Silence.DEAD
        return await self._notice(is_in=False)

    async def stopped(self) -> Noticed:
        await self._settle()
        self._wire.silent[SUBJECT] = Silence.STILL
        return await self._notice(is_in=False)

    async def left(self) -> Noticed:
        subject = await self._settle()
        subject.leave_ring()
        announced = asyncio.ensure_future(subject.announce())
        noticed = await self._notice(is_in=False)
        await announced
        return noticed

    async def joined(self) -> Noticed:
        self._wire.silent[SUBJECT] = Silence.DEAD
        await self._start_observers()
        await self._start_subject()
        return await self._notice(is_in=True)

    async def flapped(self) -> int:
        self._wire.silent[SUBJECT] = Silence.DEAD
        await self._start_observers()
        took_in: set[str] = set()
        for _ in range(FLAPS):
            await self._start_subject()
            await self._look(FLAP_SECONDS, took_in)
            self._wire.silent[SUBJECT] = Silence.DEAD
            await self._look(FLAP_SECONDS, took_in)
        return len(took_in)

    async def close(self) -> None:
        """End all, quietly."""
        for member in self._wire.members.values():
            self._wire.silent[member.name] = Silence.DEAD
        await asyncio.gather(*(member.stop() for member in self._wire.members.values()))

    async def _settle(self) -> Membership:
        """Start the subject and then the others, who take it into their rings at once."""
        subject = await self._start_subject()
        await self._start_observers()
        assert all(SUBJECT in observer.ring for observer in self._observers)
        return subject

    async def _start_subject(self) -> Membership:
        if self._subject is not None:
            await self._subject.stop()
        # It learns of the others when they greet it.
        self._subject = self._member(SUBJECT, [])
        self._wire.silent.pop(SUBJECT, None)
        await self._subject.start()
        return self._subject

    async def _start_observers(self) -> None:
        """Start each at a moment of its own, so that they greet at different moments."""

        async def start(observer: Membership) -> None:
            await asyncio.sleep(self._chance.uniform(0, HELLO_SECONDS))
            await observer.start()

        await asyncio.gather(*map(start, self._observers))
        # What happens next happens at any moment between two greetings.
        await asyncio.sleep(2 * HELLO_SECONDS + self._chance.uniform(0, HELLO_SECONDS))

    async def _notice(self, *, is_in: bool) -> Noticed:
        """Wait until every observer's ring has the subject, or has it not."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        waiting, seconds = list(self._observers), list[float]()
        while waiting:
            right = [observer for observer in waiting if (SUBJECT in observer.ring) is is_in]
            seconds += [loop.time() - began_at] * len(right)
            waiting = [observer for observer in waiting if observer not in right] if right else waiting
            assert loop.time() - began_at < PATIENCE_SECONDS, f"{len(waiting)} members do not notice"
            await asyncio.sleep(LOOK_SECONDS)
        return Noticed.at(seconds)

    async def _look(self, seconds: float, took_in: set[str]) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while loop.time() < ends_at:
            took_in |= {observer.name for observer in self._observers if SUBJECT in observer.ring}
            await asyncio.sleep(10 * LOOK_SECONDS)

    def _member(self, name: str, peers: Sequence[str]) -> Membership:
        line = _Line(self._wire, name)
        member = Membership(
            Identity.of_new_process(name),
            internal_port=lambda: PORT,
            discovery=StaticPeers([f"{peer}:{PORT}" for peer in peers]),
            client=line,
            clock=asyncio.get_running_loop(),
            lists={},
        )
        line.identity = member.identity
        self._wire.members[name] = member
        return member


class _Wire:
    """What lies between members.

    Attributes:
        members: By name; a member's host is its name.
        silent: Those who do not answer.
    """

    def __init__(self, aim_seconds: float, chance: random.Random) -> None:
        self.members: dict[str, Membership] = {}
        self.silent: dict[str, Silence] = {}
        self._aim_seconds = aim_seconds
        self._chance = chance

    async def carry(
        self, sender: Identity, recipient: Recipient, request: PeerRequest
    ) -> tuple[Identity, Any]:
        """Bring a question to a member, and its answer back."""
        address = recipient.address
        host = address.rpartition(":")[0]
        await self._travel()
        if self.silent.get(host) is Silence.DEAD:
            raise NotListening(f"{address}: Connection refused")
        if host in self.silent or sender.name in self.silent:
            await asyncio.sleep(ANSWER_SECONDS)
            raise NoAnswer(f"{address}: no answer")
        member = self.members[host]
        if request.target == GOODBYE:
            member.on_goodbye(sender)
            return member.identity, {}
        if recipient.identity not in (NOBODY, member.identity):
            raise Refused(421, MISADDRESSED, "expected a request for this process, got one for another")
        greeting = Greeting.parse(request.body, sender)
        answer = member.on_hello(greeting, sender.name, is_addressed=recipient.identity != NOBODY)
        await self._travel()
        return member.identity, answer.as_json()

    async def _travel(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, self._aim_seconds))


class _Line(PeerClient):
    """One member's end of the wire."""

    def __init__(self, wire: _Wire, name: str) -> None:
        self._wire = wire
        self.identity = Identity(name, "")

    async def ask(self, recipient: Recipient, request: PeerRequest) -> Any:
        """Ask over the wire."""
        return (await self.greet(recipient, request))[1]

    async def greet(self, recipient: Recipient, request: PeerRequest) -> tuple[Identity, Any]:
        """Greet over the wire."""
        return await self._wire.carry(self.identity, recipient, request)


class _JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next thing that is due."""

    def __init__(self) -> None:
        self._now_seconds = 0.0
        super().__init__(_Leap(self._leap))

    def time(self) -> float:
        """Give the turned time."""
        return self._now_seconds

    def _leap(self, seconds: float) -> None:
        self._now_seconds += seconds


class _Leap(selectors.SelectSelector):
    """Passes time instead of waiting."""

    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look for what is ready now, and let the time pass."""
        if timeout is None:
            raise RuntimeError("expected something that is due some time, there is nothing")
        self._leap(max(0.0, timeout))
        return super().select(0)
