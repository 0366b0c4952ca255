"""Listeners of one stream at a time, as its key claims: of all members, as well as each knows the others.

The member that the encoder is connected to knows the key. All others ask what the cluster knows of the
stream, once a second at the most, however many listeners join; who comes elsewhere in that second may be one
too many.
"""

import asyncio
from typing import NamedTuple

from audiocast.cluster.node import Node
from audiocast.cluster.stream_directory import MAX_LISTENERS, StreamDirectory, StreamSnapshot
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubState
from audiocast.web.http.errors import ApiError

GOOD_SECONDS = 1.0
MAX_KEPT = 10_000


class _Told(NamedTuple):
    limit: int
    elsewhere: int
    until: float


class ListenerLimits:
    """Knows whether one more listener of a stream fits.

    Args:
        node: This member.
        directory: What the others know.
    """

    def __init__(self, node: Node, directory: StreamDirectory) -> None:
        self._node = node
        self._directory = directory
        self._kept: dict[str, _Told] = {}

    async def check(self, stream_id: str) -> None:
        """Check that one more listener fits; to be called right before it joins.

        Raises:
            ApiError: 503.
        """
        hub = self._node.streams.get(stream_id)
        told = await self._told(stream_id, hub)
        here = self._node.streams.counters.hls_listeners[stream_id]
        here += hub.listeners if hub is not None else 0
        if told.limit and here + told.elsewhere >= told.limit:
            message = f"expected at most {told.limit} listeners of this stream; try again in a moment"
            raise ApiError(503, "stream_full", message)

    async def _told(self, stream_id: str, hub: Hub | None) -> _Told:
        node = self._node
        is_front = node.is_alone or node.is_front(stream_id)
        own = hub.claims.max_listeners if is_front and hub is not None else 0
        if node.is_alone or (is_front and not own):
            return _Told(own, 0, 0.0)
        if hub is None and not node.peers.is_listed(stream_id):
            # Nobody is asked about an id that may be made up.
            return _Told(0, 0, 0.0)
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(stream_id)
        if kept is None or kept.until <= now:
            state = hub.state if hub is not None else HubState.WAITING
            mine: StreamSnapshot = {"state": state, "listeners": 0, MAX_LISTENERS: own}
            whole = await self._directory.find(stream_id, mine) or mine
            kept = _Told(whole[MAX_LISTENERS], whole["listeners"], now + GOOD_SECONDS)
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[stream_id] = kept
        return kept
