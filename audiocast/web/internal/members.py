"""`/internal/...`: what members ask each other. Signed, and answered from what this member has itself.

A request of a member is never passed on to a third one, so nothing can go round in circles. The forms of
requests and answers are in `cluster/protocol`.
"""

import contextlib
import secrets

from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream, StreamClosedError

from audiocast.cluster.covers.cover_messages import CoverNote
from audiocast.cluster.drain import NOTICE_SECONDS
from audiocast.cluster.errors import BadMessage, Refused
from audiocast.cluster.greeting import ChangesRequest
from audiocast.cluster.node import AcceptedStream
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.protocol import (
    ENDS,
    GENERATION,
    NONCE_HEADER,
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SIGNATURE_HEADER,
    MemberStreamRequest,
    PlayingRequest,
    ReopenRequest,
    RulesRequest,
    StreamAnswer,
    StreamListAnswer,
)
from audiocast.cluster.signature.header import NONCE_BYTES
from audiocast.cluster.stream_requests import ForwardRequest, RelayRequest
from audiocast.stream.errors import StreamEnded
from audiocast.stream.keys import Claims
from audiocast.stream.now_playing import NowPlaying
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import MemberHandler
from audiocast.web.http.raw_response import SERVER_NAME, response_head
from audiocast.web.public.hls_listening import live_hubs
from audiocast.web.public.streams import full_state, stream_state


class HelloHandler(MemberHandler):
    """`POST /internal/hello`."""

    metric_label = "Hello"
    may_be_unaddressed = True

    def post(self) -> None:
        """Answer with this member's greeting."""
        assert self.signature is not None
        host = (self.request.remote_ip or "").partition("%")[0]
        try:
            self.write(self.services.node.on_hello(self.json_body(), self.signature, host))
        except BadMessage as error:
            raise ApiError(400, "bad_greeting", str(error)) from error


class GoodbyeHandler(MemberHandler):
    """`POST /internal/goodbye`."""

    metric_label = "Goodbye"

    def post(self) -> None:
        """Forget the member."""
        assert self.signature is not None
        self.services.node.on_goodbye(self.signature.sender)
        self.write({})


class ChangesHandler(MemberHandler):
    """`GET /internal/changes?list=&after=`."""

    metric_label = "Changes"

    def get(self) -> None:
        """Return the next changes of a list."""
        try:
            self.write(self.services.node.changes(ChangesRequest.parse(self.query())))
        except BadMessage as error:
            raise ApiError(400, "bad_list", str(error)) from error


class DrainHandler(MemberHandler):
    """`POST` and `DELETE /internal/drain`: leave the cluster without being heard, or stay after all."""

    metric_label = "Drain"

    def post(self) -> None:
        """Start to leave. Balancers do not know of it yet."""
        self.services.drain.start(notice_seconds=NOTICE_SECONDS)
        self.set_status(202)

    def delete(self) -> None:
        """Stay."""
        self.services.drain.undo()
        self.set_status(204)


class MemberStreamsHandler(MemberHandler):
    """`GET /internal/streams[?ends=1]`: the streams that are on the air here, and the newest ends."""

    metric_label = "MemberStreams"

    def get(self) -> None:
        """Return a snapshot of each, with the generation of its key."""
        services = self.services
        snapshots = [
            {**stream_state(hub, services.node), GENERATION: hub.generation} for hub in live_hubs(services)
        ]
        ends = list(services.streams.ends) if ENDS in self.query() else None
        self.write(StreamListAnswer(snapshots, ends).as_json())


class MemberStreamHandler(MemberHandler):
    """`GET` and `DELETE /internal/streams/{id}`."""

    metric_label = "MemberStream"

    def get(self, stream_id: str) -> None:
        """Return a snapshot of the stream, and whether this member is its owner."""
        hub = self.known_hub(stream_id)
        state = full_state(self.services, hub)
        self.write(StreamAnswer(self.services.node.owns(stream_id), state).as_json())

    def delete(self, stream_id: str) -> None:
        """End the stream, for good or for now: its broadcaster has ended it at another member."""
        streams = self.services.streams
        try:
            generation = MemberStreamRequest.parse_end(self.query())
        except BadMessage as error:
            raise ApiError(400, "bad_generation", str(error)) from error
        if generation is None:
            generation = streams.promise_of(stream_id).generation
        end = streams.close if MemberStreamRequest.is_for_good(self.query()) else streams.end
        with contextlib.suppress(StreamEnded):
            end(stream_id, generation)
        self.write({})


class MemberPlayingHandler(MemberHandler):
    """`POST /internal/streams/{id}/playing`: a track was set, or the stream edited, elsewhere."""

    metric_label = "MemberPlaying"

    def post(self, stream_id: str) -> None:
        """Show it, if the stream is known here; an edit is kept for one that is announced, too."""
        try:
            request = PlayingRequest.parse(stream_id, self.json_body())
        except BadMessage as error:
            raise ApiError(400, "bad_generation", str(error)) from error
        streams = self.services.streams
        hub = streams.get(stream_id)
        if hub is None and request.edit is not None and streams.get_known(stream_id) is not None:
            hub = streams.open(stream_id)
        if hub is not None:
            hub.admit(request.generation)
            if request.edit is not None:
                hub.edit(request.edit)
            else:
                hub.set_now_playing(NowPlaying(title=request.title, artist=request.artist))
        self.write({})


