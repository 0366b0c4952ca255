"""Whom a private stream is there for. To everybody else it is as a stream that nobody knows.

What hides a stream asks for another one in its place, of which nobody can know. So a stranger gets the answer
for an unknown id, made by the same steps, in the same time, out of the same budgets.
"""

import time
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from tornado.httputil import HTTPServerRequest

from audiocast.cluster.node import Node
from audiocast.stream.access.listen_tokens import PREFIX, ListenClaims, ListenTokens, new_number
from audiocast.stream.errors import BadKey
from audiocast.stream.keys import Keys
from audiocast.web.http.credentials import bearer_token, has_api_token, ingest_key

# With the stream's id behind it. Each stream has one of its own: a browser may be let in to several.
COOKIE_PREFIX = "audiocast_listen_"


class ListenGate:
    """Knows who is let in.

    Args:
        tokens: Makes and checks listen tokens.
        keys: Checks ingest keys: who has a stream's key may see it.
        node: Knows which streams are private.
        api_tokens: Those of the server: who has one may see every stream.
        now: Returns the Unix time.
    """

    def __init__(
        self,
        tokens: ListenTokens,
        keys: Keys,
        node: Node,
        api_tokens: Sequence[str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._keys = keys
        self._api_tokens = api_tokens
        self._private = node.private_listening
        self._now = now
        # A request is asked about several times, and its token's MAC holds each time.
        self._read: WeakKeyDictionary[HTTPServerRequest, tuple[str, str, ListenClaims | None]] = (
            WeakKeyDictionary()
        )

    def is_private(self, stream_id: str) -> bool:
        """Return whether a stream needs a listen token."""
        return self._private.is_private(stream_id)

    def is_hidden(self, stream_id: str, request: HTTPServerRequest | None) -> bool:
        """Return whether a stream, of a checked id, is not there for whoever asks; None is another member."""
        if request is None or not self.is_private(stream_id):
            return False
        return not self.admits(stream_id, request)

    def admits(self, stream_id: str, request: HTTPServerRequest) -> bool:
        """Return whether a request may have a private stream: by a listen token, its key or an API token."""
        return self.claims_of(stream_id, request) is not None or self.may_manage(stream_id, request)

    def seen_id(self, stream_id: str, request: HTTPServerRequest | None) -> str:
        """Return the id to look for: the stream's own, or of a hidden one that of a stream nobody knows."""
        if not self.is_hidden(stream_id, request):
            return stream_id
        return self._tokens.stand_in(stream_id)

    def claims_of(self, stream_id: str, request: HTTPServerRequest) -> ListenClaims | None:
        """Return what the request's listen token claims; None: it has none that is good."""
        token = listen_token(request, stream_id)
        if not token:
            return None
        read = self._read.get(request)
        if read is None or read[:2] != (stream_id, token):
            read = self._read[request] = stream_id, token, self._tokens.read(stream_id, token)
        return self._if_good(stream_id, read[2])

    def check(self, stream_id: str, token: str) -> ListenClaims | None:
        """Return what a listen token claims; None: it is none of this stream, over, or revoked."""
        return self._if_good(stream_id, self._tokens.read(stream_id, token))

    def may_manage(self, stream_id: str, request: HTTPServerRequest) -> bool:
        """Return whether a request has the stream's key or an API token."""
        has_token = has_api_token(request, self._api_tokens, as_password=True)
        return has_token or self._has_key(stream_id, request)

    def session_token(self, stream_id: str, claims: ListenClaims) -> tuple[str, int]:
        """Return the token of a session that is joined now, and how long it lasts, seconds."""
        session = claims.session(self._now())
        return self._tokens.make(stream_id, session), max(0, int(session.expires_at - self._now()))

    def make(
        self, stream_id: str, *, expires_in_seconds: int = 0, session_seconds: int = 0, label: str = ""
    ) -> tuple[str, ListenClaims]:
        """Return a new listen token, and what it claims; see `ListenClaims`."""
        now = self._now()
        # A member whose clock is ahead may have revoked what this moment's clock makes.
        made_at_ms = max(int(now * 1000), self._private.revoked_at_ms(stream_id))
        expires_at = int(now + expires_in_seconds) if expires_in_seconds else 0
        claims = ListenClaims(made_at_ms, expires_at, session_seconds, label, number=new_number())
        return self._tokens.make(stream_id, claims), claims

    def _if_good(self, stream_id: str, claims: ListenClaims | None) -> ListenClaims | None:
        """Return claims, unless their time is over or they are revoked by now."""
        if claims is None or claims.is_over(self._now()):
            return None
        return None if claims.made_at_ms < self._private.revoked_at_ms(stream_id) else claims

    def _has_key(self, stream_id: str, request: HTTPServerRequest) -> bool:
        key = ingest_key(request)
        if key is None:
            return False
        try:
            self._keys.check(stream_id, key, self._now())
        except BadKey:
            return False
        return True


def listen_token(request: HTTPServerRequest, stream_id: str) -> str | None:
    """Return the listen token of a request: from the query, else a Bearer token, else the cookie."""
    in_query = request.query_arguments.get("token")
    if in_query and in_query[-1]:
        return in_query[-1].decode("utf-8", "surrogateescape")
    bearer = bearer_token(request)
    if bearer is not None and bearer.startswith(f"{PREFIX}."):
        return bearer
    cookie = request.cookies.get(COOKIE_PREFIX + stream_id)
    return cookie.value if cookie is not None else None
