"""`GET /stream/{id}/hls/...`: a stream as HLS, for players that want it, and for caches.

Any member of a cluster takes such a request, and one has the HLS muxer: the others pass on its answers.
"""

from audiocast.cluster.errors import Refused, Unproven, Unreachable
from audiocast.cluster.hls_router import HlsRequest, HlsResponse
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CrossOriginHandler
from audiocast.web.public.hls_listening import HlsListening
from audiocast.web.public.hls_media import PLAYLIST, directives_of, local_answer, send_answer

# The first attempt at a member that has just died makes its death known.
ATTEMPTS = 3

MAX_PATH_CHARACTERS = 80


class HlsHandler(CrossOriginHandler):
    """The playlist, and what it lists."""

    metric_label = "Hls"

    async def get(self, stream_id: str, path: str) -> None:
        self.checked_id(stream_id)
        if len(path) > MAX_PATH_CHARACTERS:
            raise ApiError(404, "media_not_found", "expected a name that a playlist lists, got a longer one")
        begins = path == PLAYLIST and self.request.method == "GET"
        with HlsListening(self.services, self.request, stream_id, begins=begins) as listening:
            answer = await self._answer(stream_id, path, directives_of(self), listening)
            if self.request.method != "HEAD":
                self.services.streams.counters.count_hls_bytes(len(answer.body))
                if answer.status == 200:
                    listening.note(len(answer.body))
        send_answer(self, answer)

    async def _answer(
        self, stream_id: str, path: str, directives: dict[str, str], listening: HlsListening
    ) -> HlsResponse:
        hls_router = self.services.hls_router
        request = HlsRequest(stream_id, path, directives, self.services.clients.identify(self.request))
        for _ in range(ATTEMPTS):
            member = hls_router.member_for(stream_id)
            if member is None:
                return await local_answer(
                    self.services, self.limits, stream_id, path, directives, self.request, listening=listening
                )
            try:
                with listening.waiting():
                    return await hls_router.ask(member, request)
            except (Unreachable, Unproven):
                continue
            except Refused as error:
                raise ApiError(error.status, error.code, error.message) from error
        raise ApiError(503, "packager_unreachable", "expected a member to answer, got none; ask again")
