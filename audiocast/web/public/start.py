"""`POST /api/start`: a broadcaster asks for a stream and gets its key and its URLs."""

import secrets

from audiocast.cluster.protocol import MemberStreamRequest, ReopenRequest, StreamAnswer
from audiocast.stream.access.access_code import make_code
from audiocast.stream.access.tenant_tokens import NO_TENANT, TenantClaims, is_tenant_token
from audiocast.stream.keys import Claims
from audiocast.web.contract.requests import StartRequest
from audiocast.web.contract.responses import Started
from audiocast.web.http.access.audit import audit, audit_refusal
from audiocast.web.http.clients import Rate
from audiocast.web.http.credentials import bearer_token, is_one_of
from audiocast.web.http.errors import BEARER, ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body
from audiocast.web.public.recordings.store_errors import NOT_RECORDING
from audiocast.web.public.streams import local_url, token_tag

# Without l, o, 0 and 1, which people mix up when they read an id aloud or type it from a poster.
ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"

# 50 bits: an id cannot be guessed, and still fits a QR code that a phone reads from afar.
ID_CHARACTERS = 10


def _id_for(asked: str | None, tenant: TenantClaims) -> str:
    """Return the id of a stream: the one that is asked for, or a new one.

    Raises:
        ApiError: 403, the tenant may not have it.
    """
    if asked is None:
        return tenant.id_prefix + "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_CHARACTERS))
    if not asked.startswith(tenant.id_prefix):
        raise ApiError(
            403, "id_outside_share", f"expected an id that begins with {tenant.id_prefix}, got {asked[:64]}"
        )
    return asked


class StartHandler(PublicHandler):
    """Answers 201 with key and URLs. The server stores nothing: the key holds all that matters."""

    metric_label = "Start"

    async def post(self) -> None:
        token, tenant = self._checked_token()
        self.services.clients.charge(self.request, Rate.STARTS)
        asked = parse_body(self.request.body, StartRequest, example='{"title": "..."}')
        if asked.id is not None and not token:
            raise ApiError(
                403, "id_needs_token", "expected no id: only a server with API_TOKENS lets you choose"
            )
        reason = self.services.streams.loops.refusal(asked.fallback) if asked.fallback else ""
        if reason:
            raise ApiError(400, "bad_fallback", reason)
        stream_id = _id_for(asked.id, tenant)
        self.services.streams.check_room(stream_id)
        self.services.tenants.check_share(stream_id, tenant.share)
        starts_at = round(asked.starts_at.timestamp()) if asked.starts_at else 0
        code = make_code() if asked.access_code == "auto" else asked.access_code
        if asked.record and self.services.recordings is None:
            raise ApiError(409, "recording_off", NOT_RECORDING)
        announced = Claims(
            title=asked.title,
            visibility=self.services.list_streams.visibility(asked.visibility),
            presentation=asked.presentation,
            starts_at=starts_at,
            access_code=code,
            record=asked.record,
        )
        if asked.id is None:
            self.services.streams.announce(stream_id, announced)
        else:
            await self._check_owner(stream_id, token)
            self.services.streams.reopen(stream_id, announced)
            request = ReopenRequest(stream_id, asked.title, asked.presentation)
            await self.services.node.broadcast(request.build())
        claims = Claims(
            title=asked.title,
            token_tag=self.services.keys.tag(token) if token else "",
            visibility=asked.visibility,
            presentation=asked.presentation,
            starts_at=starts_at,
            access_code=code,
            record=asked.record,
            max_kbps=tenant.kbps,
            max_listeners=min(filter(None, (asked.max_listeners, tenant.listeners)), default=0),
            share=tenant.share,
            priority=asked.priority,
            fallback=asked.fallback,
        )
        audit("start", stream_id=stream_id, token_tag=claims.token_tag, tenant=tenant.tenant)
        base = self.services.urls.base(self.request)
        started: Started = {
            **local_url(self.services, self.request, stream_id),
            "stream_id": stream_id,
            "ingest_key": self.services.keys.make(stream_id, claims),
            "ingest_url": f"{base}/ingest/{stream_id}",
            "listen_url": f"{base}/listen/{stream_id}",
            "stream_url": f"{base}/stream/{stream_id}",
            "qr_url": f"{base}/listen/{stream_id}/qr.svg",
            "access_code": code or None,
        }
        self.write_json(started, status=201)

    def _checked_token(self) -> tuple[str, TenantClaims]:
        """Return the request's API token, or what stands for its tenant; empty: this server requires none.

        Raises:
            ApiError: 401, this server requires one.
        """
        tenant = self.services.tenants.of(self.request)
        if tenant is not None:
            return tenant.identity, tenant
        token, tokens = bearer_token(self.request), self.services.api_tokens
        # A tenant's token that is not good must not make streams without a bound.
        if not tokens and not is_tenant_token(token):
            return "", NO_TENANT
        if token is None or not is_one_of(token, tokens):
            came = "another one" if token else "none"
            if token:
                audit_refusal("token_needed")
            message = f"expected Authorization: Bearer with an API token, got {came}"
            raise ApiError(401, "token_needed", message, challenge=BEARER)
        return token, NO_TENANT

    async def _check_owner(self, stream_id: str, token: str) -> None:
        """Check that nobody else is on the air with this id, at any member.

        Raises:
            ApiError: 409, the source's key was not made for this token.
        """
        hub = self.services.streams.get(stream_id)
        tags = [token_tag(self.services, hub) if hub is not None else None]
        if tags == [None]:
            answers = await self.services.node.broadcast(MemberStreamRequest(stream_id).build())
            tags = [StreamAnswer.parse(answer).snapshot.get("token_tag") for answer in answers]
        if any(isinstance(tag, str) and not self.services.keys.is_tag_of(tag, token) for tag in tags):
            raise ApiError(
                409, "stream_live", "expected the API token of the stream that is on the air, got another one"
            )
