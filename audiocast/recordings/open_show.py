"""Which show a stream's chunks belong to, without a database: the store has an object for each open show.

    none is open, or it is over --is new--> open --touched, again and again--> over --leased--> closed, gone

Whoever writes chunks of a show touches its object, on condition that it is as it was, and stops to write a
while before others may think that nobody does. Whoever closes a show writes a lease into it, on the same
condition. So chunks never come to a show that is being closed, and nobody compares two machines' clocks.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

from audiocast.recordings.names import OPEN, ShowId
from audiocast.recordings.show_record import ShowRecord
from audiocast.recordings.store.store import Conflict, Missing, Store, StoreError

# Of the gap after which a show is over: how often its object is touched, and how long chunks may be written
# since the last time. The rest is for a request that is under way.
TOUCH_SHARE = 0.2
VALID_SHARE = 0.6

# Shows of a stream have the second in their names.
MAX_TRIES = 10


class BadOpenShow(StoreError):
    """What was read is no open show."""


@dataclass(frozen=True, slots=True)
class OpenShow:
    """The object of an open show.

    Attributes:
        reels: How many reels have begun.
        touched_at: When it was written, Unix seconds of who has written it.
        is_over: No more chunks will come.
        lease: Who closes the show; empty: nobody.
        leases: How often that was written: each time the object is another one.
    """

    reels: int = 0
    touched_at: float = 0.0
    is_over: bool = False
    lease: str = ""
    leases: int = 0

    def encode(self) -> bytes:
        """Return what `parse` reads."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read it.

        Raises:
            BadOpenShow: It is none.
        """
        try:
            fields: dict[str, Any] = json.loads(data)
            return cls(**{name: fields[name] for name in cls.__dataclass_fields__ if name in fields})
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise BadOpenShow(f"expected an open show, got {data[:100]!r}") from error


class Reel(NamedTuple):
    """What one recorder adds to a show, chunk by chunk.

    Attributes:
        show_id: The show.
        number: No other reel of the show has it.
    """

    show_id: ShowId
    number: int


class ShowHold:
    """Holds the open show of one stream for whoever writes its chunks.

    Args:
        store: Where shows are.
        stream_id: The stream.
        gap_seconds: After so long without chunks a show is over.
        now: Seconds of a monotonic clock.
        wall: Unix seconds.
        describe: Returns title of the stream, and whether it is private.
    """

    def __init__(
        self,
        store: Store,
        stream_id: str,
        *,
        gap_seconds: float,
        now: Callable[[], float],
        wall: Callable[[], float],
        describe: Callable[[], tuple[str, bool]],
    ) -> None:
        self._store = store
        self._stream_id = stream_id
        self._gap_seconds = gap_seconds
        self._now = now
        self._wall = wall
        self._describe = describe
        self._reel: Reel | None = None
        self._open = OpenShow()
        self._etag = ""
        self._touched_at = self._last_at = 0.0

    @property
    def show_id(self) -> ShowId | None:
        """The show that is held; None: none is."""
        return self._reel.show_id if self._reel is not None else None

    async def get_reel(self, at: float) -> Reel:
        """Return where the next chunk goes.

        Args:
            at: When its audio came, Unix seconds: a new show begins then, if none is on, or the last chunk is
                older than a gap.

        Raises:
            StoreError: The store does not say.
        """
        if self._reel is not None and at - self._last_at > self._gap_seconds:
            try:
                await self.end()
            except Conflict:
                self._reel = None
        self._last_at = at
        if self._reel is not None:
            age = self._now() - self._touched_at
            if age >= TOUCH_SHARE * self._gap_seconds:
                try:
                    await self._write(self._reel.show_id, replace(self._open, touched_at=self._wall()))
                except Conflict:
                    # It is over for others; or it was written, and the answer is lost.
                    self._reel = None
                except StoreError:
                    if age >= VALID_SHARE * self._gap_seconds:
                        self._reel = None
                        raise
        if self._reel is None:
            self._reel = await self._find(at)
        return self._reel

    def begin_reel(self) -> None:
        """Have the next chunk go into a reel of its own."""
        self._reel = None

    async def end(self) -> None:
        """Say that no more chunks come.

        Raises:
            StoreError: It is not sure that this was written.
        """
        if self._reel is not None:
            await self._write(self._reel.show_id, replace(self._open, is_over=True))
            self._reel = None

    async def _find(self, at: float) -> Reel:
        entries = await self._store.entries(f"{OPEN}/{self._stream_id}")
        newest = max(filter(None, (ShowId.of_key(entry.key) for entry in entries)), default=None)
        if newest is not None and (joined := await self._join(newest, at)) is not None:
            return joined
        for second in range(MAX_TRIES):
            show_id = ShowId.of(self._stream_id, at + second)
            opened = OpenShow(reels=1, touched_at=self._wall())
            began_at = self._now()
            if await self._is_closed(show_id):
                continue
            try:
                etag = await self._store.put(show_id.open_key, opened.encode(), is_new=True)
            except Conflict:
                if (joined := await self._join(show_id, at)) is not None:
                    return joined
                continue
            self._open, self._etag, self._touched_at = opened, etag, began_at
            await self._note(show_id)
            return Reel(show_id, opened.reels)
        raise StoreError(f"expected a free name of a show, got none in {MAX_TRIES} s")

    async def _join(self, show_id: ShowId, at: float) -> Reel | None:
        """Go on with a show that is open; return None if that is not possible any more."""
        try:
            stored = await self._store.get(show_id.open_key)
        except Missing:
            return None
        found = OpenShow.parse(stored.data)
        gap = (1 + TOUCH_SHARE) * self._gap_seconds
        is_apart = show_id.started_at - at > gap or at - found.touched_at > gap
        if is_apart or found.is_over or found.lease:
            return None
        self._etag = stored.etag
        try:
            await self._write(show_id, replace(found, reels=found.reels + 1, touched_at=self._wall()))
        except Conflict as error:
            raise StoreError("somebody else has written to the show at the same time") from error
        await self._note(show_id)
        return Reel(show_id, self._open.reels)

    async def _is_closed(self, show_id: ShowId) -> bool:
        try:
            await self._store.size(show_id.record_key)
        except Missing:
            return False
        return True

    async def _note(self, show_id: ShowId) -> None:
        """Have a record of the show, so that it is listed while it is on."""
        title, is_private = self._describe()
        record = ShowRecord(str(show_id), show_id.stream_id, title, show_id.started_at, is_private)
        try:
            await self._store.put(show_id.record_key, record.encode(), is_new=True)
        except StoreError:
            # There is one; or whoever closes the show makes it.
            return

    async def _write(self, show_id: ShowId, changed: OpenShow) -> None:
        began_at = self._now()
        self._etag = await self._store.put(show_id.open_key, changed.encode(), if_match=self._etag)
        self._open, self._touched_at = changed, began_at
