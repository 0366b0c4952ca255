"""Which tracks a stream's owner has shown: of each change one line in the whole cluster."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from audiocast.stream.hub import Hub


class TrackChange(NamedTuple):
    """Another track is shown, or none any more.

    Attributes:
        stream_id: The stream.
        at: Unix seconds.
        title, artist: Both empty: nothing is shown.
    """

    stream_id: str
    at: float
    title: str
    artist: str


class TrackChanges:
    """Finds what has changed since the last look.

    Args:
        hubs: Returns the streams of this member.
        owns: Says whether this member is a stream's owner.
    """

    def __init__(self, hubs: Callable[[], Iterable[Hub]], owns: Callable[[str], bool]) -> None:
        self._hubs = hubs
        self._owns = owns
        self._looked_at = time.time()
        # Streams that were owned here and showed a track.
        self._playing: set[str] = set()

    def look(self) -> list[TrackChange]:
        """Return the changes, of each stream the oldest first."""
        since, self._looked_at = self._looked_at, time.time()
        found: list[TrackChange] = []
        playing = set()
        for hub in self._hubs():
            history = hub.titles.history
            newest = history.newest
            if newest is None or not self._owns(hub.stream_id):
                continue
            if newest.started_at >= since:
                found += [
                    TrackChange(hub.stream_id, track.started_at, track.playing.title, track.playing.artist)
                    for track in reversed(history.tracks)
                    if since <= track.started_at < self._looked_at
                ]
            if hub.titles.now_playing is not None:
                playing.add(hub.stream_id)
            elif hub.stream_id in self._playing:
                found.append(TrackChange(hub.stream_id, self._looked_at, "", ""))
        self._playing = playing
        return found
