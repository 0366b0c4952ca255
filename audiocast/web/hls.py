"""`GET /stream/{id}/hls/...`: a stream as HLS, for players that want it, and for caches.

Any member of a cluster takes such a request, and one has the packager: the others pass on its answers.
"""

from urllib.parse import urlencode

from audiocast.cluster.errors import Unreachable
from audiocast.cluster.packaging import Answer
from audiocast.web.base import BaseHandler
from audiocast.web.errors import ApiError
from audiocast.web.hls_answers import DIRECTIVES, own_answer
from audiocast.web.members import MemberHandler

ATTEMPTS = 3
"""A member that dies is known to be dead by the first one."""

MAX_PATH_CHARACTERS = 80


class HlsHandler(BaseHandler):
    """The playlist, and what it lists."""

    async def get(self, stream_id: str, path: str) -> None:
        """Give it."""
        self.checked_id(stream_id)
        self.allow_any_origin()
        if len(path) > MAX_PATH_CHARACTERS:
            raise ApiError(404, "media_not_found", "expected a name that a playlist lists, got a longer one")
        directives = {
            name: self.get_query_argument(name) for name in DIRECTIVES if self.get_query_arguments(name)
        }
        answer = await self._answer(stream_id, path, directives)
        self.context.streams.counters.sent_bytes += len(answer.body)
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.content_type)
        self.set_header("Cache-Control", answer.cache_control)
        self.finish(answer.body)

    head = get

    def options(self, *_: str) -> None:
        """Answer a browser that asks before it asks (CORS preflight)."""
        self.allow_any_origin()
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Range")
        self.set_header("Access-Control-Max-Age", "86400")
        super().options()

    async def _answer(self, stream_id: str, path: str, directives: dict[str, str]) -> Answer:
        packaging = self.context.packaging
        query = urlencode({"path": path, **directives})
        for _ in range(ATTEMPTS):
            member = packaging.place(stream_id)
            if member is None:
                return await own_answer(self.context, stream_id, path, directives)
            try:
                return await packaging.ask(member, f"/internal/hls/{stream_id}?{query}")
            except Unreachable:
                continue
        raise ApiError(503, "packager_unreachable", "expected a member to answer, got none; ask again")


class MemberHlsHandler(MemberHandler):
    """`GET /internal/hls/{id}?path=`: the same for another member, from here in any case."""

    async def get(self, stream_id: str) -> None:
        """Give it."""
        directives = {
            name: self.get_query_argument(name) for name in DIRECTIVES if self.get_query_arguments(name)
        }
        answer = await own_answer(self.context, stream_id, self.get_query_argument("path"), directives)
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.content_type)
        self.set_header("Cache-Control", answer.cache_control)
        self.finish(answer.body)
