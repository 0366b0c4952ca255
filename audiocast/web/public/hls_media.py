"""What this member's HLS muxers answer, and how long caches may keep it.

A name never stands for other media, so caches may keep what has a name. The playlist changes, but not for
requests that name the same state of it: those come from a crowd, or came late.
"""

from collections.abc import Mapping

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from audiocast.cluster.hls_router import HlsResponse
from audiocast.hls.fragments import CODEC
from audiocast.hls.muxer import HlsMuxer
from audiocast.hls.timeline import PART_SECONDS, SEGMENT_PARTS, SEGMENT_SECONDS
from audiocast.stream.errors import ServerFull, StreamEnded
from audiocast.stream.hub import Hub
from audiocast.web.http.clients import Holding
from audiocast.web.http.errors import RETRY_AFTER_SECONDS, ApiError
from audiocast.web.http.services import Limits, Services
from audiocast.web.public.hls_listening import HlsListening
from audiocast.web.public.waiting import NOT_LIVE, wait_for_stream

PLAYLIST = "index.m3u8"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
MEDIA_TYPE = f'audio/mp4; codecs="{CODEC}"'

KEPT = "public, max-age=86400, immutable"

# Six and half a target duration are what RFC 8216bis recommends (section 6.2.5.2).
KEPT_ASKED_FOR = f"public, max-age={6 * SEGMENT_SECONDS}"
KEPT_NEWEST = f"public, max-age={SEGMENT_SECONDS // 2}"

DIRECTIVES = ("_HLS_msn", "_HLS_part")
MAX_NUMBER_DIGITS = 18

# How many parts a request may name in advance, as the draft has it: each is one more that requests wait for.
ADVANCE_PARTS = round(3 / PART_SECONDS)


async def local_answer(
    services: Services,
    limits: Limits,
    stream_id: str,
    path: str,
    directives: Mapping[str, str],
    request: HTTPServerRequest | None = None,
    *,
    client: bytes = b"",
    listening: HlsListening | None = None,
) -> HlsResponse:
    """Answer from this member's HLS muxer; a playlist makes one.

    Args:
        services: The parts of this member.
        limits: A playlist waits `header_wait_seconds` for a stream that is not on.
        stream_id: An id that was checked.
        path: `PLAYLIST`, or a path that the playlist lists.
        directives: By name; see `DIRECTIVES`.
        request: Whose client asks; None: another member.
        client: Who asks there, and is charged for an HLS muxer that starts.
        listening: What the request is a part of; None: another member's player, whose session is there.

    Raises:
        ApiError: 400, 404, 429 or 503.
        StreamEnded: Its broadcaster has ended the stream.
        audiocast.stream.errors.ServerFull: One more request does not fit.
    """
    listening = listening or HlsListening(services, request, stream_id)
    if path == PLAYLIST:
        return await _playlist(services, limits, stream_id, directives, request, client, listening)
    return await _media(services, stream_id, path, listening)


def directives_of(handler: RequestHandler) -> dict[str, str]:
    """Return the request's HLS directives by name; see `DIRECTIVES`."""
    return {
        name: handler.get_query_argument(name) for name in DIRECTIVES if handler.get_query_arguments(name)
    }


def send_answer(handler: RequestHandler, answer: HlsResponse) -> None:
    """Finish a request with an answer of this member or another."""
    handler.set_status(answer.status)
    handler.set_header("Content-Type", answer.content_type)
    handler.set_header("Cache-Control", answer.cache_control)
    if answer.status in (429, 503):
        handler.set_header("Retry-After", str(RETRY_AFTER_SECONDS))
    handler.finish(answer.body)


async def _playlist(
    services: Services,
    limits: Limits,
    stream_id: str,
    directives: Mapping[str, str],
    request: HTTPServerRequest | None,
    client: bytes,
    listening: HlsListening,
) -> HlsResponse:
    number, part = (_number(directives, name) for name in DIRECTIVES)
    if number is None and part is not None:
        raise ApiError(400, "bad_hls_part", "expected _HLS_msn beside _HLS_part, got _HLS_part alone")
    if part is not None and part > SEGMENT_PARTS + ADVANCE_PARTS:
        raise ApiError(400, "bad_hls_part", f"expected at most {SEGMENT_PARTS + ADVANCE_PARTS}, got {part}")
    muxer = await _muxer(services, limits, stream_id, request, client)
    timeline = muxer.timeline
    if number is None:
        # A playlist lists something: the first part of a stream that has just begun is waited for.
        await _wait(muxer, timeline.first_number, 0, listening)
    elif number <= timeline.open_segment.number + 1 or timeline.is_ended:
        await _wait(muxer, number, part, listening)
    else:
        raise ApiError(
            400, "bad_hls_msn", f"expected at most {timeline.open_segment.number + 1}, got {number}"
        )
    services.streams.counters.count_hls("playlist")
    return HlsResponse(200, PLAYLIST_TYPE, KEPT_NEWEST if number is None else KEPT_ASKED_FOR, muxer.playlist)


async def _media(services: Services, stream_id: str, path: str, listening: HlsListening) -> HlsResponse:
    run, _, name = path.partition("/")
    muxer = services.hls_muxers.get(stream_id)
    if muxer is None or muxer.timeline.run != run:
        raise _not_found(path)
    timeline = muxer.timeline
    position = timeline.position(name)
    if position == timeline.hinted:
        await _wait(muxer, *timeline.hinted, listening)
    data = timeline.media(name)
    if data is None:
        raise _not_found(path)
    kind = "init" if position is None else "segment" if position[1] is None else "part"
    services.streams.counters.count_hls(kind)
    return HlsResponse(200, MEDIA_TYPE, KEPT, data)


async def _muxer(
    services: Services, limits: Limits, stream_id: str, request: HTTPServerRequest | None, client: bytes
) -> HlsMuxer:
    muxer = services.hls_muxers.get(stream_id)
    hub = services.streams.get_known(stream_id)
    if muxer is not None and (not muxer.timeline.is_ended or hub is None or not hub.is_on):
        return muxer
    if hub is not None and hub.is_closed:
        raise StreamEnded("the stream was ended by its broadcaster")
    hub = await wait_for_stream(services, limits, stream_id, request)
    if hub is None:
        raise ApiError(404, "stream_not_live", NOT_LIVE)
    return services.hls_muxers.current(hub) or _open_muxer(
        services, hub, services.clients.identify(request) if request is not None else client
    )


def _open_muxer(services: Services, hub: Hub, client: bytes) -> HlsMuxer:
    lease = services.clients.acquire_for(client, Holding.HLS_MUXERS)
    try:
        return services.hls_muxers.open(hub, client=client, on_close=lease.release)
    except ServerFull:
        lease.release()
        raise


async def _wait(muxer: HlsMuxer, number: int, part: int | None, listening: HlsListening) -> None:
    if muxer.timeline.is_ended or muxer.timeline.has(number, part):
        return
    with listening.waiting():
        if not await muxer.wait(number, part):
            raise ApiError(503, "no_audio_yet", "expected more audio by now; ask again in a moment")


def _number(directives: Mapping[str, str], name: str) -> int | None:
    text = directives.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS):
        raise ApiError(400, f"bad{name.lower()}", f"expected a number in {name}, got {text[:20]!r}")
    return int(text)


def _not_found(path: str) -> ApiError:
    return ApiError(404, "media_not_found", f"expected a name that the playlist lists, got {path[:80]!r}")
