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

    async def check(self, hub: Hub) -> None:
        """Check that one more listener fits; to be called right before it joins.

        Raises:
            ApiError: 503.
        """
        told = await self._told(hub)
        if told.limit and hub.listeners + told.elsewhere >= told.limit:
            message = f"expected at most {told.limit} listeners of this stream; try again in a moment"
            raise ApiError(503, "stream_full", message)

    async def _told(self, hub: Hub) -> _Told:
        is_front = self._node.is_alone or self._node.is_front(hub.stream_id)
        own = hub.claims.max_listeners if is_front else 0
        if self._node.is_alone or (is_front and not own):
            return _Told(own, 0, 0.0)
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(hub.stream_id)
        if kept is None or kept.until <= now:
            mine: StreamSnapshot = {"state": hub.state, "listeners": 0, MAX_LISTENERS: own}
            state = await self._directory.find(hub.stream_id, mine) or mine
            kept = _Told(state[MAX_LISTENERS], state["listeners"], now + GOOD_SECONDS)
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[hub.stream_id] = kept
        return kept
