"""`GET /internal/hls/{id}?path=`: what this member's HLS muxer answers a player of another member."""

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.hls_router import HlsRequest
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import MemberHandler
from audiocast.web.public.hls_media import directives_of, local_answer, send_answer


class MemberHlsHandler(MemberHandler):
    """A playlist, or what it lists. It is never passed on: this member answers, wherever the muxer is."""

    metric_label = "MemberHls"

    async def get(self, stream_id: str) -> None:
        query = {"path": self.get_query_argument("path"), **directives_of(self)}
        try:
            request = HlsRequest.parse(stream_id, query, self.request.headers)
        except BadMessage as error:
            raise ApiError(400, "bad_request", str(error)) from error
        answer = await local_answer(
            self.services,
            self.limits,
            stream_id,
            request.path,
            request.directives,
            client=request.client,
        )
        send_answer(self, answer)
