"""What other members tell, and who goes on when one of them is gone.

A member that tells of a stream lists the broadcast's facts. The copies stay here for a while when the member
is gone: the next owner of the stream goes on with them. A stream that finds no other owner within its grace
has ended; the member that is first in the ring for it says so.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from audiocast.cluster.greeting import ListName
from audiocast.cluster.node import Node
from audiocast.cluster.ring import order
from audiocast.webhooks.broadcast_facts import ENDED, BroadcastFacts

# Facts that nobody lists any more are kept so long: somebody else may be about to.
KEPT_SECONDS = 60.0

# Beside the grace, for members to find out who is gone.
ORPHANED_SECONDS = 5.0

# About 400 bytes each.
MAX_KNOWN = 20_000


@dataclass(slots=True)
class _Known:
    """What a member has listed last.

    Attributes:
        facts: Of the broadcast.
        member: Who.
        unlisted_at: Since when it is not listed, or the member is gone; None: it is.
        is_gone: The member is gone, and has not taken it from its list.
    """

    facts: BroadcastFacts
    member: str
    unlisted_at: float | None = None
    is_gone: bool = False


class Successor:
    """Reads the copies of other members' lists.

    Args:
        node: This member.
        now: Seconds of a monotonic clock.
        grace_seconds: How long a stream is held without a source.
    """

    def __init__(self, node: Node, now: Callable[[], float], *, grace_seconds: float) -> None:
        self._node = node
        self._now = now
        self._orphaned_seconds = grace_seconds + ORPHANED_SECONDS
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._seen: dict[str, tuple[str, int]] = {}
        self._listed: dict[str, frozenset[str]] = {}

    def facts_of(self, stream_id: str) -> BroadcastFacts | None:
        """Return what another member has told last of a stream, as far as is known here."""
        known = self._known.get(stream_id)
        return known.facts if known is not None else None

    def is_owned_elsewhere(self, stream_id: str) -> bool:
        """Return whether another member lists the stream's source as its own."""
        return any(stream_id in member.owned_streams for member in self._node.membership.others)

    @property
    def has_successor(self) -> bool:
        """Whether there is a member that goes on when this one stops."""
        return any(not member.is_draining for member in self._node.membership.others)

    def look(self) -> None:
        """Read what has changed in the copies."""
        others = {member.name: member for member in self._node.membership.others}
        for name, member in others.items():
            copy = member.copies[ListName.BROADCASTS]
            if self._seen.get(name) == (member.instance, copy.version):
                continue
            self._seen[name] = member.instance, copy.version
            for stream_id, text in copy.entries.items():
                self._learn(stream_id, BroadcastFacts.parse(text), name)
            self._miss(name, copy.entries.keys(), is_gone=False)
            self._listed[name] = frozenset(copy.entries)
        for name in self._seen.keys() - others.keys():
            del self._seen[name]
            self._miss(name, frozenset(), is_gone=True)
            self._listed.pop(name, None)

    def orphans(self) -> list[tuple[str, BroadcastFacts]]:
        """Return the broadcasts that nobody brings back, and whose end this member is to tell; each once."""
        now = self._now()
        found = []
        for stream_id, known in list(self._known.items()):
            if known.unlisted_at is None:
                continue
            age = now - known.unlisted_at
            if not known.is_gone or known.facts.state == ENDED:
                if age > KEPT_SECONDS:
                    del self._known[stream_id]
                continue
            if self._node.owns(stream_id) or self.is_owned_elsewhere(stream_id):
                known.is_gone, known.unlisted_at = False, now
            elif age > self._orphaned_seconds:
                known.facts, known.unlisted_at = known.facts._replace(state=ENDED), now
                if next(iter(order(stream_id, self._node.membership.ring)), "") == self._node.name:
                    found.append((stream_id, known.facts))
        return found

    def note_ended(self, stream_id: str, facts: BroadcastFacts) -> None:
        """Keep the facts of a broadcast that this member has told the end of."""
        self._known[stream_id] = _Known(facts, self._node.name, self._now())
        self._trim()

    def _learn(self, stream_id: str, facts: BroadcastFacts | None, member: str) -> None:
        if facts is None:
            return
        before = self._known.pop(stream_id, None)
        if before is not None and before.facts.sequence > facts.sequence:
            # Another member has told of it since, and this one is about to notice.
            self._known[stream_id] = before
            return
        self._known[stream_id] = _Known(facts, member)
        self._trim()

    def _trim(self) -> None:
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def _miss(self, member: str, listed: Collection[str], *, is_gone: bool) -> None:
        now = self._now()
        for stream_id in self._listed.get(member, frozenset()):
            known = self._known.get(stream_id)
            if known is not None and known.member == member and stream_id not in listed:
                known.unlisted_at, known.is_gone = now, is_gone
