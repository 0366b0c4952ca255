"""Which streams are private, and which listen tokens are revoked, as all members have learned it together.

Each member lists the private streams that it knows of (`greeting.ListName`), with the moment before which
listen tokens are revoked. Its neighbours look into these lists before they look for a stream. Of a stream
that is on, the word of its owner counts.
"""

from collections.abc import Collection

from audiocast.cluster.greeting import ListName
from audiocast.cluster.member import Member
from audiocast.cluster.membership import Membership
from audiocast.stream.keys import Visibility
from audiocast.stream.registry import Registry


class PrivateListening:
    """What this member knows of private streams, and what the others do.

    Args:
        streams: The streams of this member.
        membership: The other members.
    """

    def __init__(self, streams: Registry, membership: Membership) -> None:
        self._streams = streams
        self._membership = membership
        membership.on_list_change[ListName.PRIVATE] = self._note_listed

    def is_private(self, stream_id: str) -> bool:
        """Return whether a stream is for those alone who have a listen token or its code."""
        hub = self._streams.get(stream_id)
        if hub is not None and hub.is_on and hub.claims.visibility is not None:
            return hub.claims.visibility is Visibility.PRIVATE
        others = self._membership.others
        owners = [member for member in others if stream_id in member.owned_streams]
        if not owners and stream_id in self._streams.private_streams:
            return True
        return any(stream_id in member.private_streams for member in owners or others)

    def revoked_at_ms(self, stream_id: str) -> int:
        """Return the moment before which made tokens of a stream are revoked; 0: none is."""
        known = [member.private_streams.get(stream_id, 0) for member in self._membership.others]
        return max(self._streams.private_streams.revoked_at_ms(stream_id), *known, 0)

    async def revoke(self, stream_id: str, at_ms: int) -> None:
        """Revoke the tokens of a stream that were made before a moment, Unix milliseconds, at all members.

        What they have opened here has ended when this returns, and at the other members when they have
        answered a greeting.
        """
        self._streams.private_streams.revoke(stream_id, at_ms)
        self._end_revoked(stream_id)
        await self._membership.announce()

    def _note_listed(self, member: Member, changed: Collection[str]) -> None:
        for stream_id in changed:
            if stream_id in member.private_streams:
                self._end_revoked(stream_id)

    def _end_revoked(self, stream_id: str) -> None:
        hub = self._streams.get(stream_id)
        if hub is not None:
            hub.listen_sessions.revoke_before(self.revoked_at_ms(stream_id))