class MemberReopenHandler(MemberHandler):
    """`POST /internal/streams/{id}/reopen`: a stream begins anew under an id that may have ended before."""

    metric_label = "MemberReopen"

    def post(self, stream_id: str) -> None:
        """Let sources come again, if the stream is known here."""
        request = ReopenRequest.parse(stream_id, self.json_body())
        streams = self.services.streams
        streams.covers.drop(stream_id)
        if streams.get_known(stream_id) is not None:
            streams.reopen(stream_id, Claims(title=request.title, presentation=request.presentation))
        self.write({})


class MemberCoverHandler(MemberHandler):
    """`GET` and `POST /internal/streams/{id}/cover`: a picture that is here, and news of one elsewhere."""

    metric_label = "MemberCover"

    def get(self, stream_id: str) -> None:
        """Return the picture."""
        cover = self.services.streams.covers.get(stream_id)
        if cover is None:
            raise ApiError(404, "not_found", "no picture was given for this stream, or it is gone")
        self.set_header("Content-Type", cover.picture.media_type)
        self.write(cover.picture.data)

    async def post(self, stream_id: str) -> None:
        """Forget an older picture; fetch the new one if this member is the stream's owner, or would be."""
        try:
            note = CoverNote.parse(stream_id, self.json_body())
        except BadMessage as error:
            raise ApiError(400, "bad_note", str(error)) from error
        assert self.signature is not None
        node, streams = self.services.node, self.services.streams
        # What a member hands over was given with a key that was good then.
        generation = streams.promise_of(stream_id).generation if note.is_for_heir else note.generation
        streams.admit(stream_id, generation)
        streams.covers.drop_older(stream_id, note.given_at)
        is_owners = node.owns(stream_id) or node.peers.owner_for_source(stream_id) is None
        if note.version and (note.is_for_heir or is_owners):
            picture = await node.covers.get(stream_id, note.info(self.signature.sender.name))
            if picture is None and note.is_for_heir:
                # It could not be fetched in time: the sender, which leaves, says it again.
                raise ApiError(503, "no_picture", "the picture could not be fetched; tell of it again")
        self.write({})


class MemberRulesHandler(MemberHandler):
    """`POST /internal/streams/{id}/rules`: the operator suspends a stream, or knows its end or newer key."""

    metric_label = "MemberRules"

    def post(self, stream_id: str) -> None:
        """Hold to it from now on."""
        try:
            request = RulesRequest.parse(stream_id, self.json_body())
        except BadMessage as error:
            raise ApiError(400, "bad_rules", str(error)) from error
        self.services.streams.hold_to(stream_id, request.rule)
        self.write({})


class PeerStreamHandler(MemberHandler):
    """A handler whose connection carries frames after the heads, both ways."""

    async def run(self, accepted: AcceptedStream) -> None:
        """Answer 200, and leave the connection to what the node has accepted, unless it is gone by now."""
        assert self.signature is not None
        signer = self.services.node.signature_check.signer
        headers = {
            "Server": SERVER_NAME,
            PROTOCOL_HEADER: str(PROTOCOL_VERSION),
            NONCE_HEADER: secrets.token_hex(NONCE_BYTES),
            **accepted.headers,
        }
        answer = signer.sign_answer(self.signature, 200, headers, b"")
        macs = signer.frame_macs(self.signature, answer, is_answerer=True)
        stream: IOStream = self.detach()
        stream.set_nodelay(True)
        try:
            await stream.write(response_head(200, {**headers, SIGNATURE_HEADER: str(answer)}))
        except StreamClosedError:
            # The other member has not waited, as when this one was busy; it asks again.
            return
        await accepted.run(PeerStream(stream, macs))


class RelayHandler(PeerStreamHandler):
    """`POST /internal/relay/{id}?origin=&had=`: an edge asks for the stream's pages."""

    metric_label = "Relay"

    async def post(self, stream_id: str) -> None:
        """Send pages for as long as the edge wants them."""
        try:
            accepted = self.services.node.accept_relay(RelayRequest.parse(stream_id, self.query()))
        except BadMessage as error:
            raise ApiError(400, "bad_position", str(error)) from error
        except Refused as refusal:
            raise ApiError(refusal.status, refusal.code, refusal.message) from refusal
        await self.run(accepted)


class ForwardHandler(PeerStreamHandler):
    """`POST /internal/forward/{id}`: a front offers a source to the stream's owner."""

    metric_label = "Forward"

    async def post(self, stream_id: str) -> None:
        """Receive the source's pages until the front ends that."""
        headers: HTTPHeaders = self.request.headers
        try:
            accepted = self.services.node.accept_forward(ForwardRequest.parse(stream_id, headers))
        except BadMessage as error:
            raise ApiError(400, "bad_origin", str(error)) from error
        except Refused as refusal:
            raise ApiError(refusal.status, refusal.code, refusal.message) from refusal
        await self.run(accepted)
