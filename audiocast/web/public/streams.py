"""What is known of streams: as JSON, and as events that a page gets when something changes."""

import asyncio
import contextlib
import json

from tornado.iostream import StreamClosedError

from audiocast.cluster.node import Node
from audiocast.cluster.stream_directory import State as StreamState
from audiocast.cluster.stream_directory import public
from audiocast.stream.errors import StreamEnded
from audiocast.stream.hub import Hub
from audiocast.stream.state import State
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.services import Limits, Services

HEARTBEAT_SECONDS = 15.0
"""A comment line this often keeps proxies from closing, and finds out who is gone."""

MIN_PAUSE_SECONDS = 2.0
WATCHERS_PER_SECOND = 500
"""So many pages a second are told of new numbers at most: the more watch, the rarer."""

NOT_FOUND = "no such stream here; it may come when its source does"

NO_EVENT_FIELDS: dict[str, object] = {"bitrate_bps": None}
"""Changes all the time, and is not worth an event."""


def stream_state(hub: Hub, node: Node) -> StreamState:
    """Give what this member knows of a stream: the contract's state, and what members tell each other."""
    playing = hub.now_playing
    return {
        "stream_id": hub.stream_id,
        "title": hub.title,
        "state": hub.state.value,
        "live": hub.state is State.LIVE,
        "started_at": hub.started_at,
        "listeners": hub.listeners,
        "bitrate_bps": hub.bitrate_bps,
        "page_ms": round(hub.page_seconds * 1000) if hub.page_seconds is not None else None,
        "channels": hub.channels,
        "owner": node.owner_of(hub.stream_id),
        "now_playing": {"title": playing.title, "artist": playing.artist} if playing else None,
        "draining": node.sends_away(hub.stream_id),
        "is_owner": node.owns(hub.stream_id),
        "listener_peak": hub.listener_peak,
    }


def stream_state_with_history(hub: Hub, node: Node) -> StreamState:
    """Give the same and the last tracks: too much for a list of streams, or for each event."""
    tracks = [
        {"title": track.playing.title, "artist": track.playing.artist, "started_at": track.started_at}
        for track in hub.history.tracks
    ]
    return {**stream_state(hub, node), "history": tracks}


async def cluster_state(services: Services, stream_id: str) -> StreamState | None:
    """Give what the whole cluster knows of a stream; None when nobody knows it."""
    hub = services.streams.get(stream_id)
    mine = stream_state_with_history(hub, services.node) if hub is not None else None
    return await services.directory.one(stream_id, mine)


async def cluster_list(services: Services) -> list[StreamState]:
    """Give the streams that are on anywhere."""
    return await services.directory.all([stream_state(hub, services.node) for hub in services.streams.live()])


class StreamsHandler(PublicHandler):
    """`GET /api/streams`."""

    metric_label = "Streams"

    async def get(self) -> None:
        """Give the streams that are on."""
        self.allow_any_origin()
        self.write_json({"streams": [public(state) for state in await cluster_list(self.services)]})


class StreamStateHandler(PublicHandler):
    """`GET` and `DELETE /api/streams/{id}`."""

    metric_label = "State"

    async def get(self, stream_id: str) -> None:
        """Give one stream's state."""
        self.allow_any_origin()
        state = await cluster_state(self.services, self.checked_id(stream_id))
        if state is None:
            raise ApiError(404, "stream_not_found", NOT_FOUND)
        self.write_json(public(state))

    head = get

    async def delete(self, stream_id: str) -> None:
        """End the stream, for good and everywhere."""
        claims = self.claims_for(self.checked_id(stream_id))
        hub = self.services.streams.open(stream_id, claims.title)
        try:
            hub.admit(claims.generation)
        except StreamEnded:
            pass
        else:
            hub.close()
        await self.services.node.tell_all("DELETE", f"/internal/streams/{stream_id}")
        self.set_status(204)


class HistoryHandler(PublicHandler):
    """`GET /api/streams/{id}/history`."""

    metric_label = "History"

    async def get(self, stream_id: str) -> None:
        """Give the last tracks, the newest first."""
        self.allow_any_origin()
        state = await cluster_state(self.services, self.checked_id(stream_id))
        if state is None:
            raise ApiError(404, "stream_not_found", NOT_FOUND)
        self.write_json({"tracks": state["history"]})

    head = get


class EventsHandler(PublicHandler):
    """`GET /api/streams/{id}/events` (text/event-stream): the state now, and whenever it changes.

    What matters is written at once, a mere number now and then. Only the newest state counts, so a page that
    reads slowly is sent less, not later.
    """

    metric_label = "Events"
    is_long_lived = True

    _is_closed = False

    def initialize(self, services: Services, limits: Limits) -> None:
        super().initialize(services, limits)
        self._changed = asyncio.Event()

    async def get(self, stream_id: str) -> None:
        """Write until the page goes."""
        services = self.services
        hub = services.streams.get(self.checked_id(stream_id))
        if hub is None:
            if await cluster_state(services, stream_id) is None:
                raise ApiError(404, "stream_not_found", NOT_FOUND)
            hub = services.streams.open(stream_id)
        if services.watchers.is_full:
            raise ApiError(503, "server_full", "too many pages are open; the state can be asked for instead")
        self.allow_any_origin()
        self.set_header("Content-Type", "text/event-stream; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        hub.on_change.add(self._changed.set)
        try:
            with services.watchers.counted():
                await self._write_states(hub)
        except StreamClosedError:
            pass
        finally:
            hub.on_change.discard(self._changed.set)

    def on_connection_close(self) -> None:
        """Let the writer find out."""
        self._is_closed = True
        self._changed.set()

    async def _write_states(self, hub: Hub) -> None:
        loop = asyncio.get_running_loop()
        shown: dict[str, object] = {}
        written_at = 0.0
        while not self._is_closed:
            self._changed.clear()
            mine = stream_state(hub, self.services.node)
            state = public(await self.services.directory.one(hub.stream_id, mine) or mine)
            if state | NO_EVENT_FIELDS != shown:
                self.write(f"event: state\ndata: {json.dumps(state, ensure_ascii=False)}\n\n")
            elif loop.time() - written_at >= HEARTBEAT_SECONDS:
                self.write(": still here\n\n")
            else:
                await self._wait()
                continue
            await self.flush()
            shown, written_at = state | NO_EVENT_FIELDS, loop.time()
            await self._wait()

    async def _wait(self) -> None:
        """Wait for a change that matters, or until the numbers may be looked at again."""
        with contextlib.suppress(TimeoutError):
            pause_seconds = max(MIN_PAUSE_SECONDS, self.services.watchers.count / WATCHERS_PER_SECOND)
            async with asyncio.timeout(pause_seconds):
                await self._changed.wait()
