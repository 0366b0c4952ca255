"""Pictures between members: one tells the others of what it was given, and who needs it fetches it.

The member to which the broadcaster has sent a picture keeps it, and so does the stream's owner, or the member
that would be. Each other member fetches it when somebody asks there, from one that says it has it, and keeps
it too. A member that leaves gives its pictures to those that the streams go to.
"""

import asyncio
import contextlib
from http import HTTPStatus

from audiocast.cluster.covers.cover_messages import CoverInfo, CoverNote, picture_request
from audiocast.cluster.errors import ClusterError
from audiocast.cluster.peers import Peers
from audiocast.cluster.ring import order
from audiocast.stream.broadcaster.given_covers import GivenCover, GivenCovers
from audiocast.stream.broadcaster.picture import Picture
from audiocast.stream.errors import BadPicture, ServerFull

# A member that leaves spends no longer on giving its pictures away, nor more than this part of its drain.
HAND_OVER_SECONDS = 10.0
HAND_OVER_SHARE = 0.5

# An heir that had no time to answer, or to fetch a picture, is told again after this.
AGAIN_SECONDS = 0.2


class CoverExchange:
    """Asks and tells the other members of pictures.

    Args:
        covers: This member's own.
        peers: The others.
    """

    def __init__(self, covers: GivenCovers, peers: Peers) -> None:
        self._covers = covers
        self._peers = peers
        self._fetches: dict[tuple[str, str], asyncio.Task[Picture | None]] = {}

    async def announce(self, note: CoverNote) -> None:
        """Tell every member; returns when the stream's owner has the picture, if it answers."""
        await self._peers.broadcast(note.build())

    async def get(self, stream_id: str, info: CoverInfo) -> Picture | None:
        """Return a picture that a member says it has; None: it cannot be had."""
        mine = self._covers.get(stream_id)
        if mine is not None and mine.picture.version == info.version:
            return mine.picture
        key = (stream_id, info.version)
        fetch = self._fetches.get(key)
        if fetch is None:
            fetch = self._fetches[key] = asyncio.ensure_future(self._fetch(stream_id, info))
            fetch.add_done_callback(lambda _: self._fetches.pop(key))
        # One of many visitors may go.
        return await asyncio.shield(fetch)

    async def hand_over(self, drain_seconds: float) -> None:
        """Give each picture to the member that the stream goes to; this one has left the ring.

        Args:
            drain_seconds: How long this member may take to leave.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(HAND_OVER_SECONDS, drain_seconds * HAND_OVER_SHARE)):
                for stream_id, cover in self._covers.items():
                    while not await self._give_to_heir(stream_id, cover):
                        await asyncio.sleep(AGAIN_SECONDS)

    async def _give_to_heir(self, stream_id: str, cover: GivenCover) -> bool:
        """Return whether nothing is left to do: the heir has answered, or there is none."""
        membership = self._peers.membership
        staying = [member.name for member in membership.others if not member.is_draining]
        heir = membership.get(order(stream_id, staying)[0]) if staying else None
        if heir is None:
            return True
        note = CoverNote(stream_id, 0, cover.picture.version, cover.given_at, is_for_heir=True)
        try:
            answer = await self._peers.fetch(heir, note.build())
        except ClusterError:
            return False
        return answer.status != HTTPStatus.SERVICE_UNAVAILABLE

    async def _fetch(self, stream_id: str, info: CoverInfo) -> Picture | None:
        holder = self._peers.membership.get(info.holder)
        if holder is None:
            return None
        try:
            answer = await self._peers.fetch(holder, picture_request(stream_id))
            picture = Picture.read(answer.body) if answer.status == 200 else None
        except (ClusterError, BadPicture):
            return None
        if picture is None or picture.version != info.version:
            return None
        with contextlib.suppress(ServerFull):
            self._covers.keep(stream_id, GivenCover(picture, info.given_at))
        return picture
