"""Where a request carries its key or its token: Bearer, Basic password (any user name), or `?key=`.

The upgrade to a WebSocket may carry it as a subprotocol too: a page can set no other header of it.
"""

import base64
import hmac
from collections.abc import Sequence

from tornado.httputil import HTTPServerRequest

# The protocol of our WebSocket. A page names the key as a second subprotocol after it; a key has only letters
# that such a name may have.
SUBPROTOCOL = "audiocast"


def bearer_token(request: HTTPServerRequest) -> str | None:
    """Return the Bearer token (RFC 6750 section 2.1), if there is one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def basic_password(request: HTTPServerRequest) -> str | None:
    """Return the password of Basic credentials (RFC 7617), if there are any that can be read."""
    _, colon, password = _basic_pair(request).partition(":")
    return password if colon and password else None


def basic_user(request: HTTPServerRequest) -> str:
    """Return the user of Basic credentials; empty: there are none that can be read, or it is."""
    return _basic_pair(request).partition(":")[0]


def is_upgrade(request: HTTPServerRequest) -> bool:
    """Return whether a request asks for a WebSocket (RFC 6455 section 4.2.1)."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def subprotocol_key(request: HTTPServerRequest) -> str | None:
    """Return the key that is named as a subprotocol, if there is one."""
    named = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    if not is_upgrade(request) or len(named) != 2 or named[0] != SUBPROTOCOL:
        return None
    return named[1] or None


def ingest_key(request: HTTPServerRequest) -> str | None:
    """Return the ingest key: from the query, else the Authorization header, else the subprotocols."""
    in_query = request.query_arguments.get("key")
    if in_query and in_query[-1]:
        return in_query[-1].decode("utf-8", "surrogateescape")
    return bearer_token(request) or basic_password(request) or subprotocol_key(request)


def has_api_token(request: HTTPServerRequest, tokens: Sequence[str], *, as_password: bool = False) -> bool:
    """Return whether a request carries one of these API tokens.

    Args:
        request: The request.
        tokens: Those of the server; none: no request has one.
        as_password: A Basic password counts too, since Icecast's panels know nothing else.
    """
    token = bearer_token(request) or (basic_password(request) if as_password else None)
    return token is not None and is_one_of(token, tokens)


def is_one_of(token: str, tokens: Sequence[str]) -> bool:
    """Return whether a token is one of these, in a time that does not depend on how much of it fits."""
    given = token.encode("utf-8", "surrogateescape")
    fits = [hmac.compare_digest(given, each.encode()) for each in tokens]
    return any(fits)


def _basic_pair(request: HTTPServerRequest) -> str:
    """Return "user:password" of Basic credentials; empty: there are none that can be read."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:  # binascii.Error is one; letters outside ASCII raise it bare
        return ""
