"""One stream's audio from other members: whichever link brings it, it goes on where the one before was cut.

The parser of a source outlives its links: pages come whole, so the next link's first one fits the last.
"""

import asyncio
from collections.abc import Callable

from audiocast.cluster.errors import BadFrame
from audiocast.cluster.peer_stream import Kind, Link, ended
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import SourceError, StreamError, TakenOver
from audiocast.stream.hub import Hub
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position


class Inlet:
    """Feeds a hub.

    Args:
        hub: Of the stream.
        clock: The streams' time.
    """

    def __init__(self, hub: Hub, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._clock = clock
        self._source: Source | None = None
        self._link: Link | None = None
        self._endings: set[asyncio.Task[None]] = set()
        self.left: SourceId | None = None
        """The last source whose encoder was connected here: all that there is of it was heard here."""

    @property
    def source_id(self) -> SourceId | None:
        """The source that is here, from another member."""
        source = self._source
        return source.source_id if source is not None and source is self._hub.source else None

    @property
    def had(self) -> Position | None:
        """The newest page of it that is here."""
        return (
            self._hub.source_log.last
            if self._hub.source_log is not None and self.source_id is not None
            else None
        )

    @property
    def known(self) -> tuple[SourceId, Position] | None:
        """A source of which nothing up to this page is wanted again, from another member or from here."""
        last = self._hub.source_log.last if self._hub.source_log is not None else None
        source_id = self.source_id or self.left
        return (source_id, last) if source_id is not None and last is not None else None

    async def take(self, link: Link, source_id: SourceId | None, *, generation: int = 0) -> None:
        """Feed what a link brings, until it breaks; a link that is in use is closed for it.

        Args:
            link: From another member.
            source_id: The source whose pages come first, if they come without being named.
            generation: Of that source's key.

        Raises:
            audiocast.cluster.errors.Unreachable: It broke.
            Refused: The other side has ended it, with its reason.
            BadFrame: What came is nothing that a member sends.
            audiocast.stream.errors.StreamError: The hub does not take the source; the other side is told.
            audiocast.ogg.errors.OggError: Its pages are damaged; the other side is told.
        """
        before, self._link = self._link, link
        if before is not None and source_id is not None and source_id != self.source_id:
            self._end(before, TakenOver("a newer source has come through another member"))
        elif before is not None:
            before.close()
        if source_id is not None and source_id != self.source_id:
            self._begin(source_id, generation)
        try:
            while True:
                kind, data = await link.receive()
                if kind is Kind.END:
                    raise ended(data)
                if self._link is not link:
                    # Another one has taken its place, and this one's other side is being told.
                    continue
                if kind is Kind.ORIGIN:
                    self._begin(*_named(data))
                elif self._source is not None:
                    self._source.feed(data, self._clock())
        except (StreamError, OggError) as error:
            await link.end(error.code, str(error))
            raise
        finally:
            link.close()
            if self._link is link:
                self._link = None

    def close(self) -> None:
        """Hang up; the hub keeps what it has."""
        if self._link is not None:
            self._link.close()

    def _begin(self, source_id: SourceId, generation: int) -> None:
        rate_limit = RateLimit(max_kbps=0, lead_seconds=0, now=self._clock())

        def dismiss(error: SourceError) -> None:
            # A newer source has come another way: what still comes on this link is old. One that came on this
            # link is no reason to end it.
            if self._source is source and self._link is not None:
                self._end(self._link, error)

        source = self._source = Source(
            self._hub, source_id=source_id, rate_limit=rate_limit, generation=generation, dismiss=dismiss
        )

    def _end(self, link: Link, error: SourceError) -> None:
        ending = asyncio.ensure_future(link.end(error.code, str(error)))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def _named(data: bytes) -> tuple[SourceId, int]:
    """Read an ORIGIN frame."""
    try:
        name, _, generation = data.decode().partition(" ")
        return SourceId.parse(name), int(generation)
    except ValueError as error:
        raise BadFrame(f"expected a source id and a generation, got {data[:40]!r}") from error
