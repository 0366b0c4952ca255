"""`POST /api/streams/{id}/keys`, with the key: a further key, for a source that stands by."""

from dataclasses import replace

from audiocast.web.contract.requests import KeyRequest
from audiocast.web.contract.responses import FurtherKey
from audiocast.web.http.access.audit import audit
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body


class KeysHandler(PublicHandler):
    """Answers 201 with a key that claims what the request's own does, but for the priority."""

    metric_label = "Keys"

    async def post(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        self.services.streams.admit(stream_id, claims.generation)
        asked = parse_body(self.request.body, KeyRequest, example='{"priority": 5}')
        if asked.priority < claims.priority:
            raise ApiError(
                403,
                "better_priority",
                f"expected a priority from {claims.priority} to 9, as the key's own, got {asked.priority}",
            )
        audit("further_key", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        answer: FurtherKey = {
            "ingest_key": self.services.keys.make(stream_id, replace(claims, priority=asked.priority)),
            "ingest_url": f"{self.services.urls.base(self.request)}/ingest/{stream_id}",
            "priority": asked.priority,
        }
        self.write_json(answer, status=201)
