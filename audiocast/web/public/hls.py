"""`GET /stream/{id}/hls/...`: a stream as HLS, for players that want it, and for caches.

Any member of a cluster takes such a request, and one has the HLS muxer: the others pass on its answers.
"""

from dataclasses import replace

from audiocast.cluster.errors import Refused, Unproven, Unreachable
from audiocast.cluster.hls_router import HlsRequest, HlsResponse
from audiocast.stream.access.listen_tokens import PREFIX
from audiocast.web.http.access.listen_authority import refuse_listening
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CrossOriginHandler
from audiocast.web.public.hls_listening import HlsListening
from audiocast.web.public.hls_media import PLAYLIST, directives_of, local_answer, send_answer
from audiocast.web.public.recordings.hls import dvr_answer, dvr_playlist_path, is_dvr_path, is_dvr_playlist
from audiocast.web.public.waiting import NOT_LIVE

# The first attempt at a member that has just died makes its death known.
ATTEMPTS = 3

MAX_PATH_CHARACTERS = 80

# Of a stream that has ended (RFC 8216 section 4.3.3.4).
END_OF_PLAYLIST = b"#EXT-X-ENDLIST\n"


class HlsHandler(CrossOriginHandler):
    """The playlist, and what it lists."""

    metric_label = "Hls"

    async def get(self, stream_id: str, path: str) -> None:
        gate = self.services.listen_gate
        may_listen = True
        if self.checked_id(stream_id) and path == PLAYLIST and self.request.method == "GET":
            may_listen = await self.services.listen_authority.let_in(stream_id, self.request, "hls")
        if self._begin_session(stream_id, path):
            return
        asked_path, path = path, self._take_token(path)
        if is_dvr_path(path):
            may_listen = await self.services.listen_authority.let_in(stream_id, self.request, "rewind")
        if len(path) > MAX_PATH_CHARACTERS:
            raise ApiError(404, "media_not_found", "expected a name that a playlist lists, got a longer one")
        seen_id = gate.seen_id(stream_id, self.request)
        if path == PLAYLIST and self.get_query_argument("dvr", "") == "1":
            if not may_listen:
                raise refuse_listening()
            self.set_header("Cache-Control", "no-store")
            way = await dvr_playlist_path(self.services, seen_id, self.request)
            # Who was let in by somebody else has a token since, which names that anybody can guess need.
            token = self.get_query_argument("token", "") if asked_path == path else ""
            self.redirect(f"{token}/{way}" if token else way, status=302)
            return
        is_playlist = path == PLAYLIST or is_dvr_playlist(path)
        begins = is_playlist and self.request.method == "GET"
        with HlsListening(self.services, self.request, seen_id, begins=begins) as listening:
            if listening.is_new:
                await self.services.listener_limits.check(seen_id)
            answer = await self._answer(seen_id, path, directives_of(self), listening)
            if gate.is_private(stream_id):
                if seen_id == stream_id and gate.is_hidden(stream_id, self.request):
                    # It has turned out to be private, or the token was revoked meanwhile.
                    raise ApiError(404, "stream_not_live", NOT_LIVE)
                answer = replace(answer, cache_control=answer.cache_control.replace("public", "private"))
            if not may_listen and answer.status == 200:
                raise refuse_listening()
            if self.request.method != "HEAD":
                self.services.streams.counters.count_hls_bytes(len(answer.body))
                if answer.status == 200:
                    says_end = answer.body.endswith(END_OF_PLAYLIST) if is_playlist else None
                    listening.note(len(answer.body), says_end=says_end)
        send_answer(self, answer)

    def _begin_session(self, stream_id: str, path: str) -> bool:
        """Send a player that has a link's token to its session's own playlist; return whether it was.

        The session's token is in the path from then on: of all that the playlist lists too, which has no
        query.
        """
        gate = self.services.listen_gate
        in_query = self.get_query_argument("token", "")
        claims = gate.check(stream_id, in_query) if in_query and path == PLAYLIST else None
        if claims is None or not gate.is_private(stream_id):
            return False
        token, _ = gate.session_token(stream_id, claims)
        self.set_header("Cache-Control", "no-store")
        query = "?dvr=1" if self.get_query_argument("dvr", "") == "1" else ""
        self.redirect(f"/stream/{stream_id}/hls/{token}/{PLAYLIST}{query}", status=302)
        return True

    def _take_token(self, path: str) -> str:
        """Return a path without the listen token before it, which counts as one of the query from now on."""
        token, slash, rest = path.partition("/")
        if not slash or not token.startswith(f"{PREFIX}."):
            return path
        self.request.query_arguments["token"] = [token.encode()]
        return rest

    async def _answer(
        self, stream_id: str, path: str, directives: dict[str, str], listening: HlsListening
    ) -> HlsResponse:
        if is_dvr_path(path):
            return await dvr_answer(self.services, stream_id, path, self.request)
        hls_router = self.services.hls_router
        client = self.services.clients.identify(self.request)
        is_admitted = self.services.listen_gate.is_private(stream_id)
        request = HlsRequest(stream_id, path, directives, client, is_admitted)
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
