"""Who is there. Members greet each other twice a second: one that does not answer is out, a new one waits.

Membership finds members and keeps the names of the ring. It moves no stream and asks no member for audio:
others listen to `on_change`, and call `suspect` when a connection to a member broke.

Fast to remove: an address that refuses connections, a goodbye, or two greetings without an answer. An answer
is never a death, whatever its status: a member that refuses is there. A greeting that was not answered while
this member's own event loop was late proves nothing about the other one. Slow to add: a member is in the ring
when it has answered for `STABLE_SECONDS`, so that one that starts and dies over and over moves nothing. At
its own start a member takes those who answer its first round at once: it has nothing to move.
"""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from hashlib import blake2b

import structlog

from audiocast.cluster.discovery.greeter import Greeter
from audiocast.cluster.discovery.peers_setting import Discovery
from audiocast.cluster.errors import ClusterError, NotListening, Refused
from audiocast.cluster.greeting import GOODBYE_REQUEST, ChangesRequest, Greeting, ListName
from audiocast.cluster.member import Member
from audiocast.cluster.peer_client import ANSWER_SECONDS, PeerClient
from audiocast.cluster.protocol import format_address
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.stream_lists import ListFollower, OwnLists
from audiocast.cluster.versioned_list import ListPage, Value
from audiocast.stream.clock import Clock

log = structlog.get_logger()

HELLO_SECONDS = 0.5
STABLE_SECONDS = 3.0

# Greetings in a row without an answer.
MISSES = 2

# An address that discovery no longer returns, and where no member answers, is given up after this.
FORGET_SECONDS = 30.0

# A call that the event loop makes so much later than it should is late: answers may lie unread meanwhile.
LATE_SECONDS = 0.25

# Greetings without an answer count after so long, however late this member's loop is: a member that has no
# time for itself must not keep dead ones in its ring for ever.
PARDON_SECONDS = 10.0

# Addresses that are greeted. Those that discovery names always are; greetings may bring more, each only one.
MAX_KNOWN = 1_000

MAX_REASON_CHARACTERS = 200


