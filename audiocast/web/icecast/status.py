"""`GET /status-json.xsl`: the live streams as Icecast lists them, for tools and directories that read it.

Field names, date formats and the quirks (`source` is missing without a stream, an object with one, a list
with more; each source ends with `"dummy": null`) are those of Icecast 2.4.4, read off its answers: programs
were written against them.
"""

from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from audiocast.cluster.stream_directory import StreamSnapshot
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.keys import Visibility
from audiocast.web.contract.responses import IcecastSource, IcecastStats, IcecastStatus
from audiocast.web.http.aliases import Aliases
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.services import Services
from audiocast.web.icecast.mounts import STREAM_MOUNT, mount_of
from audiocast.web.public.streams import cluster_list, listed_streams


class IcecastStatusHandler(PublicHandler):
    """The listed live streams; with `?mount=/stream/{id}` only that one."""

    metric_label = "Status"

    async def get(self) -> None:
        self.allow_any_origin()
        base = self.services.urls.base(self.request)
        mount = self.get_query_argument("mount", "")
        aliases = self.services.aliases
        sources: list[IcecastSource] = [
            {**source_fields(state, base, mount_of(str(state["stream_id"]), aliases)), "dummy": None}
            for state in await self._shown(mount)
        ]
        stats = server_fields(self.services, base)
        if sources:
            stats["source"] = sources if len(sources) > 1 else sources[0]
        status: IcecastStatus = {"icestats": stats}
        self.write_json(status)

    async def _shown(self, mount: str) -> list[StreamSnapshot]:
        """Return the listed streams, or the one that is asked for: its id is known to who has its link."""
        if not mount:
            return await listed_streams(self.services, self.request)
        states = await cluster_list(self.services)
        named = [state for state in states if mount in _names(state, self.services.aliases)]
        return [each for each in named if not self._is_hidden(each)]

    def _is_hidden(self, state: StreamSnapshot) -> bool:
        gate, stream_id = self.services.listen_gate, str(state["stream_id"])
        is_private = state["visibility"] == Visibility.PRIVATE or gate.is_private(stream_id)
        return is_private and not gate.admits(stream_id, self.request)


def server_fields(services: Services, base: str) -> IcecastStats:
    """Return what Icecast says of itself.

    Args:
        services: The parts of this member.
        base: See `Urls.base`.
    """
    return {
        "admin": "",
        "host": urlsplit(base).hostname,
        "location": "",
        "server_id": f"audiocast {services.version}",
        "server_start": _as_icecast(services.started_at),
        "server_start_iso8601": _as_iso8601(services.started_at),
    }


def source_fields(state: StreamSnapshot, base: str, mount: str) -> IcecastSource:
    """Return what Icecast says of a source.

    Args:
        state: Of the stream, which is on.
        base: See `Urls.base`.
        mount: See `mount_of`.
    """
    started_at = state["started_at"] or 0.0
    source: IcecastSource = {
        "bitrate": round((state["bitrate_bps"] or 0) / 1000),
        "channels": state["channels"],
        "listener_peak": state["listener_peak"],
        "listeners": state["listeners"],
        "listenurl": f"{base}{quote(mount)}",
        "samplerate": SAMPLE_RATE,
        "server_name": state["title"],
        "server_type": "audio/ogg",
        "subtype": "Opus",
        "stream_start": _as_icecast(started_at),
        "stream_start_iso8601": _as_iso8601(started_at),
    }
    if state["now_playing"] is not None:
        source["artist"] = state["now_playing"]["artist"]
        source["title"] = state["now_playing"]["title"]
    return source


def _as_icecast(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S %z")


def _as_iso8601(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def _names(state: StreamSnapshot, aliases: Aliases) -> tuple[str, str]:
    """Return the mounts that a question about a stream may name."""
    stream_id = str(state["stream_id"])
    return STREAM_MOUNT + stream_id, mount_of(stream_id, aliases)
