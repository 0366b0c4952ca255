"""`/recordings/{show}.opus` and `.json`: a show's file and index. `PATCH` and `DELETE /recordings/{show}`."""

from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError

from audiocast.web.contract.recordings import ShowEditRequest
from audiocast.web.http.access.audit import audit
from audiocast.web.http.clients import Holding, Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CrossOriginHandler
from audiocast.web.http.json_body import parse_body
from audiocast.web.public.recordings.ranges import Unsatisfiable, parse_range
from audiocast.web.public.recordings.shows import shown
from audiocast.web.public.recordings.store_errors import answered, not_found

if TYPE_CHECKING:
    from audiocast.recordings.names import ShowId
    from audiocast.recordings.service import Recordings
    from audiocast.recordings.show_record import ShowRecord

# What is in memory of a file for each client.
READ_BYTES = 262_144


class _ShowHandler(CrossOriginHandler):
    """Finds the show, for those who may have it."""

    def store_of(self, text: str) -> "tuple[Recordings, ShowId]":
        """Return recordings and the id of a show.

        Raises:
            ApiError: 404.
        """
        recordings = self.services.recordings
        if recordings is None:
            raise not_found()
        from audiocast.recordings.names import ShowId

        try:
            return recordings, ShowId.parse(text)
        except ValueError as error:
            raise not_found() from error

    async def show_of(self, text: str) -> "tuple[Recordings, ShowId, ShowRecord]":
        """Return a show that the request may have; one that it may not have is not there.

        Raises:
            ApiError: 404, 429 or 503.
        """
        recordings, show_id = self.store_of(text)
        clients, gate = self.services.clients, self.services.listen_gate
        clients.charge(self.request, Rate.UNKNOWN_IDS)
        with answered():
            record = await recordings.shows.get(show_id)
        is_private = record.is_private or gate.is_private(show_id.stream_id)
        if is_private and not gate.admits(show_id.stream_id, self.request):
            raise not_found()
        clients.refund(self.request, Rate.UNKNOWN_IDS)
        # Others than who has asked are asked for their token too.
        self.set_header("Cache-Control", "private, no-cache" if is_private else "no-cache")
        return recordings, show_id, record


class ShowIndexHandler(_ShowHandler):
    """`GET /recordings/{show}.json`: where tracks begin, and what is missing."""

    metric_label = "ShowIndex"

    async def get(self, show: str) -> None:
        _, _, record = await self.show_of(show)
        base = self.services.urls.base(self.request)
        self.write_json(
            {
                **shown(record, base),
                "channels": record.channels or None,
                "sha256": record.sha256 or None,
                "gaps": record.gaps,
                "cuts": record.cuts,
                "titles": [
                    {"at": at, "title": title, "artist": artist} for at, title, artist in record.titles
                ],
                "sources": [{"at": at, "source_id": source} for at, source in record.sources],
            }
        )


class ShowFileHandler(_ShowHandler):
    """`GET /recordings/{show}.opus`, all of it or a range."""

    metric_label = "ShowFile"
    _refused_size: int | None = None

    async def get(self, show: str) -> None:
        recordings, show_id, record = await self.show_of(show)
        if record.state != "ready":
            raise ApiError(409, "recording_not_ready", "the show is on, or its file is being made")
        size = record.size_bytes
        self.set_header("Content-Type", "audio/ogg")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Etag", f'"{record.sha256[:32]}"')
        if self.check_etag_header():
            self.set_status(304)
            return
        start, end = self._range(size)
        self.set_header("Content-Length", str(end - start))
        if self.request.method == "HEAD":
            return
        with self.services.clients.acquire(self.request, Holding.LISTENERS):
            try:
                for at in range(start, end, READ_BYTES):
                    with answered():
                        data = await recordings.shows.read(show_id, at, min(at + READ_BYTES, end))
                    self.write(data)
                    # The next part is read when the client has taken this one.
                    await self.flush()
            except StreamClosedError:
                return

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say how long the file is to whoever asked for what is behind its end."""
        if self._refused_size is not None:
            self.set_header("Content-Range", f"bytes */{self._refused_size}")
        super().write_error(status_code, **kwargs)

    def compute_etag(self) -> None:
        """It is the file's, whatever part of it is sent."""

    def _range(self, size: int) -> tuple[int, int]:
        headers = self.request.headers
        asked = headers.get("Range")
        is_this = headers.get("If-Range", "") in ("", self._headers.get("Etag"))
        try:
            found = parse_range(asked, size) if is_this else None
        except Unsatisfiable as error:
            self._refused_size = size
            raise ApiError(
                416, "range_not_there", f"expected bytes of {size}, got {(asked or '')[:50]!r}"
            ) from error
        if found is None:
            return 0, size
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {found[0]}-{found[1] - 1}/{size}")
        return found


class ShowHandler(_ShowHandler):
    """What the broadcaster does with a show, with the stream's key."""

    metric_label = "Show"

    async def patch(self, show: str) -> None:
        recordings, show_id = self.store_of(show)
        self._check_key(show_id)
        asked = parse_body(self.request.body, ShowEditRequest, example='{"title": "...", "kept": true}')
        with answered():
            await recordings.shows.edit(show_id, title=asked.title, is_kept=asked.kept)
        audit("edit_show", stream_id=show_id.stream_id)
        self.set_status(204)

    async def delete(self, show: str) -> None:
        recordings, show_id = self.store_of(show)
        self._check_key(show_id)
        with answered():
            await recordings.shows.delete(show_id)
        audit("delete_show", stream_id=show_id.stream_id)
        self.set_status(204)

    def _check_key(self, show_id: "ShowId") -> None:
        if not self.may_manage(show_id.stream_id):
            # It says what the key lacks, as elsewhere.
            self.claims_for(show_id.stream_id)
            raise ApiError(401, "key_missing", "expected the stream's present key or an API token")
