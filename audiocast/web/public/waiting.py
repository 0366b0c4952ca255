"""Requests about streams that may not be there: each costs a place, or a question to all members."""

import asyncio

from tornado.httputil import HTTPServerRequest

from audiocast.cluster.access.streams_elsewhere import visibility_elsewhere
from audiocast.cluster.stream_directory import StreamSnapshot
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility
from audiocast.web.http.clients import Holding, Rate
from audiocast.web.http.services import Limits, Services

NOT_LIVE = "the stream is not on the air; try again in a moment"


async def wait_for_stream(
    services: Services, limits: Limits, stream_id: str, request: HTTPServerRequest | None
) -> Hub | None:
    """Return a stream that is on; None when it did not come within `header_wait_seconds`.

    Args:
        services: The parts of this member.
        limits: See above.
        stream_id: An id that was checked.
        request: Whose client waits; None: another member.

    Raises:
        ApiError: 429, the client waits for too many, or asks too often.
        audiocast.stream.errors.ServerFull: Too many wait.
    """
    gate = services.listen_gate
    seen_id = gate.seen_id(stream_id, request)
    hub = services.streams.get(seen_id)
    if hub is not None and hub.is_on:
        return hub
    # Counted from the request's begin: whatever was asked of others for it before is a part of the wait.
    asked_seconds = request.request_time() if request is not None else 0.0
    until = services.now() + max(0.0, limits.header_wait_seconds - asked_seconds)
    is_unknown = services.streams.get_known(seen_id) is None
    if is_unknown:
        services.clients.charge(request, Rate.UNKNOWN_IDS)
    with services.clients.acquire(request, Holding.WAITING_LISTENERS), services.admission.awaiting():
        hub = await services.node.wait_for_stream(seen_id, until - services.now())
        if hub is not None and gate.is_hidden(stream_id, request):
            # It has turned out to be private, or the token was revoked: the stranger waits on for nothing.
            await asyncio.sleep(max(0.0, until - services.now()))
            return None
    if hub is not None and is_unknown:
        services.clients.refund(request, Rate.UNKNOWN_IDS)
    return hub


async def is_stream_on(services: Services, stream_id: str, request: HTTPServerRequest) -> bool:
    """Return whether `wait_for_stream` would return the stream at once. Nothing is fetched and nobody waits.

    Args:
        services: The parts of this member.
        stream_id: An id that was checked.
        request: Whose client asks.

    Raises:
        ApiError: 429, the client asks about too many streams that are not on.
    """
    gate = services.listen_gate
    seen_id = gate.seen_id(stream_id, request)
    hub = services.streams.get(seen_id)
    if hub is not None and hub.is_on:
        return True
    if services.node.is_alone and services.streams.get_known(seen_id) is not None:
        return False
    services.clients.charge(request, Rate.UNKNOWN_IDS)
    # It may have just begun, and this member not know yet that it is private: who has it says so.
    visibility = await visibility_elsewhere(services.node, seen_id)
    is_on = visibility is not None
    if visibility is Visibility.PRIVATE:
        is_on = gate.admits(stream_id, request)
    if is_on:
        services.clients.refund(request, Rate.UNKNOWN_IDS)
    return is_on


async def ask_members(
    services: Services, stream_id: str, mine: StreamSnapshot | None, request: HTTPServerRequest
) -> StreamSnapshot | None:
    """Return what the cluster knows of a stream; None when no member knows it.

    Args:
        services: The parts of this member.
        stream_id: An id that was checked.
        mine: What this member knows.
        request: Whose client asks.

    Raises:
        ApiError: 429, the client asks about too many streams that nobody knows.
    """
    if mine is not None:
        return await services.directory.find(stream_id, mine)
    services.clients.charge(request, Rate.UNKNOWN_IDS)
    state = await services.directory.find(stream_id, None)
    if state is not None:
        services.clients.refund(request, Rate.UNKNOWN_IDS)
    return state
