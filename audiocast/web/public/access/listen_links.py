"""`POST /api/streams/{id}/listen-links`, with the key: links to a private stream; the end of older ones."""

import time

from audiocast.stream.keys import Visibility
from audiocast.web.contract.requests import ListenLinksRequest
from audiocast.web.contract.responses import ListenLink, ListenLinks
from audiocast.web.http.access.audit import audit
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body

# Members' clocks differ. A link that a member made just now, whose clock is so far ahead, is revoked too.
CLOCK_SKEW_MS = 30_000


class ListenLinksHandler(PublicHandler):
    """`POST`: makes links. Nobody keeps them: each holds all that matters."""

    metric_label = "ListenLinks"

    async def post(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        self.services.streams.admit(stream_id, claims.generation)
        asked = parse_body(self.request.body, ListenLinksRequest, example='{"count": 1, "label": "..."}')
        base = self.services.urls.base(self.request)
        links: list[ListenLink] = []
        for _ in range(asked.count):
            token, made = self.services.listen_gate.make(
                stream_id,
                expires_in_seconds=asked.expires_in_seconds,
                session_seconds=asked.session_seconds,
                label=asked.label,
            )
            links.append(
                {
                    "url": f"{base}/listen/{stream_id}?token={token}",
                    "token": token,
                    "expires_at": made.expires_at or None,
                }
            )
        audit("listen_links", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        answer: ListenLinks = {"links": links}
        self.write_json(answer)


class RevokeListenLinksHandler(PublicHandler):
    """`POST /api/streams/{id}/listen-links/revoke`: ends all older links, and what they have opened."""

    metric_label = "RevokeListenLinks"

    async def post(self, stream_id: str) -> None:
        claims = self.claims_for(self.checked_id(stream_id))
        self.services.streams.admit(stream_id, claims.generation)
        private = self.services.node.private_listening
        if claims.visibility is Visibility.PRIVATE:
            # A process that has started anew learns it here, and tells the others.
            self.services.streams.private_streams.note(stream_id, is_private=True)
        at_ms = max(int(time.time() * 1000) + CLOCK_SKEW_MS, private.revoked_at_ms(stream_id) + 1)
        await private.revoke(stream_id, at_ms)
        audit("revoke", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
        self.set_status(204)
