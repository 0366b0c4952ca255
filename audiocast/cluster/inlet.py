"""One stream's audio from other members: whichever link brings it, it goes on where the one before was cut.

The parser of a source outlives its links: pages come whole, so the next link's first one fits the last.
"""

import json
from collections.abc import Callable

from audiocast.cluster.errors import Refused
from audiocast.cluster.link import Kind, Link
from audiocast.stream.errors import SourceError
from audiocast.stream.hub import Hub
from audiocast.stream.origin import Origin
from audiocast.stream.pace import Pace
from audiocast.stream.source import Source
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

    @property
    def origin(self) -> Origin | None:
        """The source that is here, from another member."""
        source = self._source
        return source.origin if source is not None and source is self._hub.source else None

    @property
    def had(self) -> Position | None:
        """The newest page of it that is here."""
        return self._hub.log.last if self._hub.log is not None and self.origin is not None else None

    async def take(self, link: Link, origin: Origin | None, *, generation: int = 0) -> None:
        """Feed what a link brings, until it breaks; a link that is in use is closed for it.

        Args:
            link: From another member.
            origin: The source whose pages come first, if they come without being named.
            generation: Of that source's key.

        Raises:
            audiocast.cluster.errors.Unreachable: It broke.
            Refused: The other side has ended it, with its reason.
            audiocast.stream.errors.SourceError: The hub does not take the source.
            audiocast.ogg.errors.OggError: Its pages are damaged.
        """
        if self._link is not None:
            self._link.close()
        self._link = link
        if origin is not None and origin != self.origin:
            self._begin(origin, generation)
        try:
            while True:
                kind, data = await link.receive()
                if kind is Kind.ORIGIN:
                    name, _, its_generation = data.decode().partition(" ")
                    self._begin(Origin.parse(name), int(its_generation))
                elif kind is Kind.END:
                    raise ended(data)
                elif self._source is not None:
                    self._source.feed(data, self._clock())
        finally:
            link.close()
            if self._link is link:
                self._link = None

    def close(self) -> None:
        """Hang up; the hub keeps what it has."""
        if self._link is not None:
            self._link.close()

    def _begin(self, origin: Origin, generation: int) -> None:
        pace = Pace(max_kbps=0, lead_seconds=0, now=self._clock())
        self._source = Source(
            self._hub, origin=origin, pace=pace, generation=generation, dismiss=self._dismissed
        )

    def _dismissed(self, _: SourceError) -> None:
        """A newer source has come another way: what still comes on this link is old."""
        self.close()


def ended(data: bytes) -> Refused:
    """Read an END frame."""
    try:
        said = json.loads(data)
        return Refused(0, str(said["error"]), str(said["message"])[:300])
    except (ValueError, KeyError, TypeError):
        return Refused(0, "unknown", "the member has ended the link")


def end_frame(code: str, message: str) -> bytes:
    """Make an END frame."""
    return json.dumps({"error": code, "message": message}).encode()
