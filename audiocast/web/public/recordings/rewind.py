"""`/api/streams/{id}/rewind`: what is recorded of a show that is on. `/recordings/{show}/parts/`: its audio.

Answers have names that caches can keep, and are a few seconds of audio each: a crowd that goes back costs
reads of the store, once for all, and nothing of the stream's owner.
"""

import time
from typing import TYPE_CHECKING

from audiocast.web.contract.recordings import RunningShowAnswer
from audiocast.web.http.access.listen_authority import refuse_listening
from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CrossOriginHandler
from audiocast.web.http.services import Services
from audiocast.web.public.recordings.store_errors import answered, not_found

if TYPE_CHECKING:
    from audiocast.recordings.names import ShowId
    from audiocast.recordings.rewind.running_show import RunningShow

# A part never changes.
KEPT_SECONDS = 86_400

# For as long as the store is not asked again.
INDEX_SECONDS = 2

# The clock says where a show is between two chunks; not if none has come for longer.
MOST_AHEAD_SECONDS = 60.0


def is_private_show(services: Services, show: "RunningShow") -> bool:
    """Return whether a show is private, as its stream is or was."""
    return show.is_private or services.listen_gate.is_private(show.show_id.stream_id)


class _RewindHandler(CrossOriginHandler):
    """Finds the running show, for those who may listen."""

    async def let_in(self, stream_id: str) -> None:
        """Have those decide who have a say in who listens.

        Raises:
            ApiError: 403 or 429.
        """
        if not await self.services.listen_authority.let_in(stream_id, self.request, "rewind"):
            raise refuse_listening()

    def check(self, show: "RunningShow | None") -> "RunningShow":
        """Return a show that the request may have; one that it may not have is not there.

        Raises:
            ApiError: 404.
        """
        if show is None:
            raise not_found()
        stream_id = show.show_id.stream_id
        is_private = is_private_show(self.services, show)
        if is_private and not self.services.listen_gate.admits(stream_id, self.request):
            raise not_found()
        self._scope = "private" if is_private or self.has_own_token else "public"
        return show

    @property
    def has_own_token(self) -> bool:
        """Whether the answer is for whoever has asked alone."""
        return bool(self.request.query_arguments.get("token"))

    def keep(self, how: str) -> None:
        """Say how long the answer may be kept."""
        self.set_header("Cache-Control", f"{self._scope}, {how}")

    _scope = "private"


class RewindHandler(_RewindHandler):
    """The show that is on: how far one can go back, and what is where."""

    metric_label = "Rewind"

    async def get(self, stream_id: str) -> None:
        services = self.services
        seen_id = services.listen_gate.seen_id(self.checked_id(stream_id), self.request)
        if services.recordings is None:
            raise not_found()
        await self.let_in(stream_id)
        services.clients.charge(self.request, Rate.UNKNOWN_IDS)
        with answered():
            show = self.check(await services.recordings.rewind.of_stream(seen_id))
        services.clients.refund(self.request, Rate.UNKNOWN_IDS)
        self.keep(f"max-age={INDEX_SECONDS}" if not self.has_own_token else "no-store")
        self.write_json(_shown(show, self._own_token()))

    def _own_token(self) -> str | None:
        """Return the token by which the authority has let the request in: its parts need it too."""
        tokens = self.request.query_arguments.get("token")
        return tokens[-1].decode("utf-8", "replace") if tokens else None


class PartHandler(_RewindHandler):
    """`GET /recordings/{show}/parts/{sample}.opus`: the part that begins with a sample of the show."""

    metric_label = "ShowPart"

    async def get(self, show_text: str, sample_text: str) -> None:
        recordings, show_id, sample = self.services.recordings, _show_id(show_text), int(sample_text)
        if recordings is None:
            raise not_found()
        clients = self.services.clients
        await self.let_in(show_id.stream_id)
        from audiocast.recordings.rewind.part_bytes import PartForm

        clients.charge(self.request, Rate.UNKNOWN_IDS)
        known = recordings.rewind.known(show_id)
        part = known.exact_part(sample) if known is not None else None
        show = known if part is not None else None
        with answered():
            show = self.check(show or await recordings.rewind.of_show(show_id))
        clients.refund(self.request, Rate.UNKNOWN_IDS)
        part = part or show.part_at(sample)
        if part is None:
            self.set_header("Cache-Control", "no-store")
            raise ApiError(404, "part_not_there", "the show is not recorded so far, or has ended before")
        if part.start != sample:
            # What is sent has one name, whoever asks.
            self.keep("no-store" if show.parts[-1] is part else f"max-age={INDEX_SECONDS}")
            query = f"?{self.request.query}" if self.request.query else ""
            self.redirect(f"/recordings/{show_id}/parts/{part.start}.opus{query}", status=302)
            return
        self.set_header("Content-Type", "audio/ogg")
        self.keep(f"max-age={KEPT_SECONDS}, immutable")
        with answered():
            data = await recordings.rewind.part(show, part, PartForm.OGG)
        self.finish(data)


def _show_id(text: str) -> "ShowId":
    from audiocast.recordings.names import ShowId

    try:
        return ShowId.parse(text)
    except ValueError as error:
        raise not_found() from error


def _shown(show: "RunningShow", token: str | None) -> RunningShowAnswer:
    rate = 48_000
    last = show.parts[-1]
    live: float | None = None
    if not show.is_over:
        ahead = time.time() - last.at_ms / 1000 - last.samples / rate
        live = last.end / rate + min(max(0.0, ahead), MOST_AHEAD_SECONDS)
    return {
        "show_id": str(show.show_id),
        "started_at": show.show_id.started_at,
        "begins": show.parts[0].start / rate,
        "seconds": last.end / rate,
        "live": live,
        "missing": show.seconds_of(show.missing),
        "titles": [
            {"at": round(at / rate, 3), "title": title, "artist": artist} for at, title, artist in show.titles
        ],
        "token": token,
    }
