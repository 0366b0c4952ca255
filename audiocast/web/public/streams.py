"""What the cluster knows of streams, as JSON."""

import contextlib

from tornado.httputil import HTTPServerRequest

from audiocast.cluster.covers.cover_messages import CoverInfo
from audiocast.cluster.node import Node
from audiocast.cluster.protocol import MemberStreamRequest
from audiocast.cluster.stream_directory import (
    MAX_LISTENERS,
    StreamDirectory,
    StreamSnapshot,
    is_listed,
    merge_all,
    public,
)
from audiocast.stream.errors import StreamEnded
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubState
from audiocast.stream.keys import Claims, Visibility
from audiocast.web.contract.requests import StreamEditRequest
from audiocast.web.contract.responses import LocalUrl, PastBroadcast, PastTrack, StreamState
from audiocast.web.http.access.audit import audit
from audiocast.web.http.credentials import has_api_token
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body
from audiocast.web.http.services import Services
from audiocast.web.public.covers.urls import cover_path, cover_version
from audiocast.web.public.hls_listening import live_hubs
from audiocast.web.public.metadata import edit_everywhere
from audiocast.web.public.waiting import ask_members

NOT_FOUND = "no such stream here; it may come when its source does"


def stream_state(hub: Hub, node: Node) -> StreamSnapshot:
    """Return this member's state of a stream: the contract's fields, and those for other members."""
    shown = hub.describe()
    playing, accent = shown.now_playing, hub.claims.presentation.accent
    cover = node.streams.covers.get(hub.stream_id)
    last: PastBroadcast | None = None
    if shown.last_broadcast is not None:
        last = {
            "started_at": shown.last_broadcast.started_at,
            "ended_at": shown.last_broadcast.ended_at,
            "listener_peak": shown.last_broadcast.listener_peak,
        }
    state: StreamState = {
        "stream_id": shown.stream_id,
        "title": shown.title,
        "state": shown.state,
        "live": shown.state is HubState.LIVE,
        "started_at": shown.started_at,
        "listeners": shown.listeners,
        "listener_peak": shown.listener_peak,
        "muted": shown.is_muted,
        "recorded": hub.is_on and node.streams.record.applies(hub.claims.record),
        "last_broadcast": last,
        "bitrate_bps": shown.bitrate_bps,
        "page_ms": _milliseconds(shown.page_seconds),
        "burst_ms": _milliseconds(shown.burst_seconds),
        "source_priority": shown.source_priority,
        "standby": shown.standby,
        "source_faults": shown.source_faults,
        "channels": shown.channels,
        "owner": node.owner_of(hub.stream_id),
        "now_playing": {"title": playing.title, "artist": playing.artist} if playing else None,
        "draining": node.is_handing_over(hub.stream_id),
        "visibility": hub.claims.visibility or Visibility.UNLISTED,
        "accent": accent,
        "cover_version": cover_version(hub.stream_id, {"title": shown.title, "accent": accent}),
        "starts_at": hub.claims.starts_at or None,
    }
    return {
        **state,
        # None: another member knows it.
        "visibility": hub.claims.visibility,
        "is_owner": node.owns(hub.stream_id),
        MAX_LISTENERS: hub.claims.max_listeners if node.is_alone or node.is_front(hub.stream_id) else 0,
        "cover": CoverInfo.of(cover, node.name).as_json() if cover is not None else None,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return round(seconds * 1000) if seconds is not None else None


def long_stream_state(hub: Hub, node: Node) -> StreamSnapshot:
    """Return `stream_state` with the last tracks and the texts that are too long for lists and events."""
    presentation = hub.claims.presentation
    tracks: list[PastTrack] = [
        {"title": track.playing.title, "artist": track.playing.artist, "started_at": track.started_at}
        for track in hub.titles.history.tracks
    ]
    return {
        **stream_state(hub, node),
        "description": presentation.description,
        "link": presentation.link,
        "history": tracks,
    }


def full_state(services: Services, hub: Hub) -> StreamSnapshot:
    """Return all that this member knows of a stream, for its broadcaster and for other members."""
    refusal = services.last_refusals.get(hub.stream_id)
    return {
        **long_stream_state(hub, services.node),
        "last_refusal": refusal,
        "token_tag": token_tag(services, hub),
        "access_code": hub.claims.access_code,
    }


def token_tag(services: Services, hub: Hub) -> str | None:
    """Return the tag of the API token that the key on the air was made for.

    None: the stream is not on, or its encoder is connected to another member, which knows the tag.
    """
    is_here = services.node.is_alone or services.node.is_front(hub.stream_id)
    return hub.claims.token_tag if hub.is_on and is_here else None


async def public_state(hub: Hub, *, node: Node, directory: StreamDirectory) -> StreamSnapshot:
    """Return what everybody may see of a stream that this member knows, merged from all members."""
    mine = stream_state(hub, node)
    state = await directory.find(hub.stream_id, mine) or mine
    hub.note_listeners(state["listeners"])
    return {**public(state), "cover_version": cover_version(hub.stream_id, state)}


def public_state_with_cover(state: StreamSnapshot, base: str) -> StreamSnapshot:
    """Return what everybody may see of a stream, with the URL of its cover.

    Args:
        state: Merged from all members.
        base: "scheme://host" of URLs.
    """
    stream_id = str(state["stream_id"])
    version = cover_version(stream_id, state)
    url = base + cover_path(stream_id, "cover.svg", version)
    return {**public(state), "cover_version": version, "cover_url": url}


async def cluster_state(
    services: Services, stream_id: str, request: HTTPServerRequest
) -> StreamSnapshot | None:
    """Return the state of a stream from all members; None when none knows it, or it is hidden.

    See `ask_members`.
    """
    gate = services.listen_gate
    seen_id = gate.seen_id(stream_id, request)
    hub = services.streams.get_known(seen_id)
    mine = full_state(services, hub) if hub is not None else None
    state = await ask_members(services, seen_id, mine, request)
    if (
        state is not None
        and state["visibility"] == Visibility.PRIVATE
        and not gate.admits(stream_id, request)
    ):
        # Known to be private only now.
        return None
    if state is not None and seen_id != stream_id:
        # An unknown id that somebody waits for is told by its own name.
        return {**state, "stream_id": stream_id}
    if hub is not None and state is not None:
        hub.note_listeners(state["listeners"])
    return state


async def listed_streams(services: Services, request: HTTPServerRequest) -> list[StreamSnapshot]:
    """Return the streams that are on and that the request may find: with an API token, all of them."""
    if has_api_token(request, services.api_tokens, as_password=True):
        return await cluster_list(services)
    others = await services.directory.others_live()
    hubs = live_hubs(services)
    # What no member calls public is not public when merged either, and to describe and merge all of a large
    # server's streams for each visitor would keep the loop.
    public_ids = {hub.stream_id for hub in hubs if hub.claims.visibility is Visibility.PUBLIC}
    public_ids |= {str(each.get("stream_id")) for each in others if is_listed(each)}
    mine = [stream_state(hub, services.node) for hub in hubs if hub.stream_id in public_ids]
    states = merge_all([*mine, *(each for each in others if str(each.get("stream_id")) in public_ids)])
    return [state for state in states if is_listed(state)]


async def cluster_list(services: Services) -> list[StreamSnapshot]:
    """Return the streams that are on at any member, listed or not."""
    return await services.directory.list_live(
        [stream_state(hub, services.node) for hub in live_hubs(services)]
    )


def local_url(services: Services, request: HTTPServerRequest, stream_id: str) -> LocalUrl:
    """Return `local_url`, the listen link for devices in the client's network, where the host is loopback.

    The field is null when there is no such link, and missing with any other host.
    """
    if not services.urls.is_for_this_computer(request):
        return {}
    base = services.urls.local_base(request)
    return {"local_url": f"{base}/listen/{stream_id}" if base else None}


def check_end(services: Services, stream_id: str, claims: Claims) -> None:
    """Check that a key with these claims may end a stream; one that is ended may be ended again.

    Raises:
        audiocast.stream.errors.BadKey: The key was replaced by a newer one.
    """
    with contextlib.suppress(StreamEnded):
        services.streams.admit(stream_id, claims.generation)


async def end_stream(services: Services, stream_id: str, claims: Claims, *, for_good: bool = True) -> None:
    """End a stream at all members.

    Args:
        services: The parts of this member.
        stream_id: The stream.
        claims: Of its broadcaster's key.
        for_good: No source may come again with this key, at whichever member.

    Raises:
        audiocast.stream.errors.BadKey: See `check_end`.
    """
    with contextlib.suppress(StreamEnded):
        (services.streams.close if for_good else services.streams.end)(stream_id, claims.generation)
    request = MemberStreamRequest(stream_id).build_end(claims.generation, for_good=for_good)
    await services.node.broadcast(request)
    audit("end", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)


class StreamsHandler(PublicHandler):
    """`GET /api/streams`: the streams that are on and listed; with an API token, all that are on."""

    metric_label = "Streams"

    async def get(self) -> None:
        self.allow_any_origin()
        states = await listed_streams(self.services, self.request)
        base = self.services.urls.base(self.request)
        self.write_json({"streams": [public_state_with_cover(state, base) for state in states]})


class StreamStateHandler(PublicHandler):
    """`GET /api/streams/{id}`: its state. `PATCH`: it is shown otherwise, or muted. `DELETE`: its end."""

    metric_label = "State"

    async def get(self, stream_id: str) -> None:
        self.allow_any_origin()
        state = await cluster_state(self.services, self.checked_id(stream_id), self.request)
        if state is None:
            raise ApiError(404, "stream_not_found", NOT_FOUND)
        shown = public_state_with_cover(state, self.services.urls.base(self.request))
        shown |= local_url(self.services, self.request, stream_id)
        if self.may_manage(stream_id):
            shown["last_refusal"] = state.get("last_refusal")
        self.write_json(shown)

    async def patch(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        asked = parse_body(self.request.body, StreamEditRequest, example='{"title": "...", "muted": true}')
        hub = self.services.streams.open(stream_id, claims.title)
        await edit_everywhere(self.services, hub, claims, asked.edit)
        audit("edit", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        self.set_status(204)

    async def delete(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        asked = self.get_query_argument("for_good", "true")
        if asked not in ("true", "false"):
            raise ApiError(400, "bad_for_good", f"expected for_good=true or false, got {asked[:20]!r}")
        await end_stream(self.services, stream_id, claims, for_good=asked == "true")
        self.set_status(204)


class HistoryHandler(PublicHandler):
    """`GET /api/streams/{id}/history`: the last tracks, the newest first."""

    metric_label = "History"

    async def get(self, stream_id: str) -> None:
        self.allow_any_origin()
        state = await cluster_state(self.services, self.checked_id(stream_id), self.request)
        if state is None:
            raise ApiError(404, "stream_not_found", NOT_FOUND)
        self.write_json({"tracks": state["history"]})
