"""Requests with a tenant's token, and how many of a tenant's streams are on."""

import time
from collections import Counter
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from audiocast.cluster.access.streams_elsewhere import streams_elsewhere
from audiocast.cluster.node import Node
from audiocast.stream.access.tenant_tokens import Share, TenantClaims, TenantTokens
from audiocast.stream.errors import ShareFull
from audiocast.web.http.credentials import bearer_token


class Tenants:
    """Knows tenants by their tokens.

    Args:
        tokens: Checks them.
        node: Knows which streams are on, here and elsewhere.
        now: Returns the Unix time.
    """

    def __init__(self, tokens: TenantTokens, node: Node, now: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._node = node
        self._now = now
        # Sources that are connected here, before and after their first audio.
        self._sources: Counter[str] = Counter()

    def of(self, request: HTTPServerRequest) -> TenantClaims | None:
        """Return the tenant whose token a request carries; None: it carries none that is good."""
        token = bearer_token(request)
        return None if token is None else self._tokens.read(token, self._now())

    def owns(self, stream_id: str, request: HTTPServerRequest) -> bool:
        """Return whether a request carries the token of the tenant whose stream this is."""
        tenant = self.of(request)
        return tenant is not None and stream_id.startswith(tenant.id_prefix)

    def check_share(self, stream_id: str, share: Share) -> None:
        """Check that one more stream may be on; one that is on already may go on.

        Others may come at other members in the same second: then there may be as many more as members.

        Raises:
            ShareFull: As many as may are on.
        """
        if not share.streams:
            return
        here = {each.stream_id for each in self._node.streams.live()} | self._sources.keys()
        others = {each for each in here if each.startswith(share.id_prefix)}
        others |= streams_elsewhere(self._node, share.id_prefix)
        if len(others - {stream_id}) >= share.streams:
            raise ShareFull(f"expected at most {share.streams} streams of this tenant at a time")

    def connect(self, stream_id: str, share: Share) -> Callable[[], None]:
        """Count a source that was admitted; returns what is called when it is gone."""
        if not share.streams:
            return _nothing
        self._sources[stream_id] += 1

        def disconnect() -> None:
            self._sources[stream_id] -= 1
            if not self._sources[stream_id]:
                del self._sources[stream_id]

        return disconnect


def _nothing() -> None:
    """End what was not counted."""
