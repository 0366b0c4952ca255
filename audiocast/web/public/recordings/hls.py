"""`/stream/{id}/hls/index.m3u8?dvr=1`: the show that is on as HLS, from its beginning.

Any member answers, from the store. The playlist has a name of its own for each show, so that a player that
has one goes on with it to its end, and with no other.
"""

import re
from typing import TYPE_CHECKING

from audiocast.cluster.hls_router import HlsResponse
from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.services import Services
from audiocast.web.public.hls_media import KEPT, MEDIA_TYPE, PLAYLIST_TYPE
from audiocast.web.public.recordings.rewind import is_private_show
from audiocast.web.public.recordings.store_errors import answered, not_found

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

    from audiocast.recordings.rewind.running_show import RunningShow

_PATH = re.compile(r"dvr/(\d{8}T\d{6}Z)(?:\.m3u8|/(init-[0-9a-f]{12}\.mp4)|/(\d{1,15})\.m4s)", re.ASCII)

KEPT_NEWEST = "public, max-age=1"
KEPT_OVER = "public, max-age=60"


def is_dvr_path(path: str) -> bool:
    """Return whether a path below `/hls/` is one of these."""
    return path.startswith("dvr/")


def is_dvr_playlist(path: str) -> bool:
    """Return whether it is a playlist's."""
    return is_dvr_path(path) and path.endswith(".m3u8")


async def dvr_playlist_path(services: Services, stream_id: str, request: "HTTPServerRequest") -> str:
    """Return where below `/hls/` the playlist of the show is that is on.

    Raises:
        ApiError: 404 or 503.
    """
    show = await _show(services, stream_id, None, request)
    return f"dvr/{show.show_id.time}.m3u8"


async def dvr_answer(
    services: Services, stream_id: str, path: str, request: "HTTPServerRequest"
) -> HlsResponse:
    """Answer for a path of which `is_dvr_path` is true.

    Args:
        services: The parts of this member.
        stream_id: An id that was checked; one that the request may not have is another one.
        path: Below `/hls/`.
        request: The player's.

    Raises:
        ApiError: 404 or 503.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise ApiError(404, "media_not_found", "expected a name that a playlist lists, got another one")
    time, init, start = found.groups()
    show = await _show(services, stream_id, time, request, is_playlist=not (init or start))
    recordings = services.recordings
    assert recordings is not None
    from audiocast.recordings.rewind.part_bytes import PartForm, init_bytes, init_name

    if init:
        data = next((init_bytes(each) for each in show.setups if init_name(each) == init), None)
        kind, media_type, kept = "init", MEDIA_TYPE, KEPT
    elif start:
        part = show.exact_part(int(start))
        data = None
        if part is not None:
            with answered():
                data = await recordings.rewind.part(show, part, PartForm.MP4)
        kind, media_type, kept = "segment", MEDIA_TYPE, KEPT
    else:
        data = recordings.rewind.playlist(show)
        kind, media_type, kept = "playlist", PLAYLIST_TYPE, KEPT_OVER if show.is_over else KEPT_NEWEST
    if data is None:
        raise ApiError(404, "media_not_found", "expected a name that the playlist lists, got another one")
    services.streams.counters.count_hls(kind)
    if is_private_show(services, show):
        kept = kept.replace("public", "private")
    return HlsResponse(200, media_type, kept, data)


async def _show(
    services: Services,
    stream_id: str,
    time: str | None,
    request: "HTTPServerRequest",
    *,
    is_playlist: bool = True,
) -> "RunningShow":
    recordings = services.recordings
    if recordings is None:
        raise not_found()
    from audiocast.recordings.names import ShowId

    services.clients.charge(request, Rate.UNKNOWN_IDS)
    with answered():
        show = None
        if time is not None and not is_playlist:
            show = recordings.rewind.known(ShowId(stream_id, time))
        if show is None or not show.parts:
            show = await recordings.rewind.of_stream(stream_id)
    if show is None or (time is not None and show.show_id.time != time):
        raise not_found()
    if is_private_show(services, show) and not services.listen_gate.admits(stream_id, request):
        raise not_found()
    services.clients.refund(request, Rate.UNKNOWN_IDS)
    return show
