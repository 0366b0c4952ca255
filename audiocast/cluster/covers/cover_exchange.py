"""Pictures between members: one tells the others of what it was given, and who needs it fetches it.

The member to which the broadcaster has sent a picture keeps it, and so does the stream's owner, or the member
that would be. Each other member fetches it when somebody asks there, from one that says it has it, and keeps
it too. A member that leaves gives its pictures to those that the streams go to.
"""

import asyncio
import contextlib

from audiocast.cluster.covers.cover_messages import CoverInfo, CoverNote, picture_request
from audiocast.cluster.errors import ClusterError
from audiocast.cluster.peers import Peers
from audiocast.cluster.ring import order
from audiocast.stream.broadcaster.given_covers import GivenCover, GivenCovers
from audiocast.stream.broadcaster.picture import Picture
from audiocast.stream.errors import BadPicture, ServerFull

# A member that leaves spends no longer on giving its pictures away.
HAND_OVER_SECONDS = 2.0


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

    async def hand_over(self) -> None:
        """Give each picture to the member that the stream goes to; this one has left the ring."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_SECONDS):
                for stream_id, cover in self._covers.items():
                    await self._give_to_heir(stream_id, cover)

    async def _give_to_heir(self, stream_id: str, cover: GivenCover) -> None:
        membership = self._peers.membership
        staying = [member.name for member in membership.others if not member.is_draining]
        heir = membership.get(order(stream_id, staying)[0]) if staying else None
        if heir is not None:
            note = CoverNote(stream_id, 0, cover.picture.version, cover.given_at, is_for_heir=True)
            with contextlib.suppress(ClusterError):
                await self._peers.fetch(heir, note.build())

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
