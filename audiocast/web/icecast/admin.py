"""What panels ask an Icecast server: `/admin/stats`, `listmounts`, `listclients` and `killsource`.

The forms are those of Icecast 2.4.4, read off its answers. An API token shows all streams, the key of a
stream shows that stream, and only the key ends it. Who listens is shown to nobody: this server keeps no
addresses, so `listclients` has their number and no `listener` elements.
"""

import time
from collections.abc import Awaitable

from audiocast.cluster.stream_directory import ON_THE_AIR, StreamSnapshot
from audiocast.web.http.access.audit import audit_look
from audiocast.web.http.credentials import basic_password, bearer_token, has_api_token
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.icecast.mounts import mount_of, stream_of
from audiocast.web.icecast.status import server_fields, source_fields
from audiocast.web.icecast.xml import XML, iceresponse, icestats
from audiocast.web.public.streams import check_end, cluster_list, cluster_state, end_stream


class IcecastAdminHandler(PublicHandler):
    """A page of Icecast's admin."""

    answers_plain_http = True

    async def shown(self) -> list[StreamSnapshot]:
        """Return the streams that are on and that the request may see: with `?mount=` only that one.

        Raises:
            ApiError: 400, 401, 404 or 410.
            audiocast.stream.errors.StreamError: See `PublicHandler.claims_for`; the key was replaced, or the
                stream is ended.
        """
        mount = self.get_argument("mount", "")
        stream_id = self.checked_id(stream_of(mount, self.services.aliases)) if mount else ""
        if has_api_token(self.request, self.services.api_tokens, as_password=True):
            token = bearer_token(self.request) or basic_password(self.request) or ""
            audit_look(stream_id=stream_id, token_tag=self.services.keys.tag(token))
        else:
            if not stream_id:
                message = "expected an API token, or ?mount=/stream/ID and the key of that stream"
                raise ApiError(401, "token_needed", message)
            claims = self.claims_for(stream_id)
            self.services.streams.admit(stream_id, claims.generation)
            audit_look(stream_id=stream_id, token_tag=claims.token_tag)
        if not stream_id:
            return await cluster_list(self.services)
        state = await cluster_state(self.services, stream_id, self.request)
        if state is None or state["state"] not in ON_THE_AIR:
            raise ApiError(404, "stream_not_live", "the stream is not on the air")
        return [state]

    def mount_of(self, state: StreamSnapshot) -> str:
        """Return the mount of a stream."""
        return mount_of(str(state["stream_id"]), self.services.aliases)

    def write_xml(self, document: bytes) -> None:
        """Send a document that no cache may keep."""
        self.set_header("Content-Type", XML)
        self.set_header("Cache-Control", "no-store")
        self.write(document)


class IcecastStatsHandler(IcecastAdminHandler):
    """`GET /admin/stats`: the server and its streams."""

    metric_label = "IcecastStats"

    async def get(self) -> None:
        streams = await self.shown()
        base = self.services.urls.base(self.request)
        listeners = sum(state["listeners"] for state in streams)
        fields = {
            **server_fields(self.services, base),
            "clients": listeners + len(streams),
            "listeners": listeners,
            "sources": len(streams),
        }
        sources = [
            (self.mount_of(state), source_fields(state, base, self.mount_of(state))) for state in streams
        ]
        self.write_xml(icestats(dict(sorted(fields.items())), sources))


class IcecastMountsHandler(IcecastAdminHandler):
    """`GET /admin/listmounts`: the streams, how long they are on, and how many listen."""

    metric_label = "IcecastMounts"

    async def get(self) -> None:
        now = time.time()
        sources = [
            (
                self.mount_of(state),
                {
                    "fallback": "",
                    "listeners": state["listeners"],
                    "Connected": max(0, int(now - (state["started_at"] or now))),
                    "content-type": "audio/ogg",
                },
            )
            for state in await self.shown()
        ]
        self.write_xml(icestats({}, sources))


class IcecastListenersHandler(IcecastAdminHandler):
    """`GET /admin/listclients?mount=`: how many listen to a stream, at all members."""

    metric_label = "IcecastListeners"

    async def get(self) -> None:
        # It is missing more often than the key, so it is asked for first.
        self.get_argument("mount")
        sources = [(self.mount_of(state), {"Listeners": state["listeners"]}) for state in await self.shown()]
        self.write_xml(icestats({}, sources))


class IcecastKillHandler(IcecastAdminHandler):
    """`GET` and `POST /admin/killsource?mount=`, with the key: ends the stream, as `DELETE` does."""

    metric_label = "IcecastKill"

    async def get(self) -> None:
        stream_id = self.checked_id(stream_of(self.get_argument("mount"), self.services.aliases))
        await end_stream(self.services, stream_id, self.claims_for(stream_id))
        self.write_xml(iceresponse("Source Removed"))

    def head(self) -> None:
        """Answer as GET, and end nothing."""
        stream_id = self.checked_id(stream_of(self.get_argument("mount"), self.services.aliases))
        check_end(self.services, stream_id, self.claims_for(stream_id))
        self.write_xml(iceresponse("Source Removed"))

    def post(self) -> Awaitable[None]:
        return self.get()


class IcecastMissingHandler(PublicHandler):
    """What Icecast and Shoutcast have for people and old scripts, and this server has not."""

    metric_label = "IcecastMissing"

    def get(self) -> None:
        message = "expected /status-json.xsl, which has the numbers, or / for people; this page is not here"
        raise ApiError(404, "use_status_json", message)