class Membership:
    """All members that this one knows, itself included.

    Args:
        identity: This member.
        internal_port: Returns the port where other members reach this one; called for each greeting.
        discovery: Addresses where other members may be; None: this server is alone.
        client: Sends the greetings.
        clock: Time and timers.
        lists: Of each list of this member, returns what it is now; see `ListName`.

    Attributes:
        is_draining: This member takes no more streams, and is not in the ring.
        own_lists: This member's, as others are told of them.
        lost: How many members were taken out so far.
        on_change: Called without arguments when the ring has changed.
        on_list_change: By list, called with a member and the streams whose entries have changed.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        internal_port: Callable[[], int],
        discovery: Discovery | None,
        client: PeerClient,
        clock: Clock,
        lists: Mapping[ListName, Callable[[], Mapping[str, Value]]],
    ) -> None:
        self.identity = identity
        self.is_draining = False
        self.lost = 0
        self.on_change: set[Callable[[], None]] = set()
        self.on_list_change: dict[ListName, Callable[[Member, Collection[str]], None]] = {}
        self._internal_port = internal_port
        self._discovery = discovery
        self._client = client
        self._clock = clock
        self.own_lists = OwnLists(clock.time, lists)
        self._greeter = Greeter(client)
        self._follower = ListFollower(client, self._notify_listed)
        self._members: dict[str, Member] = {}
        self._found: frozenset[str] = frozenset()
        self._known: dict[str, float] = {}
        self._greeters: dict[str, asyncio.Task[None]] = {}
        self._name_takers: set[Identity] = set()
        self._late_at = -math.inf
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Name of this member."""
        return self.identity.name

    @property
    def ring(self) -> list[str]:
        """Names of the members that streams may be owned by."""
        now = self._clock.time()
        others = self._members.values()
        names = [each.name for each in others if not each.is_draining and each.stable_at <= now]
        return names if self.is_draining else [*names, self.name]

    @property
    def view(self) -> str:
        """The ring in one short word, to be compared with other members'."""
        return view_of(self.ring)

    @property
    def others(self) -> list[Member]:
        """All other members that answer, in the ring or not."""
        return list(self._members.values())

    def get(self, name: str) -> Member | None:
        """Return another member by its name."""
        return self._members.get(name)

    async def start(self) -> None:
        """Look for other members; returns when discovery has answered, and this member has a view."""
        if self._discovery is None:
            return
        self._task = asyncio.ensure_future(self._discover(self._discovery))
        await self._settled.wait()

    async def stop(self) -> None:
        """Stop greeting, and send every member a goodbye."""
        tasks = [*self._greeters.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._follower.close()
        farewells = [self._client.ask(member.recipient, GOODBYE_REQUEST) for member in self.others]
        await asyncio.gather(*farewells, return_exceptions=True)

    async def announce(self) -> None:
        """Greet every member now, with what this one has now."""
        self.own_lists.refresh()
        await asyncio.gather(*(self._greet(member.address) for member in self.others))

    def leave_ring(self) -> None:
        """Take no more streams; the next greeting says so."""
        self.is_draining = True

    def rejoin_ring(self) -> None:
        """Take streams again."""
        self.is_draining = False

    def note_lag(self, now: float, lag_seconds: float) -> None:
        """Take note of how late the event loop was; see `telemetry.loop_lag`.

        Args:
            now: Seconds of the loop's clock.
            lag_seconds: How much later than asked for a call was made.
        """
        if lag_seconds >= LATE_SECONDS:
            self._late_at = now

    def was_late(self, within_seconds: float) -> bool:
        """Return whether this member's own event loop was late not longer ago than that."""
        return self._clock.time() - self._late_at <= within_seconds

    def has_answered(self, name: str, within_seconds: float) -> bool:
        """Return whether a member has answered a greeting not longer ago than that."""
        member = self._members.get(name)
        return member is not None and self._clock.time() - member.answered_at <= within_seconds

    def suspect(self, name: str, reason: str) -> None:
        """Take a member out at once; it is in again when it has answered for long enough."""
        self._remove(self._members.get(name), reason)

    def on_hello(self, greeting: Greeting, host: str, *, is_addressed: bool) -> Greeting:
        """Update the member that has sent a greeting, and return this member's.

        Args:
            greeting: It may be this member's own: an address in `PEERS` may be its own.
            host: IP address that the greeting came from.
            is_addressed: It was addressed to this process. Otherwise it may have been sent to another one,
                and shows only that there may be a member at that address.
        """
        if self._discovery is not None and greeting.identity != self.identity:
            self._know(format_address(host, greeting.internal_port))
            member = self._members.get(greeting.identity.name)
            if is_addressed and member is not None and member.instance == greeting.identity.instance:
                self._update(member, greeting)
                self._follower.start_catching_up(member, greeting.lists)
        return self.greeting()

    def on_goodbye(self, sender: Identity) -> None:
        """Take a member out whose process ends; a goodbye of an earlier process changes nothing."""
        member = self._members.get(sender.name)
        if member is not None and member.instance == sender.instance:
            self._remove(member, "goodbye")

    def greeting(self) -> Greeting:
        """Return this member's greeting as of now."""
        return Greeting(
            self.identity,
            internal_port=self._internal_port(),
            is_draining=self.is_draining,
            view=self.view,
            lists=self.own_lists.summaries(),
        )

    def changes(self, request: ChangesRequest) -> ListPage:
        """Return the next page of one of this member's lists."""
        return self.own_lists.page_after(request)

    async def _discover(self, discovery: Discovery) -> None:
        async with aclosing(discovery.answers()) as answers:
            async for found in answers:
                self._found = frozenset(found)
                for address in found:
                    self._know(address)
                if not self._settled.is_set():
                    await self._settle()

    async def _settle(self) -> None:
        """Take the members that are there at this member's start into the ring."""
        await asyncio.gather(*(self._greet(address) for address in self._found))
        now = self._clock.time()
        for member in self._members.values():
            member.stable_at = now
        self._settled.set()
        self._notify()

    def _know(self, address: str) -> None:
        if address not in self._known and address not in self._found and len(self._known) >= MAX_KNOWN:
            return
        self._known[address] = self._clock.time()
        if address not in self._greeters:
            self._greeters[address] = asyncio.ensure_future(self._keep_greeting(address))

    async def _keep_greeting(self, address: str) -> None:
        while not self._is_given_up(address):
            await asyncio.sleep(HELLO_SECONDS)
            await self._greet(address)
        del self._greeters[address], self._known[address]
        self._greeter.forget(address)

    def _is_given_up(self, address: str) -> bool:
        """Return whether no member was at an address, nor did discovery return it, for too long."""
        now = self._clock.time()
        if address in self._found or any(member.address == address for member in self._members.values()):
            self._known[address] = now
        return now - self._known[address] > FORGET_SECONDS

    async def _greet(self, address: str) -> None:
        """Greet an address, and fetch what has changed at the member there."""
        asked_at = self._clock.time()
        try:
            greeting = await self._greeter.greet(address, self.greeting())
        except Refused:
            # It is there, and stays what it was.
            return
        except ClusterError as error:
            self._count_miss(address, error, asked_at)
            return
        member = self._find(greeting, address) if greeting.identity != self.identity else None
        if member is None or member.address != address:
            # It is greeted at the address where it was found first.
            return
        member.misses, member.answered_at = 0, self._clock.time()
        self._update(member, greeting)
        await self._follower.catch_up(member, greeting.lists)

    def _find(self, greeting: Greeting, address: str) -> Member | None:
        """Return the member that has answered a greeting at an address; a new one when its process is new."""
        name, instance = greeting.identity
        if name == self.name:
            if greeting.identity not in self._name_takers and len(self._name_takers) < MAX_KNOWN:
                self._name_takers.add(greeting.identity)
                log.error("name_taken", name=name, hint="two members have the same NODE_NAME")
            return None
        before = self._members.get(name)
        if before is not None and before.instance == instance:
            return before
        stable_at = self._clock.time() + STABLE_SECONDS
        member = self._members[name] = Member(name, address, instance, stable_at)
        self._clock.call_at(stable_at, self._notify)
        log.info("member_seen", member=name, address=address)
        if before is not None:
            self._notify()
        return member

    def _update(self, member: Member, greeting: Greeting) -> None:
        was_draining = member.is_draining
        member.is_draining = greeting.is_draining
        member.view, member.version = greeting.view, greeting.version
        if was_draining != member.is_draining:
            self._notify()

    def _notify_listed(self, member: Member, name: ListName, changed: Collection[str]) -> None:
        notify = self.on_list_change.get(name)
        if notify is not None and self._members.get(member.name) is member:
            notify(member, changed)

    def _count_miss(self, address: str, error: ClusterError, asked_at: float) -> None:
        now = self._clock.time()
        was_late = self.was_late(now - asked_at) or now - asked_at >= ANSWER_SECONDS + LATE_SECONDS
        for member in [each for each in self._members.values() if each.address == address]:
            if isinstance(error, NotListening):
                self._remove(member, str(error))
            elif not was_late or now - member.answered_at >= PARDON_SECONDS:
                member.misses += 1
                if member.misses >= MISSES:
                    self._remove(member, str(error))

    def _remove(self, member: Member | None, reason: str) -> None:
        if member is not None and self._members.pop(member.name, None) is not None:
            self.lost += 1
            log.warning("member_gone", member=member.name, reason=reason[:MAX_REASON_CHARACTERS])
            self._notify()

    def _notify(self) -> None:
        for notify in tuple(self.on_change):
            notify()


def view_of(names: Sequence[str]) -> str:
    """Return a short word that is the same for the same names."""
    return blake2b("\0".join(sorted(names)).encode(), digest_size=8).hexdigest()
