"""Tokens of an identity provider (JWT, RFC 7519) that open private streams.

The provider's keys are fetched as JWKS (RFC 7517), kept for an hour, and fetched anew when a token names a
key that is not among them: providers rotate their keys. PyJWT is imported when the first token comes.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from audiocast.stream.access.listen_tokens import ListenClaims

log = structlog.get_logger()

ALGORITHMS = ("RS256", "ES256")
# Clocks of providers differ from ours.
LEEWAY_SECONDS = 30

KEPT_SECONDS = 3600.0
# A token with a made-up key is no reason to ask the provider again and again.
MIN_FETCH_SECONDS = 30.0
FETCH_SECONDS = 5.0
MAX_KEYS_BYTES = 262_144
MAX_TOKEN_CHARACTERS = 8192
MAX_KEYS = 100

# Which streams a token opens: a name, or a list of names. Without it, all private ones of this server.
STREAMS_CLAIM = "audiocast_streams"


class ListenJwt:
    """Checks tokens of one identity provider.

    Args:
        jwks_url: Where its keys are.
        audience: What `aud` must have.
        issuer: What `iss` must be; empty: anything.
        now: Returns the Unix time.
    """

    def __init__(
        self, jwks_url: str, *, audience: str, issuer: str = "", now: Callable[[], float] = time.time
    ) -> None:
        self._jwks_url = jwks_url
        self._audience = audience
        self._issuer = issuer
        self._now = now
        self._keys: dict[str, Any] = {}
        self._fetched_at = -KEPT_SECONDS
        self._tried_at = -MIN_FETCH_SECONDS
        self._fetching: asyncio.Task[None] | None = None

    async def check(self, stream_id: str, token: str) -> ListenClaims | None:
        """Return what a token lets its bearer do with a private stream; None: nothing."""
        import jwt

        if len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
            return None
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        key = await self._key(str(header.get("kid", "")))
        if key is None or header.get("alg") not in ALGORITHMS:
            return None
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer or None,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        streams = claims.get(STREAMS_CLAIM)
        named = [streams] if isinstance(streams, str) else streams
        if named is not None and not (isinstance(named, list) and stream_id in named):
            return None
        label = str(claims.get("sub", ""))
        made_at = float(claims.get("iat", self._now()))
        return ListenClaims(int(made_at * 1000), int(claims["exp"]), label=label, is_session=True)

    async def _key(self, key_id: str) -> Any | None:
        """Return a key of the provider; None: it has no such key, or does not answer.

        A token may name no key (RFC 7515 section 4.1.4) where the provider has only one.
        """
        now = self._now()
        is_old = now - self._fetched_at >= KEPT_SECONDS
        if (is_old or self._find(key_id) is None) and now - self._tried_at >= MIN_FETCH_SECONDS:
            self._tried_at = now
            self._fetching = asyncio.ensure_future(self._fetch())
        if self._fetching is not None and (is_old or self._find(key_id) is None):
            await asyncio.shield(self._fetching)
        return self._find(key_id)

    def _find(self, key_id: str) -> Any | None:
        if not key_id and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def _fetch(self) -> None:
        import jwt

        request = HTTPRequest(
            self._jwks_url,
            follow_redirects=False,
            connect_timeout=FETCH_SECONDS,
            request_timeout=FETCH_SECONDS,
        )
        client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_KEYS_BYTES)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                response = await client.fetch(request)
            found = jwt.PyJWKSet.from_json(response.body.decode())
            keys = {key.key_id or "": key.key for key in found.keys[:MAX_KEYS]}
        except Exception as error:
            # Of the client, of JSON, of a key: the keys of before are good until new ones come.
            log.warning("jwks_not_fetched", reason=type(error).__name__)
            return
        finally:
            client.close()
        self._keys = keys
        self._fetched_at = self._now()
