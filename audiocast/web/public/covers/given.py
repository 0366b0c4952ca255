"""`PUT` and `DELETE /api/streams/{id}/cover`: a broadcaster gives a picture, or takes it back."""

import time
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.web import stream_request_body

from audiocast.cluster.covers.cover_messages import CoverInfo, CoverNote
from audiocast.stream.broadcaster.given_covers import GivenCover
from audiocast.stream.broadcaster.picture import MAX_PICTURE_BYTES, Picture
from audiocast.stream.errors import StreamError
from audiocast.stream.keys import Claims
from audiocast.web.http.access.audit import audit
from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.public.streams import cluster_state

# Between two pictures of a stream, at the least, by whichever clocks they are given.
STEP_SECONDS = 0.001


@stream_request_body
class GivenCoverHandler(PublicHandler):
    """The picture of one stream. Its body may be larger than others; without a key nothing is kept."""

    metric_label = "GivenCover"

    _claims: Claims | None = None
    _refusal: ApiError | StreamError | None = None

    def prepare(self) -> None:
        """Check the key before the picture is read. What strangers send is read all the same, and dropped."""
        self._body = bytearray()
        cast(HTTP1Connection, self.request.connection).set_max_body_size(MAX_PICTURE_BYTES)
        super().prepare()
        if self.request.method not in ("PUT", "DELETE"):
            return
        try:
            stream_id = self.checked_id(self.path_args[0])
            self._claims = self.claims_for(stream_id)
            self.services.streams.admit(stream_id, self._claims.generation)
            self.services.clients.charge(self.request, Rate.COVERS)
        except (ApiError, StreamError) as error:
            self._refusal = error

    def data_received(self, chunk: bytes) -> None:
        if self._refusal is None:
            self._body += chunk

    async def put(self, stream_id: str) -> None:
        claims = self._checked_claims()
        picture = Picture.read(bytes(self._body))
        streams = self.services.streams
        given_at = await self._next_time(stream_id)
        streams.open(stream_id, claims.title)
        streams.covers.keep(stream_id, GivenCover(picture, given_at))
        await self._announce(stream_id, claims, picture.version, given_at)
        self.set_status(204)

    async def delete(self, stream_id: str) -> None:
        claims = self._checked_claims()
        given_at = await self._next_time(stream_id)
        self.services.streams.covers.drop(stream_id)
        await self._announce(stream_id, claims, "", given_at)
        self.set_status(204)

    def _checked_claims(self) -> Claims:
        """Return what the request's key claims.

        Raises:
            ApiError: 401, there is none, or 429.
            StreamError: It is not good.
        """
        if self._refusal is not None:
            raise self._refusal
        assert self._claims is not None
        return self._claims

    async def _next_time(self, stream_id: str) -> float:
        """Return a time behind that of the present picture, which may be by another member's clock."""
        state = await cluster_state(self.services, stream_id, self.request) or {}
        present = CoverInfo.parse(state.get("cover"))
        return max(time.time(), present.given_at + STEP_SECONDS if present is not None else 0.0)

    async def _announce(self, stream_id: str, claims: Claims, version: str, given_at: float) -> None:
        audit("cover", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        node = self.services.node
        if not node.is_alone:
            await node.covers.announce(CoverNote(stream_id, claims.generation, version, given_at))
