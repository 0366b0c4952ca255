"""This member of the cluster: its roles, stream by stream, and what it answers other members.

Handlers ask the node, and the three services that stand on it: `drain`, `stream_directory` and `hls_router`.
A server that is alone has a node too, with a ring of one: it forwards and relays nothing, and asks no
member.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from audiocast.cluster.access.private_listening import PrivateListening
from audiocast.cluster.covers.cover_exchange import CoverExchange
from audiocast.cluster.discovery.peers_setting import Discovery
from audiocast.cluster.errors import Refused
from audiocast.cluster.greeting import ChangesRequest, Greeting, ListName
from audiocast.cluster.member import Member, OwnedSource
from audiocast.cluster.membership import Membership
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import MOVED, PROTOCOL_VERSION, TAKEN_OVER, PeerRequest
from audiocast.cluster.roles import StreamRoles
from audiocast.cluster.signature.header import RequestSignature
from audiocast.cluster.signature.identity import NOBODY, Identity
from audiocast.cluster.signature.signature_check import SignatureCheck
from audiocast.cluster.signature.signer import Rejections, Signer
from audiocast.cluster.stream_requests import ForwardAnswer, ForwardRequest, RelayAnswer, RelayRequest
from audiocast.stream.errors import SourceError
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility
from audiocast.stream.registry import Registry
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AcceptedStream:
    """A request for a `PeerStream` that the node has accepted.

    Attributes:
        headers: Headers of the answer.
        run: Takes the connection, closes it at the end, and returns then.
    """

    headers: Mapping[str, str]
    run: Callable[[PeerStream], Awaitable[None]]


class Node:
    """One member of the cluster.

    Args:
        name: Name of this member.
        internal_port: Returns the port where other members reach this one.
        discovery: Addresses where other members may be; None: this server is alone.
        client: Sends requests to other members; closed by `stop`.
        greeting_client: Sends greetings, over connections that no questions can fill; closed by `stop`. None:
            `client` does.
        unlisted_client: The same for questions about streams that no member lists.
        signer: Knows this process, checks the requests of other members, and signs answers; None: this server
            is alone.
        streams: The streams of this member.
        hls_streams: Returns the streams that this member makes HLS of; see `ListName`.

    Attributes:
        peers: The other members.
        private_listening: Which streams are private.
        covers: Pictures of streams, from and for other members.
        relays: How many edges take a stream from here now.
        moves: Streams that this member, leaving, has handed over so far.
        conflicts: Times that two members owned a stream so far.
    """

    def __init__(
        self,
        name: str,
        *,
        internal_port: Callable[[], int],
        discovery: Discovery | None,
        client: PeerClient,
        greeting_client: PeerClient | None = None,
        unlisted_client: PeerClient | None = None,
        signer: Signer | None,
        streams: Registry,
        hls_streams: Callable[[], Mapping[str, int]],
    ) -> None:
        self.name = name
        self.streams = streams
        self.is_alone = discovery is None
        self.membership = Membership(
            signer.identity if signer is not None else Identity.of_new_process(name),
            internal_port=internal_port,
            discovery=discovery,
            client=greeting_client or client,
            clock=streams.clock,
            lists={
                ListName.PRIVATE: lambda: streams.private_streams.entries,
                ListName.OWNED: self.owned_streams,
                ListName.HLS: hls_streams,
            },
        )
        self.membership.on_list_change[ListName.OWNED] = self._note_owned
        self.private_listening = PrivateListening(streams, self.membership)
        self.peers = Peers(self.membership, client, unlisted_client)
        self.covers = CoverExchange(streams.covers, self.peers)
        self.hls_streams = hls_streams
        self.relays = 0
        self.moves = 0
        self.conflicts = 0
        self._signature_check = SignatureCheck(signer) if signer is not None else None
        self._greeting_client = greeting_client
        self._roles: dict[str, StreamRoles] = {}

    async def start(self) -> None:
        """Find the other members; returns when this one has a view of the ring."""
        await self.membership.start()

    async def stop(self) -> None:
        """Send every member a goodbye, and close all connections."""
        for roles in self._roles.values():
            roles.close()
        await self.membership.stop()
        self.peers.close()
        if self._greeting_client is not None:
            self._greeting_client.close()

    @property
    def is_draining(self) -> bool:
        """Whether this member takes no more sources and streams."""
        return self.membership.is_draining

    @property
    def connected_sources(self) -> int:
        """How many encoders are connected here."""
        return sum(roles.is_front for roles in self._roles.values())

    def owned_streams(self) -> Mapping[str, str]:
        """Return the streams whose source this member has to give to others, as `OwnedSource` texts."""
        return {
            stream_id: str(OwnedSource(source_id, roles.hub.generation))
            for stream_id, roles in self._roles.items()
            if (source_id := roles.owned_source) is not None
        }

    def owns(self, stream_id: str) -> bool:
        """Return whether this member has the stream's source to give to others, and the stream is on."""
        roles = self._roles.get(stream_id)
        return roles is not None and roles.is_owner and roles.hub.is_on

    def owner_of(self, stream_id: str) -> str:
        """Return the name of a stream's owner, as far as this member knows."""
        roles = self._roles.get(stream_id)
        return self.name if self.is_alone or roles is None else roles.owner

    def is_front(self, stream_id: str) -> bool:
        """Return whether the stream's encoder is connected here."""
        roles = self._roles.get(stream_id)
        return roles is not None and roles.is_front

    def is_handing_over(self, stream_id: str) -> bool:
        """Return whether the stream's encoder is connected here and should not be: this member leaves."""
        return self.is_draining and self.is_front(stream_id)

    def status(self) -> dict[str, Any]:
        """Return what `GET /internal/status` says of the cluster, as JSON."""
        membership = self.membership
        return {
            "name": self.name,
            "instance": membership.identity.instance,
            "protocol": PROTOCOL_VERSION,
            "ring": sorted(membership.ring),
            "view": membership.view,
            "members": [each.status() for each in membership.others],
            "draining": self.is_draining,
            "owned": len(self.owned_streams()),
            "relays": self.relays,
            "questions": self.peers.questions,
            "bad_signatures": self.rejections.requests,
        }

    async def wait_for_stream(self, stream_id: str, timeout_seconds: float) -> Hub | None:
        """Return a stream that is on, here or at another member; None when it did not come in time."""
        if self.is_alone:
            return await self.streams.wait(stream_id, timeout_seconds)
        with self._roles_of(self.streams.open(stream_id)).awaited():
            return await self.streams.wait(stream_id, timeout_seconds)

    def connect_source(self, hub: Hub, source: Source) -> Callable[[], None]:
        """Forward an encoder's source to its owner; return what to call when the encoder is gone."""
        return (lambda: None) if self.is_alone else self._roles_of(hub).connect_source(source)

    def dismiss_sources(self, error: SourceError, count: int) -> None:
        """Close the connections of at most `count` encoders, so that they connect to another member."""
        fronts = [roles for roles in self._roles.values() if roles.is_front]
        for roles in fronts[:count]:
            roles.dismiss_source(error)

    async def broadcast(self, request: PeerRequest) -> list[Any]:
        """Send every other member a request, and return the JSON values of the answers that came."""
        return await self.peers.broadcast(request)

    @property
    def signature_check(self) -> SignatureCheck:
        """Checks the requests of other members; not there when this one is alone."""
        assert self._signature_check is not None, "a server that is alone answers no member"
        return self._signature_check

    @property
    def rejections(self) -> Rejections:
        """What others have sent here so far that no member had signed for this one."""
        check = self._signature_check
        return check.rejections if check is not None else Rejections()

    def on_hello(self, body: object, signature: RequestSignature, host: str) -> dict[str, Any]:
        """Answer the greeting of another member, and return this member's, both as JSON values.

        Args:
            body: The request's.
            signature: The request's.
            host: IP address that the request came from.

        Raises:
            audiocast.cluster.errors.BadMessage: It is not a greeting.
        """
        greeting = Greeting.parse(body, signature.sender)
        is_addressed = signature.addressee != NOBODY
        return self.membership.on_hello(greeting, host, is_addressed=is_addressed).as_json()

    def on_goodbye(self, sender: Identity) -> None:
        """Take a member out whose process ends."""
        self.membership.on_goodbye(sender)

    def changes(self, request: ChangesRequest) -> dict[str, Any]:
        """Return what has changed in one of this member's lists, as a JSON value."""
        return self.membership.changes(request).as_json()

    def accept_relay(self, request: RelayRequest) -> AcceptedStream:
        """Take an edge's request for a stream's pages.

        Raises:
            Refused: The stream's source is not here.
        """
        hub = self.streams.get(request.stream_id)
        if hub is None or not self.owns(request.stream_id):
            raise Refused(404, "not_the_owner", "the source of this stream is not here")
        if hub.claims.visibility is Visibility.PRIVATE and not request.keeps_private:
            raise Refused(404, "not_the_owner", "this stream is for members of a later version")
        headers = RelayAnswer(hub.muted_source, hub.claims.visibility, hub.claims.record).as_headers()
        return AcceptedStream(headers, partial(self._serve_relay, self._roles_of(hub), request))

    def accept_forward(self, request: ForwardRequest) -> AcceptedStream:
        """Take a front's source: this member is its owner from now on. The newest source always wins.

        Raises:
            Refused: This member is draining, or has a newer source.
            audiocast.stream.errors.StreamError: The stream is ended, the key was replaced, or there is no
            room.
        """
        if self.is_draining:
            raise Refused(503, "draining", "this member takes no more streams")
        self.streams.check_room(request.stream_id)
        hub = self.streams.open(request.stream_id, request.title)
        hub.set_missing_title(request.title)
        roles = self._roles_of(hub)
        roles.check_is_newest(request)
        hub.admit(request.generation)
        presentation = hub.claims.presentation if request.presentation is None else request.presentation
        claims = replace(hub.claims, visibility=request.visibility, record=request.record)
        hub.claims = replace(claims, presentation=presentation)
        if request.is_muted:
            hub.muted_source = request.source_id
        answer = ForwardAnswer(roles.last_page_of(request.source_id))
        return AcceptedStream(answer.as_headers(), partial(roles.receive_forward, request))

    def hand_over(self) -> None:
        """Leave the ring, and let the owned streams find other owners."""
        self.membership.leave_ring()
        for roles in self._roles.values():
            self.moves += roles.is_owner
            roles.hand_over(MOVED, "the owner hands its streams over")

    def rejoin(self) -> None:
        """Be in the ring again."""
        self.membership.rejoin_ring()

    async def announce(self) -> None:
        """Greet every member now, so that changes are known before the next greeting."""
        await self.membership.announce()

    async def _serve_relay(self, roles: StreamRoles, request: RelayRequest, peer_stream: PeerStream) -> None:
        self.relays += 1
        try:
            await roles.serve_relay(request, peer_stream)
        finally:
            self.relays -= 1

    def _roles_of(self, hub: Hub) -> StreamRoles:
        roles = self._roles.get(hub.stream_id)
        if roles is None or roles.hub is not hub:
            self._forget_idle()
            roles = self._roles[hub.stream_id] = StreamRoles(
                hub, self.streams.clock.time, self.streams.feed_scheduler, self.peers
            )
        return roles

    def _forget_idle(self) -> None:
        for stream_id in [stream_id for stream_id, roles in self._roles.items() if roles.is_idle]:
            self._roles.pop(stream_id).close()

    def _note_owned(self, member: Member, changed: Collection[str]) -> None:
        """Learn from another member's list which keys are replaced, and whose source is newer."""
        for stream_id in changed:
            text = member.owned_streams.get(stream_id)
            if text is None:
                continue
            try:
                theirs = OwnedSource.parse(text)
            except ValueError:
                continue
            self.streams.learn_generation(stream_id, theirs.generation)
            self._settle_conflict(stream_id, theirs.source_id, member)

    def _settle_conflict(self, stream_id: str, theirs: SourceId, member: Member) -> None:
        """Let the newer source win where two members own a stream, because their views differed."""
        roles = self._roles.get(stream_id)
        mine = roles.owned_source if roles is not None else None
        if roles is not None and mine is not None and mine < theirs:
            self.conflicts += 1
            log.warning("owner_conflict", stream_id=stream_id, member=member.name)
            roles.hand_over(TAKEN_OVER, "a newer source has come through another member")
