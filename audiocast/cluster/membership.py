"""Who is there. Members greet each other twice a second: who does not answer is out, who is new waits.

It finds out about members and keeps the ring's names. It moves no stream and asks nobody for audio: others
listen to `on_change`, and tell it with `suspect` when a connection to a member broke.

Fast to remove: a refused connection, a goodbye, or two greetings without an answer. Slow to add: a member is
in the ring when it has answered for `STABLE_SECONDS`, so that one that starts and dies over and over moves
nothing. At its own start a member takes those who answer its first round at once: it has nothing to move.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import structlog

from audiocast.cluster.address import joined
from audiocast.cluster.discovery.peers import Discovery
from audiocast.cluster.errors import ClusterError, Refused
from audiocast.cluster.greeting import Greeting
from audiocast.cluster.peer_client import Dialer
from audiocast.stream.clock import Clock

log = structlog.get_logger()

HELLO_SECONDS = 0.5
STABLE_SECONDS = 3.0
MISSES = 2
"""Greetings in a row without an answer."""

FORGET_SECONDS = 30.0
"""An address that discovery no longer gives, and where nobody answers, is given up after this."""

HELLO = "/internal/hello"
GOODBYE = "/internal/goodbye"


@dataclass(slots=True)
class Member:
    """One that has answered.

    Attributes:
        name: In the ring.
        address: "host:port" of its internal port.
        instance: Random, of its process: the same name after a restart is another one.
        draining: It takes no more streams.
        view: What it thinks the ring is, see `view_of`.
        owned: Streams whose source it has now, with their origins as text.
        packaged: Streams that it gives as HLS now, see `Greeting`.
        stable_at: When it may be in the ring.
        misses: Greetings in a row without an answer.
    """

    name: str
    address: str
    instance: str
    stable_at: float
    draining: bool = False
    view: str = ""
    owned: Mapping[str, str] = field(default_factory=dict)
    packaged: Mapping[str, int] = field(default_factory=dict)
    misses: int = 0


class Membership:
    """All members that this one knows, itself included.

    Args:
        name: Of this member.
        internal_port: Where others reach it.
        discovery: Where others may be; None: alone.
        dialer: Speaks to them.
        clock: Time.
        owned: Gives the streams whose source this member has, with their origins as text.

    Attributes:
        packaged: Gives the streams that this member gives as HLS, see `Greeting`; set by who has them.
    """

    def __init__(
        self,
        name: str,
        *,
        internal_port: Callable[[], int],
        discovery: Discovery | None,
        dialer: Dialer,
        clock: Clock,
        owned: Callable[[], Mapping[str, str]],
    ) -> None:
        self.name = name
        self.instance = secrets.token_hex(8)
        self.draining = False
        self.lost = 0
        self.on_change: set[Callable[[], None]] = set()
        self.packaged: Callable[[], Mapping[str, int]] = dict
        self._internal_port = internal_port
        self._discovery = discovery
        self._dialer = dialer
        self._clock = clock
        self._owned = owned
        self._members: dict[str, Member] = {}
        self._found: frozenset[str] = frozenset()
        self._known: dict[str, float] = {}
        self._greeters: dict[str, asyncio.Task[None]] = {}
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def ring(self) -> list[str]:
        """Names that streams may be owned by."""
        now = self._clock.time()
        names = [
            member.name
            for member in self._members.values()
            if not member.draining and member.stable_at <= now
        ]
        return names if self.draining else [*names, self.name]

    @property
    def view(self) -> str:
        """The ring in one short word, to be compared with others'."""
        return view_of(self.ring)

    @property
    def others(self) -> list[Member]:
        """All that answer, in the ring or not."""
        return list(self._members.values())

    def get(self, name: str) -> Member | None:
        """Give another member by its name."""
        return self._members.get(name)

    async def start(self) -> None:
        """Look for the others; returns when it is known where they may be, and this member has a view."""
        if self._discovery is None:
            return
        self._task = asyncio.ensure_future(self._discover(self._discovery))
        await self._settled.wait()

    async def stop(self) -> None:
        """Say goodbye."""
        tasks = [*self._greeters.values()]
        if self._task is not None:
            tasks.append(self._task)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        farewells = [self._ask(member.address, GOODBYE) for member in self._members.values()]
        await asyncio.gather(*farewells, return_exceptions=True)

    async def announce(self) -> None:
        """Greet all now."""
        await asyncio.gather(*(self._greet(member.address) for member in self.others))

    def suspect(self, name: str, why: str) -> None:
        """Take a member out at once; it is in again when it answers for long enough."""
        self._remove(self._members.get(name), why)

    def greeted(self, said: object, host: str) -> dict[str, Any]:
        """Take note of another member's greeting, and give this one's.

        Args:
            said: Its JSON.
            host: Where it came from.

        Raises:
            audiocast.cluster.errors.BadFrame: It is no greeting.
        """
        greeting = Greeting.parse(said)
        if self._discovery is not None and greeting.instance != self.instance:
            self._know(joined(host, greeting.internal_port))
            self._update(greeting)
        return self._greeting().as_json()

    def parted(self, said: Mapping[str, Any]) -> None:
        """Take note of a goodbye."""
        member = self._members.get(str(said.get("name", "")))
        if member is not None and member.instance == said.get("instance"):
            self._remove(member, "goodbye")

    def _greeting(self) -> Greeting:
        return Greeting(
            name=self.name,
            instance=self.instance,
            internal_port=self._internal_port(),
            draining=self.draining,
            view=self.view,
            owned=dict(self._owned()),
            packaged=dict(self.packaged()),
        )

    async def _discover(self, discovery: Discovery) -> None:
        async with aclosing(discovery.answers()) as answers:
            async for found in answers:
                self._found = frozenset(found)
                for address in found:
                    self._know(address)
                if not self._settled.is_set():
                    await self._settle()

    async def _settle(self) -> None:
        """Take those who are there at this member's start."""
        await asyncio.gather(*(self._greet(address) for address in self._found))
        now = self._clock.time()
        for member in self._members.values():
            member.stable_at = now
        self._settled.set()
        self._changed()

    def _know(self, address: str) -> None:
        self._known[address] = self._clock.time()
        if address not in self._greeters:
            self._greeters[address] = asyncio.ensure_future(self._keep_greeting(address))

    async def _keep_greeting(self, address: str) -> None:
        while not self._is_given_up(address):
            await asyncio.sleep(HELLO_SECONDS)
            await self._greet(address)
        del self._greeters[address], self._known[address]

    def _is_given_up(self, address: str) -> bool:
        """Say whether nobody has been at an address for so long that nobody is looked for there."""
        now = self._clock.time()
        if address in self._found or any(member.address == address for member in self._members.values()):
            self._known[address] = now
        return now - self._known[address] > FORGET_SECONDS

    async def _greet(self, address: str) -> None:
        try:
            greeting = Greeting.parse(await self._ask(address, HELLO))
        except ClusterError as error:
            self._missed(address, error)
            return
        if greeting.instance != self.instance:
            self._update(greeting, address)

    async def _ask(self, address: str, target: str) -> Any:
        return await self._dialer.ask(address, "POST", target, self._greeting().as_json())

    def _update(self, greeting: Greeting, address: str = "") -> None:
        name = greeting.name
        if name == self.name:
            log.error("name_taken", name=name, hint="two members have the same NODE_NAME")
            return
        member = self._members.get(name)
        if member is None or member.instance != greeting.instance:
            if not address:
                # Heard, not reached: it is a member when it answers.
                return
            stable_at = self._clock.time() + STABLE_SECONDS
            member = self._members[name] = Member(name, address, greeting.instance, stable_at)
            self._clock.call_at(stable_at, self._changed)
            log.info("member_seen", member=name, address=address)
        if address:
            member.misses = 0
        changed = (member.owned, member.draining) != (greeting.owned, greeting.draining)
        member.owned, member.draining, member.view = greeting.owned, greeting.draining, greeting.view
        member.packaged = greeting.packaged
        if changed:
            self._changed()

    def _missed(self, address: str, error: ClusterError) -> None:
        for member in list(self._members.values()):
            if member.address == address:
                member.misses += 1
                if member.misses >= MISSES or "refused" in str(error).lower() or isinstance(error, Refused):
                    self._remove(member, str(error))

    def _remove(self, member: Member | None, why: str) -> None:
        if member is not None and self._members.pop(member.name, None) is not None:
            self.lost += 1
            log.warning("member_gone", member=member.name, reason=why[:200])
            self._changed()

    def _changed(self) -> None:
        for tell in tuple(self.on_change):
            tell()


def view_of(names: Sequence[str]) -> str:
    """Give a short word that is the same for the same names."""
    return blake2b("\0".join(sorted(names)).encode(), digest_size=8).hexdigest()
