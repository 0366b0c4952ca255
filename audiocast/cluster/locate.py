"""Where a stream is: who has its source now, or who should take the next one.

Live streams stay where they are whatever the ring says (pinned while live). Members tell in each greeting
what they own, half a second old at most; who must be sure asks: in the ring's order, then everyone.
"""

import asyncio
from dataclasses import dataclass

from audiocast.cluster.errors import ClusterError, Unreachable
from audiocast.cluster.membership import Member, Membership
from audiocast.cluster.peer_client import Dialer
from audiocast.cluster.ring import order
from audiocast.stream.source_id import SourceId

STREAM = "/internal/streams/"
FIRST_QUESTIONS = 2


@dataclass(slots=True)
class Locator:
    """Finds owners.

    Attributes:
        membership: Who is there.
        dialer: Asks them.
        questions: How many were asked.
    """

    membership: Membership
    dialer: Dialer
    questions: int = 0

    def owner_for_source(self, stream_id: str) -> Member | None:
        """Give the member that a source should go to; None: this one."""
        membership = self.membership
        holder = self._told(stream_id)
        if holder is not None and not holder.draining:
            return holder
        names = order(stream_id, membership.ring)
        if not names or names[0] == membership.name:
            return None
        return membership.get(names[0])

    async def holder(self, stream_id: str, *, ask_all: bool) -> Member | None:
        """Give another member that has the stream's source, or None.

        Args:
            stream_id: Of the stream.
            ask_all: Ask everyone, when nobody has told and the likely ones have not got it.
        """
        told = self._told(stream_id)
        if told is not None:
            return told
        others = self.membership.others
        by_name = {member.name: member for member in others}
        ranked = [by_name[name] for name in order(stream_id, by_name)]
        for member in ranked[:FIRST_QUESTIONS]:
            if await self._has(member, stream_id):
                return member
        rest = ranked[FIRST_QUESTIONS:] if ask_all else []
        answers = await asyncio.gather(*(self._has(member, stream_id) for member in rest))
        return next((member for member, has in zip(rest, answers, strict=True) if has), None)

    def _told(self, stream_id: str) -> Member | None:
        """Give the member whose greeting says that it owns the stream, the one with the newest source."""
        owners = [member for member in self.membership.others if stream_id in member.owned]
        return max(owners, key=lambda member: _source_id(member.owned[stream_id]), default=None)

    async def _has(self, member: Member, stream_id: str) -> bool:
        self.questions += 1
        try:
            said = await self.dialer.ask(member.address, "GET", STREAM + stream_id)
        except Unreachable as error:
            self.membership.suspect(member.name, str(error))
            return False
        except ClusterError:
            return False
        return bool(said.get("owned"))


def _source_id(text: str) -> SourceId:
    try:
        return SourceId.parse(text)
    except ValueError:
        return SourceId(0, 0)
