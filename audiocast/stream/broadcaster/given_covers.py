"""The pictures that broadcasters have given for their streams' covers: in memory, bounded.

Nothing is kept on disk: a restart forgets them, and so does the end of a stream. When there are too many, the
ones that were asked for longest ago go first, and before those of streams that are on the others.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from audiocast.stream.broadcaster.picture import Picture
from audiocast.stream.errors import ServerFull

# All together: 128 of the largest.
MAX_BYTES = 32 * 1024 * 1024


class GivenCover(NamedTuple):
    """A picture for a stream.

    Attributes:
        picture: The picture.
        given_at: When its broadcaster gave it, unix seconds: of two, the later one counts.
    """

    picture: Picture
    given_at: float


class GivenCovers:
    """By stream id.

    Args:
        is_on: Says whether a stream is on.
        max_bytes: Of all pictures.
    """

    def __init__(self, is_on: Callable[[str], bool], max_bytes: int = MAX_BYTES) -> None:
        self._is_on = is_on
        self._max_bytes = max_bytes
        self._bytes = 0
        # The one that was asked for longest ago first.
        self._covers: OrderedDict[str, GivenCover] = OrderedDict()

    def __len__(self) -> int:
        return len(self._covers)

    def items(self) -> list[tuple[str, GivenCover]]:
        """Return all of them with their streams' ids."""
        return list(self._covers.items())

    def get(self, stream_id: str) -> GivenCover | None:
        """Return what was given for a stream; None: nothing that is still here."""
        cover = self._covers.get(stream_id)
        if cover is not None:
            self._covers.move_to_end(stream_id)
        return cover

    def keep(self, stream_id: str, cover: GivenCover) -> None:
        """Keep a picture for a stream in the place of the one before, unless that one was given later.

        Raises:
            ServerFull: All that are kept are of streams that are on.
        """
        before = self._covers.get(stream_id)
        if before is not None and before.given_at > cover.given_at:
            return
        self.drop(stream_id)
        while self._bytes + len(cover.picture.data) > self._max_bytes:
            oldest = next((each for each in self._covers if not self._is_on(each)), None)
            if oldest is None:
                raise ServerFull("expected fewer pictures of streams that are on; try again later")
            self.drop(oldest)
        self._covers[stream_id] = cover
        self._bytes += len(cover.picture.data)

    def drop(self, stream_id: str) -> None:
        """Forget what was given for a stream."""
        cover = self._covers.pop(stream_id, None)
        if cover is not None:
            self._bytes -= len(cover.picture.data)

    def drop_older(self, stream_id: str, given_at: float) -> None:
        """Forget what was given for a stream before this time, unix seconds."""
        cover = self._covers.get(stream_id)
        if cover is not None and cover.given_at < given_at:
            self.drop(stream_id)
