"""`/internal/...`: what members ask each other. Signed, and answered from what this member has itself.

A request of a member is never passed on to a third one, so nothing can go round in circles.
"""

from urllib.parse import unquote

from tornado.iostream import IOStream

from audiocast.cluster.errors import BadFrame
from audiocast.cluster.ingest_relay import (
    AGE_HEADER,
    GENERATION_HEADER,
    HAD_HEADER,
    OLDER,
    ORIGIN_HEADER,
    RESUME_HEADER,
    TITLE_HEADER,
)
from audiocast.cluster.peer_stream import Link
from audiocast.stream.errors import StreamError
from audiocast.stream.now_playing import NowPlaying
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import SERVER_NAME, MemberHandler
from audiocast.web.http.raw_response import response_head
from audiocast.web.public.streams import stream_state, stream_state_with_history

MAX_TITLE_CHARACTERS = 200


class HelloHandler(MemberHandler):
    """`POST /internal/hello`."""

    metric_label = "Hello"

    def post(self) -> None:
        """Greet back."""
        host = (self.request.remote_ip or "").partition("%")[0]
        try:
            self.write(self.services.node.membership.greeted(self.json_body(), host))
        except BadFrame as error:
            raise ApiError(400, "bad_greeting", str(error)) from error


class DrainHandler(MemberHandler):
    """`POST` and `DELETE /internal/drain`: leave the cluster without being heard, or stay after all."""

    metric_label = "Drain"

    def post(self) -> None:
        """Begin."""
        self.services.drain.start()
        self.set_status(202)

    def delete(self) -> None:
        """Undo it."""
        self.services.drain.undo()
        self.set_status(204)


class GoodbyeHandler(MemberHandler):
    """`POST /internal/goodbye`."""

    metric_label = "Goodbye"

    def post(self) -> None:
        """Take note."""
        self.services.node.membership.parted(self.json_body())
        self.write({})


class MemberStreamsHandler(MemberHandler):
    """`GET /internal/streams`: the streams that are on here."""

    metric_label = "MemberStreams"

    def get(self) -> None:
        """Give them."""
        services = self.services
        self.write({"streams": [stream_state(hub, services.node) for hub in services.streams.live()]})


class MemberStreamHandler(MemberHandler):
    """`GET /internal/streams/{id}`: one of them."""

    metric_label = "MemberStream"

    def get(self, stream_id: str) -> None:
        """Say what it is here."""
        node = self.services.node
        hub = self.known_hub(stream_id)
        self.write({"owned": node.owns(stream_id), "state": stream_state_with_history(hub, node)})

    def delete(self, stream_id: str) -> None:
        """End the stream, for good: its broadcaster has said so to another member."""
        self.services.streams.open(stream_id).close()
        self.write({})


class MemberPlayingHandler(MemberHandler):
    """`POST /internal/streams/{id}/playing`: another member was told what is on."""

    metric_label = "MemberPlaying"

    def post(self, stream_id: str) -> None:
        """Show it, if the stream is known here."""
        said = self.json_body()
        hub = self.services.streams.get(stream_id)
        if hub is not None:
            hub.set_now_playing(
                NowPlaying(title=str(said.get("title", "")), artist=str(said.get("artist", "")))
            )
        self.write({})


class MemberReopenHandler(MemberHandler):
    """`POST /internal/streams/{id}/reopen`: a stream begins anew under an id that may have ended before."""

    metric_label = "MemberReopen"

    def post(self, stream_id: str) -> None:
        """Forget that it has ended, if the stream is known here."""
        title = str(self.json_body().get("title", ""))
        hub = self.services.streams.get(stream_id)
        if hub is not None:
            hub.reopen(title)
        self.write({})


class LinkHandler(MemberHandler):
    """Becomes a link: the connection is no longer HTTP's."""

    async def open_link(self, headers: dict[str, str]) -> Link:
        """Answer 200, then frames."""
        stream: IOStream = self.detach()
        stream.set_nodelay(True)
        await stream.write(response_head(200, {"Server": SERVER_NAME, **headers}))
        return Link(stream)


class RelayHandler(LinkHandler):
    """`POST /internal/relay/{id}?origin=&had=`: the stream's pages for an edge, from after the one it had."""

    metric_label = "Relay"

    async def post(self, stream_id: str) -> None:
        """Send them for as long as the edge wants them."""
        if not self.services.node.owns(stream_id):
            raise ApiError(404, "not_the_owner", "the source of this stream is not here")
        hub = self.known_hub(stream_id)
        try:
            source_id = SourceId.parse(self.get_query_argument("origin", "") or "0-0")
            had = Position.parse(self.get_query_argument("had", "") or "0.0")
        except ValueError as error:
            raise ApiError(400, "bad_position", str(error)) from error
        link = await self.open_link({})
        await self.services.node.serve_relay(hub, link, source_id, had)


class ForwardHandler(LinkHandler):
    """`POST /internal/forward/{id}`: the pages of a source whose encoder is connected to another member."""

    metric_label = "Forward"

    async def post(self, stream_id: str) -> None:
        """Take them until the front goes."""
        node = self.services.node
        headers = self.request.headers
        try:
            source_id = SourceId.parse(headers.get(ORIGIN_HEADER, ""))
            generation = int(headers.get(GENERATION_HEADER, "0"))
            age_seconds = float(headers.get(AGE_HEADER, "0"))
        except ValueError as error:
            raise ApiError(400, "bad_origin", str(error)) from error
        if node.membership.draining:
            raise ApiError(503, "draining", "this member takes no more streams")
        title = unquote(headers.get(TITLE_HEADER, ""))[:MAX_TITLE_CHARACTERS]
        hub = self.services.streams.open(stream_id, title)
        hub.title = hub.title or title
        if hub.source_id is not None and source_id < hub.source_id:
            mine_seconds = node.source_age_seconds(stream_id)
            came_before = mine_seconds is not None and age_seconds > mine_seconds
            if headers.get(RESUME_HEADER) == "1" or came_before:
                raise ApiError(409, "taken_over", "a newer source with a key of this stream has taken over")
            # It comes now, so it is the newer one, whatever its front's clock says.
            raise ApiError(409, OLDER, str(hub.source_id))
        try:
            hub.admit(generation)
        except StreamError as error:
            raise ApiError.of(error) or ApiError.of_status(409) from error
        link = await self.open_link({HAD_HEADER: node.had(stream_id, source_id)})
        await node.take_forward(hub, link, source_id, generation=generation, age_seconds=age_seconds)
