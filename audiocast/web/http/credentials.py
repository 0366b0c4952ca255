"""Where a request carries its key or its token: Bearer, Basic password (any user name), or `?key=`.

The upgrade to a WebSocket may have it as a subprotocol too: browsers let a page say no other header.
"""

import base64
import hmac
from collections.abc import Sequence

from tornado.httputil import HTTPServerRequest

SUBPROTOCOL = "audiocast"
"""What our WebSocket speaks. The subprotocol that is named after it is a key, which has no other letters than
such a name may have."""


def bearer_token(request: HTTPServerRequest) -> str | None:
    """Give the Bearer token (RFC 6750 section 2.1), if there is one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def basic_password(request: HTTPServerRequest) -> str | None:
    """Give the password of Basic credentials (RFC 7617), if there are any that can be read."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:  # binascii.Error is one; letters outside ASCII raise it bare
        return None
    _, colon, password = pair.partition(":")
    return password if colon and password else None


def is_upgrade(request: HTTPServerRequest) -> bool:
    """Say whether a request wants to become a WebSocket (RFC 6455 section 4.2.1)."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def subprotocol_key(request: HTTPServerRequest) -> str | None:
    """Give the key that is named as a subprotocol, if there is one."""
    named = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    if not is_upgrade(request) or len(named) != 2 or named[0] != SUBPROTOCOL:
        return None
    return named[1] or None


def ingest_key(request: HTTPServerRequest) -> str | None:
    """Give the ingest key, wherever it is."""
    in_query = request.query_arguments.get("key")
    if in_query and in_query[-1]:
        return in_query[-1].decode("utf-8", "surrogateescape")
    return bearer_token(request) or basic_password(request) or subprotocol_key(request)


def is_one_of(token: str, tokens: Sequence[str]) -> bool:
    """Say whether a token is among those that count, in a time that does not tell which is near."""
    given = token.encode("utf-8", "surrogateescape")
    fits = [hmac.compare_digest(given, each.encode()) for each in tokens]
    return any(fits)
