"""What a broadcaster changes while the stream is on: the track that is on now, the title, the sound muted."""

import asyncio

from audiocast.cluster.protocol import PlayingRequest
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.stream.now_playing import NowPlaying
from audiocast.web.contract.requests import MetadataRequest
from audiocast.web.http.access.audit import audit
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body
from audiocast.web.http.services import Services
from audiocast.web.public.access.source_claims import source_claims


async def edit_everywhere(services: Services, hub: Hub, claims: Claims, edit: StreamEdit) -> None:
    """Change the stream at this member and, in a cluster, at each that has it; see `show_everywhere`.

    Raises:
        audiocast.stream.errors.StreamError: Likewise.
    """
    hub.admit(claims.generation)
    is_applied: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    edit = hub.edit(edit, is_applied.set_result)
    if await is_applied:
        playing = hub.titles.now_playing or NowPlaying("", "")
        request = PlayingRequest(hub.stream_id, playing.title, playing.artist, claims.generation, edit)
        await services.node.broadcast(request.build())


async def show_everywhere(services: Services, hub: Hub, claims: Claims, playing: NowPlaying) -> None:
    """Show the track at this member and, in a cluster, at each that has the stream.

    Returns when it is shown, or was replaced by a newer one before that: within a second.

    Raises:
        audiocast.stream.errors.StreamError: The key with these claims was replaced, or the stream is ended.
    """
    hub.admit(claims.generation)
    if hub.source is not None and hub.source.rank.priority < claims.priority:
        # The encoder stands by: its track is not the one that is heard.
        return
    audit("title", stream_id=hub.stream_id, token_tag=claims.token_tag, generation=claims.generation)
    is_shown: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    hub.set_now_playing(playing, is_shown.set_result)
    if await is_shown:
        request = PlayingRequest(hub.stream_id, playing.title, playing.artist, claims.generation)
        await services.node.broadcast(request.build())


class MetadataHandler(PublicHandler):
    """`PUT /api/streams/{id}/metadata`: shows title and artist to all listeners."""

    metric_label = "Metadata"

    async def put(self, stream_id: str) -> None:
        claims = await source_claims(self, self.checked_id(stream_id))
        example = '{"title": "...", "artist": "..."}'
        said = parse_body(self.request.body, MetadataRequest, example=example)
        hub = self.services.streams.open(stream_id, claims.title)
        playing = NowPlaying(title=said.title, artist=said.artist)
        await show_everywhere(self.services, hub, claims, playing)
        self.set_status(204)
