"""Deletes shows that are older than is wanted, or more than there is room for: the oldest first."""

from collections import defaultdict
from collections.abc import Callable

import structlog

from audiocast.recordings.names import ShowId
from audiocast.recordings.show_record import ShowState
from audiocast.recordings.shows import NoSuchShow, NotReady, Shows

log = structlog.get_logger()

SECONDS_PER_DAY = 86_400.0


class Retention:
    """Holds each stream to the bounds.

    Args:
        shows: All of them.
        keep_days: How long a show is kept; 0: for ever.
        keep_bytes: How much is kept of each stream; 0: all.
        wall: Unix seconds.
    """

    def __init__(self, shows: Shows, *, keep_days: float, keep_bytes: int, wall: Callable[[], float]) -> None:
        self._shows = shows
        self._keep_days = keep_days
        self._keep_bytes = keep_bytes
        self._wall = wall

    async def sweep(self) -> int:
        """Delete what is too old or too much, unless it is to be kept; return how many shows.

        Raises:
            StoreError: Not all is done.
        """
        await self._shows.finish_deletions()
        if not (self._keep_days or self._keep_bytes):
            return 0
        streams: defaultdict[str, list[tuple[ShowId, int]]] = defaultdict(list)
        for show_id, size_bytes in sorted((await self._shows.sizes()).items()):
            streams[show_id.stream_id].append((show_id, size_bytes))
        deleted = 0
        for shows in streams.values():
            total = sum(size_bytes for _, size_bytes in shows)
            for show_id, size_bytes in shows:
                is_too_much = bool(self._keep_bytes) and total > self._keep_bytes
                if not (is_too_much or self._is_too_old(show_id)):
                    continue
                if await self._delete(show_id):
                    total -= size_bytes
                    deleted += 1
        return deleted

    def _is_too_old(self, show_id: ShowId) -> bool:
        age = self._wall() - show_id.started_at
        return bool(self._keep_days) and age > self._keep_days * SECONDS_PER_DAY

    async def _delete(self, show_id: ShowId) -> bool:
        try:
            record = await self._shows.get(show_id)
            if record.is_kept or record.state is not ShowState.READY:
                return False
            await self._shows.delete(show_id)
        except (NoSuchShow, NotReady):
            return False
        log.info("recording_expired", show_id=str(show_id))
        return True
