"""`GET /internal/hls/{id}?path=`: what this member's HLS muxer answers a player of another member."""

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.hls_router import HlsRequest
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import MemberHandler
from audiocast.web.public.hls_media import directives_of, local_answer, send_answer
from audiocast.web.public.waiting import NOT_LIVE


class MemberHlsHandler(MemberHandler):
    """A playlist, or what it lists. It is never passed on: this member answers, wherever the muxer is."""

    metric_label = "MemberHls"

    async def get(self, stream_id: str) -> None:
        try:
            request = HlsRequest.parse(stream_id, self.query(), self.request.headers)
        except BadMessage as error:
            raise ApiError(400, "bad_request", str(error)) from error
        self._check_admitted(request)
        answer = await local_answer(
            self.services,
            self.limits,
            stream_id,
            request.path,
            directives_of(self),
            client=request.client,
        )
        # What was not known to be private at first may be so by now.
        self._check_admitted(request)
        send_answer(self, answer)

    def _check_admitted(self, request: HlsRequest) -> None:
        """Refuse a private stream to a player without a listen token, as if it were not there.

        Raises:
            ApiError: 404.
        """
        if not request.is_admitted and self.services.listen_gate.is_private(request.stream_id):
            raise ApiError(404, "stream_not_live", NOT_LIVE)
