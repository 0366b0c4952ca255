"""Streams on the ring, counted: who owns how many, what moves when members come and go, what is relayed.

Owners are found with the server's own `ring.order`; listeners are dealt out at random, as by any balancer
that knows nothing of streams. Nothing here has a clock: `simulated_greetings` tells how long agreement takes.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from statistics import mean, median

from audiocast.cluster.ring import order

ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 10
# Throws whose median says how even chance alone would be.
DICE = 20


@dataclass(frozen=True)
class Spread:
    """How even streams lie on members.

    Attributes:
        per_member: Streams per member, on average.
        busiest: Streams of the member that has most, times the average.
        by_dice: The same when each stream is thrown at random, the median of `DICE` throws.
    """

    per_member: float
    busiest: float
    by_dice: float


@dataclass(frozen=True)
class Join:
    """What a new member changes.

    Attributes:
        moved: Share of all streams whose next source goes elsewhere than the last one.
        to_others: Streams among them that go to another member than the new one.
    """

    moved: float
    to_others: int


@dataclass(frozen=True)
class Death:
    """What one dead member leaves, of all members' deaths one at a time.

    Attributes:
        moved: Share of all streams that had to move, in the worst of them.
        heirs: Members that inherit streams, on average.
        most: Streams that the most burdened heir gets, in the worst of them.
    """

    moved: float
    heirs: float
    most: int


@dataclass(frozen=True)
class Restart:
    """All members restarted one after the other, faster than streams end.

    Attributes:
        moves: How often a stream has moved, on average.
        most_moves: How often the stream that moved most often did.
        busiest: Streams of the member that has most afterwards, times the average.
        last: Streams of the member that was restarted last.
    """

    moves: float
    most_moves: int
    busiest: float
    last: int


@dataclass(frozen=True)
class Relays:
    """What crosses between members for listeners who are anywhere.

    Attributes:
        total: Copies in all, from owners to edges.
        busiest: Copies that the busiest owner sends.
        widest: Edges of the stream that most people listen to.
        per_listener: Copies for each listener.
    """

    total: int
    busiest: int
    widest: int
    per_listener: float


class SimulatedRing:
    """Some members and their streams.

    Args:
        members: How many.
        streams: How many.
        seed: Of stream ids and of all that is thrown.
    """

    def __init__(self, members: int, streams: int, seed: int) -> None:
        self._seed = f"{seed} {members} {streams}"
        random_ids = self._random("streams")
        self.members = [f"audiocast-{number}" for number in range(members)]
        self.streams = ["".join(random_ids.choices(ID_LETTERS, k=ID_LENGTH)) for _ in range(streams)]

    @cached_property
    def orders(self) -> Mapping[str, Sequence[str]]:
        """All members for each stream, its owner first."""
        return {stream: order(stream, self.members) for stream in self.streams}

    def spread(self) -> Spread:
        """Count what each member owns."""
        thrown = self._random("dice")
        throws = [self._busiest(thrown.choices(self.members, k=len(self.streams))) for _ in range(DICE)]
        owners = [names[0] for names in self.orders.values()]
        return Spread(len(self.streams) / len(self.members), self._busiest(owners), median(throws))

    def join(self) -> Join:
        """Add a member."""
        new = f"audiocast-{len(self.members)}"
        after = {stream: order(stream, [*self.members, new])[0] for stream in self.streams}
        moved = [stream for stream in self.streams if after[stream] != self.orders[stream][0]]
        return Join(len(moved) / len(self.streams), sum(after[stream] != new for stream in moved))

    def death(self) -> Death:
        """Let each member die, one at a time."""
        inherited: dict[str, Counter[str]] = {name: Counter() for name in self.members}
        for dead, heir, *_ in self.orders.values():
            inherited[dead][heir] += 1
        return Death(
            max(each.total() for each in inherited.values()) / len(self.streams),
            mean(len(each) for each in inherited.values()),
            max(max(each.values(), default=0) for each in inherited.values()),
        )

    def restart(self) -> Restart:
        """Restart all in the order of their names; each is back before the next one goes."""
        owners = {stream: names[0] for stream, names in self.orders.items()}
        moves: Counter[str] = Counter()
        for leaving in self.members:
            for stream in [stream for stream, owner in owners.items() if owner == leaving]:
                # A live stream stays with whom it came to, also when its first choice is back.
                owners[stream] = next(name for name in self.orders[stream] if name != leaving)
                moves[stream] += 1
        return Restart(
            mean(moves[stream] for stream in self.streams),
            max(moves.values(), default=0),
            self._busiest(list(owners.values())),
            Counter(owners.values())[self.members[-1]],
        )

    def relays(self, listeners: int) -> Relays:
        """Deal out listeners and encoders to members at random.

        The n-th most popular stream has 1/n of the listeners that the first one has (Zipf's law).
        """
        dealt = self._random("listeners")
        popularity = list(accumulate(1 / rank for rank in range(1, len(self.streams) + 1)))
        chosen = Counter(dealt.choices(self.streams, cum_weights=popularity, k=listeners))
        copies: Counter[str] = Counter()
        widest = 0
        for stream, count in chosen.items():
            owner, front = self.orders[stream][0], dealt.choice(self.members)
            # A front has its encoder's pages already.
            edges = set(dealt.choices(self.members, k=count)) - {owner, front}
            copies[owner] += len(edges)
            widest = max(widest, len(edges))
        total = copies.total()
        return Relays(total, max(copies.values(), default=0), widest, total / listeners)

    def _busiest(self, owners: Sequence[str]) -> float:
        return max(Counter(owners).values()) / (len(owners) / len(self.members))

    def _random(self, what: str) -> random.Random:
        """Give a generator of this table's own, so that a row does not depend on those above it."""
        return random.Random(f"{self._seed} {what}")
