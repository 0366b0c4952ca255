"""The role *front*: a source whose encoder is connected here, and whose pages go to the stream's owner.

The encoder notices nothing of owners that come and go. Its pages are in the log of this member's hub, so an
owner that is new to the stream is sent what it has not got, and then each page as it comes. A front that is
the owner itself sends nothing.
"""

import asyncio

import structlog

from audiocast.cluster.errors import BadMessage, ClusterError, Refused, Unreachable
from audiocast.cluster.member import Member
from audiocast.cluster.membership import MAX_REASON_CHARACTERS
from audiocast.cluster.page_sender import send_pages
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import FINAL, MOVED, OLDER
from audiocast.cluster.stream_requests import PRIVATE_VERSION, ForwardAnswer, ForwardRequest
from audiocast.stream.errors import BroadcastEnded, SourceError, StreamEnded, StreamSuspended, TakenOver
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()

RETRY_SECONDS = 0.2


class IngestRelay:
    """Forwards one source for as long as its encoder is connected. Starts at once.

    Args:
        hub: Fed by the source; its log holds the pages.
        source: The encoder's.
        peers: Finds the owner.

    Attributes:
        came_at: When the encoder connected, seconds of the loop's clock.
        owner: Name of the owner as of now; empty until it is known.
    """

    def __init__(self, hub: Hub, source: Source, *, peers: Peers) -> None:
        self._hub = hub
        self._source = source
        self._peers = peers
        self._is_resumed = False
        self._owner_changes = asyncio.Event()
        self.came_at = asyncio.get_running_loop().time()
        self.owner = ""
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_owner(self) -> bool:
        """Whether this member is the stream's owner, and plays this source."""
        return self.owner == self._peers.own_name and self._hub.source is self._source

    @property
    def has_audio(self) -> bool:
        """Whether audio has come from the encoder."""
        return self._source.has_audio

    def find_owner_anew(self) -> None:
        """Look for the owner again, because this member hands its streams over."""
        self._owner_changes.set()

    def dismiss(self, error: SourceError) -> None:
        """Close the encoder's connection with an error."""
        self._source.dismiss(error)

    def close(self) -> None:
        """Stop: the encoder is gone."""
        self._task.cancel()

    async def _run(self) -> None:
        stream_id = self._hub.stream_id
        loop = asyncio.get_running_loop()
        while True:
            self._owner_changes.clear()
            began_at = loop.time()
            try:
                await self._forward_once()
            except Refused as error:
                if error.code == OLDER and not self._is_resumed:
                    self._source.renew_id(newer_than=SourceId.parse(error.message))
                elif error.code in FINAL:
                    self._source.dismiss(_dismissal(error))
                    return
                elif error.code != MOVED:
                    reason = str(error)[:MAX_REASON_CHARACTERS]
                    log.warning("forward_refused", stream_id=stream_id, error=reason)
                    await asyncio.sleep(RETRY_SECONDS)
            except ClusterError as error:
                reason = str(error)[:MAX_REASON_CHARACTERS]
                log.warning("owner_lost", stream_id=stream_id, member=self.owner, reason=reason)
                if isinstance(error, Unreachable):
                    await self._peers.suspect(self.owner, error)
                if self._peers.membership.get(self.owner) is not None:
                    # Nothing proves that it is gone; greetings find out. Where the connection alone broke,
                    # the source's listeners wait for the next one.
                    await asyncio.sleep(max(0.0, began_at + RETRY_SECONDS - loop.time()))

    async def _forward_once(self) -> None:
        """Forward to the present owner; returns when it is time to find the owner anew."""
        while not self._source.has_audio:
            await asyncio.sleep(0.02)
        is_private = self._hub.claims.visibility is Visibility.PRIVATE
        member = self._peers.owner_for_source(self._hub.stream_id)
        if member is not None and is_private and member.version < PRIVATE_VERSION:
            # It would let everybody listen. Edges find the owner by its greetings, wherever it is.
            member = None
        if member is None:
            self.owner = self._peers.own_name
            self._is_resumed = True
            await self._owner_changes.wait()
            return
        self.owner = member.name
        peer_stream, last_page = await self._connect(member)
        self._is_resumed = True
        log.info(
            "source_forwarded", stream_id=self._hub.stream_id, member=member.name, last_page=str(last_page)
        )
        source_id = self._source.source_id
        tasks = [
            asyncio.ensure_future(peer_stream.wait_for_end()),
            asyncio.ensure_future(
                send_pages(self._hub, peer_stream, source_id=source_id, last_page=last_page)
            ),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # The reason that the owner has sent counts before the error that its closing has made here.
            for task in [each for each in tasks if each in done]:
                task.result()
        finally:
            # Nothing is waited for here: `close` may come at any moment, and must end it all.
            peer_stream.close()
            for task in tasks:
                task.cancel()

    async def _connect(self, member: Member) -> tuple[PeerStream, Position | None]:
        request = ForwardRequest(
            self._hub.stream_id,
            source_id=self._source.source_id,
            generation=self._source.generation,
            title=self._hub.title,
            is_resumed=self._is_resumed,
            age_seconds=asyncio.get_running_loop().time() - self.came_at,
            visibility=self._hub.claims.visibility,
            is_muted=self._hub.is_muted,
            presentation=self._hub.claims.presentation,
            record=self._hub.claims.record,
        )
        peer_stream, headers = await self._peers.open_stream(member, request.build())
        try:
            return peer_stream, ForwardAnswer.parse(headers).last_page
        except BadMessage:
            peer_stream.close()
            raise


def _dismissal(error: Refused) -> SourceError:
    known: tuple[type[SourceError], ...] = (StreamEnded, BroadcastEnded, StreamSuspended)
    kinds = {each.code: each for each in known}
    return kinds.get(error.code, TakenOver)(error.message)
