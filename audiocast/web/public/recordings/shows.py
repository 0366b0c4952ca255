"""`GET /api/streams/{id}/recordings`: the shows of a stream. `PUT …/recording`: whether it is recorded."""

from typing import TYPE_CHECKING

from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.web.contract.recordings import RecordedShow, RecordingSwitch
from audiocast.web.http.access.audit import audit
from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body
from audiocast.web.public.metadata import edit_everywhere
from audiocast.web.public.recordings.store_errors import NOT_RECORDING, answered

if TYPE_CHECKING:
    # A server that records nothing loads nothing of it.
    from audiocast.recordings.show_record import ShowRecord


def shown(record: "ShowRecord", base: str) -> RecordedShow:
    """Return what everybody may know of a show who may know of it at all.

    Args:
        record: Of the show.
        base: "scheme://host" of URLs.
    """
    is_ready = record.state == "ready"
    return {
        "show_id": record.show_id,
        "stream_id": record.stream_id,
        "title": record.title,
        "started_at": record.started_at,
        "state": record.state.value,
        "seconds": record.seconds if is_ready else None,
        "bytes": record.size_bytes if is_ready else None,
        "kept": record.is_kept,
        "missing": [[start, end] for start, end in record.missing],
        "url": f"{base}/recordings/{record.show_id}.opus" if is_ready else None,
    }


class RecordingsHandler(PublicHandler):
    """Those that the request may have, the newest first."""

    metric_label = "Recordings"

    async def get(self, stream_id: str) -> None:
        self.allow_any_origin()
        services, gate = self.services, self.services.listen_gate
        seen_id = gate.seen_id(self.checked_id(stream_id), self.request)
        records: list[ShowRecord] = []
        if services.recordings is not None:
            services.clients.charge(self.request, Rate.UNKNOWN_IDS)
            with answered():
                records = await services.recordings.shows.of_stream(seen_id)
            if any(record.is_private for record in records) and not gate.admits(stream_id, self.request):
                records = [record for record in records if not record.is_private]
            if records:
                services.clients.refund(self.request, Rate.UNKNOWN_IDS)
        base = services.urls.base(self.request)
        self.write_json({"recordings": [shown(record, base) for record in records]})


class RecordingSwitchHandler(PublicHandler):
    """`{"on": true}`: the stream is recorded from now on, at all members."""

    metric_label = "RecordingSwitch"

    async def put(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        asked = parse_body(self.request.body, RecordingSwitch, example='{"on": true}')
        if self.services.recordings is None:
            raise ApiError(409, "recording_off", NOT_RECORDING)
        hub = self.services.streams.open(stream_id, claims.title)
        await edit_everywhere(self.services, hub, claims, StreamEdit(is_recorded=asked.on))
        audit("record", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        self.set_status(204)
