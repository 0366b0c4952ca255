"""`GET /api/streams/{id}/events`: the state of a stream for pages that watch it."""

import asyncio
import socket
from functools import partial
from typing import cast

from tornado.http1connection import HTTP1Connection

from audiocast.web.http.clients import Holding, Lease
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.services import Limits, Services
from audiocast.web.public.covers.urls import cover_version
from audiocast.web.public.streams import NOT_FOUND, cluster_state

# Of an event stream, held by the kernel and not sent yet: one event may have so much.
UNSENT_BYTES = 4096


class EventsHandler(PublicHandler):
    """`GET /api/streams/{id}/events` (text/event-stream): the state now, and whenever it changes.

    A change that matters is sent at once, a changed number after a pause; see `state_feed`. The handler is
    the feed's `EventConnection`.
    """

    metric_label = "Events"
    is_long_lived = True

    def initialize(self, services: Services, limits: Limits) -> None:
        super().initialize(services, limits)
        self._connection = cast(HTTP1Connection, self.request.connection).stream
        self._closed = asyncio.Event()
        # Of a stand-in for a hidden stream: what is told as what.
        self._shown: list[tuple[bytes, bytes]] = []

    async def get(self, stream_id: str) -> None:
        services = self.services
        with await self._begin(stream_id):
            seen_id = services.listen_gate.seen_id(stream_id, self.request)
            hub = services.streams.get(seen_id) or services.streams.open(seen_id)
            if seen_id != stream_id:
                self._shown = _shown_instead(seen_id, stream_id)
            claims = services.listen_gate.claims_of(stream_id, self.request)
            if claims is not None:
                hub.listen_sessions.add(self, claims)
            services.bans.watch(
                self.request, is_open=lambda: self.is_open, end=partial(self.end_session, is_revoked=True)
            )
            self._bound_send_buffer()
            with services.state_feeds.watched(hub, self):
                await self._closed.wait()

    async def head(self, stream_id: str) -> None:
        with await self._begin(stream_id):
            # Sent before the end: a length would be added then.
            await self.flush()

    async def _begin(self, stream_id: str) -> Lease:
        """Set the headers of the response, and return the client's lease of it.

        Raises:
            ApiError: 404, 429 or 503.
        """
        services = self.services
        seen_id = services.listen_gate.seen_id(self.checked_id(stream_id), self.request)
        if (
            services.streams.get(seen_id) is None
            and await cluster_state(services, stream_id, self.request) is None
        ):
            raise ApiError(404, "stream_not_found", NOT_FOUND)
        if services.state_feeds.watchers.is_full:
            raise ApiError(503, "server_full", "too many pages are open; the state can be asked for instead")
        self.allow_any_origin()
        self.set_header("Content-Type", "text/event-stream; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        return services.clients.acquire(self.request, Holding.EVENT_STREAMS)

    def on_connection_close(self) -> None:
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """See `Session`."""
        return not self._closed.is_set()

    def end_session(self, *, is_revoked: bool) -> None:
        """See `Session`."""
        self._closed.set()
        self.close_connection()

    @property
    def is_writing(self) -> bool:
        """See `EventConnection`."""
        return self._connection.writing()

    def write_event(self, event: bytes) -> None:
        """See `EventConnection`."""
        stream_id = self.path_args[0]
        if not self._shown and self.services.listen_gate.is_hidden(stream_id, self.request):
            # It has become private, or the token's session is over.
            self.close_connection()
        if not self._connection.closed():
            for instead, shown in self._shown:
                event = event.replace(instead, shown)
            self.write(event)
            self.flush()

    def close_connection(self) -> None:
        """See `EventConnection`."""
        self._connection.close()

    def _bound_send_buffer(self) -> None:
        """Let the kernel hold little for a page that does not read."""
        if not self._connection.closed() and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self._connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def _shown_instead(seen_id: str, stream_id: str) -> list[tuple[bytes, bytes]]:
    """Return what tells of a stand-in in its events, each with what an unknown stream would be told by."""
    untitled = {"title": "", "accent": ""}
    pairs = [(seen_id, stream_id), (cover_version(seen_id, untitled), cover_version(stream_id, untitled))]
    return [(instead.encode(), shown.encode()) for instead, shown in pairs]
