"""The roles of this member for one stream: front, owner, edge, each of them or none.

front   the encoder is connected here; `ingest_relay` sends its pages to the owner
owner   this member has the source to give to others: it is the front itself, or a front forwards to it
edge    listeners are here, and the pages come from the owner
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from audiocast.cluster.edge import Edge
from audiocast.cluster.errors import ClusterError, Refused, Unreachable
from audiocast.cluster.ingest_relay import IngestRelay
from audiocast.cluster.membership import MAX_REASON_CHARACTERS
from audiocast.cluster.page_sender import send_pages
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import MOVED, OLDER, TAKEN_OVER
from audiocast.cluster.relay_receiver import RelayReceiver
from audiocast.cluster.stream_requests import ForwardRequest, RelayRequest
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import SourceError, StreamError
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub import Hub
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()

# When an owner has had no source for so long, it ends its relays, and its edges look elsewhere. A front whose
# connection broke needs less to come back.
SOURCE_AWAY_SECONDS = 0.3


class StreamRoles:
    """What this member is for one stream.

    Args:
        hub: The stream here.
        clock: Seconds of the streams' clock.
        feed_scheduler: Of this node.
        peers: The other members.
    """

    def __init__(
        self, hub: Hub, clock: Callable[[], float], feed_scheduler: FeedScheduler, peers: Peers
    ) -> None:
        self.hub = hub
        self._peers = peers
        self._waiting = 0
        self._receiver = RelayReceiver(hub, clock, feed_scheduler)
        self._ingest_relay: IngestRelay | None = None
        self._forwarded: PeerStream | None = None
        self._forwarded_since = 0.0
        self._endings: set[asyncio.Task[None]] = set()
        self._edge = Edge(
            hub,
            self._receiver,
            has_source=lambda: self._has_audio,
            is_wanted=lambda: bool(self.hub.is_wanted or self._waiting),
            peers=peers,
        )

    @property
    def is_front(self) -> bool:
        """Whether the encoder is connected here."""
        return self._ingest_relay is not None

    @property
    def is_owner(self) -> bool:
        """Whether this member has the source to give to others."""
        return self._forwarded is not None or (self._ingest_relay is not None and self._ingest_relay.is_owner)

    @property
    def owned_source(self) -> SourceId | None:
        """The source that this member has to give to others."""
        return self.hub.source_id if self.is_owner else None

    @property
    def owner(self) -> str:
        """Name of the stream's owner, as far as this member knows."""
        own_name = self._peers.own_name
        if self.is_owner:
            return own_name
        if self._ingest_relay is not None:
            return self._ingest_relay.owner or own_name
        return self._edge.relays_from or own_name

    @property
    def is_idle(self) -> bool:
        """Whether nothing is lost when this object is forgotten."""
        return not (self.is_front or self._forwarded is not None or self._waiting or self.hub.is_on)

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Get the stream from its owner while the block runs; see `Edge`."""
        self._waiting += 1
        self.hub.users += 1
        try:
            if not self._has_audio:
                self._edge.supply()
            yield
        finally:
            self.hub.users -= 1
            self._waiting -= 1

    def connect_source(self, source: Source) -> Callable[[], None]:
        """Forward an encoder's source to the owner; return what to call when the encoder is gone."""
        ingest_relay = IngestRelay(self.hub, source, peers=self._peers)
        if self._ingest_relay is not None:
            self._ingest_relay.close()
        self._ingest_relay = ingest_relay

        def disconnect() -> None:
            ingest_relay.close()
            if self._ingest_relay is ingest_relay:
                self._ingest_relay = None
                self._receiver.note_finished(source.source_id)
                self._supply_if_wanted()

        return disconnect

    def dismiss_source(self, error: SourceError) -> None:
        """Close the encoder's connection with an error, so that it connects to another member."""
        if self._ingest_relay is not None:
            self._ingest_relay.dismiss(error)

    def check_is_newest(self, request: ForwardRequest) -> None:
        """Refuse a source that is not the newest of its stream. The newest always wins.

        A source's id tells when it came, by its front's clock, and fronts' clocks differ. So of two sources
        that never met, the age counts, which is a duration; and a front whose source came last is told the
        id that its own must exceed.

        Raises:
            Refused: TAKEN_OVER, a newer source is here; or OLDER, the source needs a greater id.
        """
        mine = self.hub.source_id
        if mine is None or request.source_id >= mine:
            return
        my_age_seconds = self._source_age_seconds
        came_before = my_age_seconds is not None and request.age_seconds > my_age_seconds
        if request.is_resumed or came_before:
            raise Refused(409, TAKEN_OVER, "a newer source with a key of this stream has taken over")
        raise Refused(409, OLDER, str(mine))

    def last_page_of(self, source_id: SourceId) -> Position | None:
        """Return the last page of a source that came from another member; None: no page is here."""
        self._receiver.process_received()
        return self._receiver.last_page if self._receiver.source_id == source_id else None

    async def receive_forward(self, request: ForwardRequest, peer_stream: PeerStream) -> None:
        """Be the owner of a source that a front forwards, until the front ends that.

        Args:
            request: As it was accepted.
            peer_stream: From the front. Closed at the end.
        """
        self._forwarded = peer_stream
        self._forwarded_since = asyncio.get_running_loop().time() - request.age_seconds
        self.hub.users += 1
        try:
            await self._receiver.receive(peer_stream, request.source_id, generation=request.generation)
        except Unreachable as error:
            self._log_end("forward_lost", error)
        except (ClusterError, StreamError, OggError) as error:
            self._log_end("forward_ended", error)
        finally:
            self.hub.users -= 1
            if self._forwarded is peer_stream:
                self._forwarded = None
                self._supply_if_wanted()

    async def serve_relay(self, request: RelayRequest, peer_stream: PeerStream) -> None:
        """Send the stream's pages to an edge until the edge ends that, or the source is not here any more.

        Args:
            request: As it was accepted.
            peer_stream: To the edge. Closed at the end.
        """
        source_id, last_page = request.resume_point or (None, None)
        ends = asyncio.ensure_future(peer_stream.wait_for_end())
        sends = asyncio.ensure_future(
            send_pages(self.hub, peer_stream, source_id=source_id, last_page=last_page)
        )
        watch = asyncio.ensure_future(self._wait_until_source_is_away())
        tasks = {ends, sends, watch}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                await peer_stream.send_end(MOVED, "the source of this stream is not here any more")
        finally:
            peer_stream.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def hand_over(self, code: str, message: str) -> None:
        """Let the source find another owner.

        Args:
            code: MOVED or TAKEN_OVER.
            message: For the front.
        """
        if self._forwarded is not None:
            ending = asyncio.ensure_future(self._forwarded.send_end(code, message))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        elif self._ingest_relay is not None:
            self._ingest_relay.find_owner_anew()

    def close(self) -> None:
        """Close all connections to other members."""
        self._edge.close()
        self._receiver.close()
        if self._ingest_relay is not None:
            self._ingest_relay.close()

    @property
    def _has_audio(self) -> bool:
        """Whether audio comes another way than from the owner; until it does, the source before goes on."""
        relay = self._ingest_relay
        return self._forwarded is not None or (relay is not None and relay.has_audio)

    @property
    def _source_age_seconds(self) -> float | None:
        """How long ago the source came that this member has to give to others; None: it has none."""
        if not self.is_owner:
            return None
        relay = self._ingest_relay
        since = relay.came_at if relay is not None and relay.is_owner else self._forwarded_since
        return asyncio.get_running_loop().time() - since

    def _supply_if_wanted(self) -> None:
        if self.hub.is_wanted:
            self._edge.supply()

    async def _wait_until_source_is_away(self) -> None:
        loop = asyncio.get_running_loop()
        away_since: float | None = None
        while True:
            # Time counts from a look that has found it away: a loop that is late has not looked meanwhile. A
            # front that has handed its stream over keeps its edges: they get all of this source.
            if self.is_owner or self.is_front:
                away_since = None
            elif away_since is None:
                away_since = loop.time()
            elif loop.time() - away_since >= SOURCE_AWAY_SECONDS:
                return
            await asyncio.sleep(0.1)

    def _log_end(self, event: str, error: Exception) -> None:
        log.info(event, stream_id=self.hub.stream_id, reason=str(error)[:MAX_REASON_CHARACTERS])
