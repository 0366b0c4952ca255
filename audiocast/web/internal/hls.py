"""`GET /internal/hls/{id}?path=`: HLS for another member, from here in any case."""

from audiocast.web.http.handlers import MemberHandler
from audiocast.web.public.hls_media import directives_of, local_answer, send_answer


class MemberHlsHandler(MemberHandler):
    """Never asks a third member."""

    metric_label = "MemberHls"

    async def get(self, stream_id: str) -> None:
        path = self.get_query_argument("path")
        answer = await local_answer(self.services, self.limits, stream_id, path, directives_of(self))
        send_answer(self, answer)
