"""Which track was on when, and how many heard it.

A performance is one listen that got any part of one play of a track, as SoundExchange counts them
(soundexchange.com/service-provider/reporting-requirements). A play lasts until the stream's next track, or
until nobody has said for a long time what is on.
"""

from collections import Counter

from audiocast.report.records import LoggedTrack
from audiocast.report.result import TrackPerformances

Recording = tuple[str, str]


class StreamPlays:
    """The plays of one stream.

    Args:
        longest: How long a play can last at the most, milliseconds.

    Attributes:
        performances: By recording (artist, title); complete when the sweep has ended.
    """

    def __init__(self, longest: int) -> None:
        self.performances: Counter[Recording] = Counter()
        self._longest = longest
        self._tracks: list[tuple[int, str, str]] = []
        self._next = 0
        self._on: Recording | None = None
        self._until = 0

    def add(self, track: LoggedTrack) -> None:
        """Add a line, in any order."""
        self._tracks.append((track.at, track.artist, track.title))

    def changes(self) -> list[int]:
        """Bring the tracks into order and return when another one is on, milliseconds of unix time.

        A track that two members have written, one after the other, is one play.
        """
        self._tracks.sort()
        kept: list[tuple[int, str, str]] = []
        for track in self._tracks:
            if not kept or kept[-1][1:] != track[1:] or track[0] - kept[-1][0] >= self._longest:
                kept.append(track)
        self._tracks = kept
        return [at for at, _, _ in kept]

    def note_change(self, listeners: int) -> None:
        """The next track is on, while so many listen."""
        at, artist, title = self._tracks[self._next]
        self._next += 1
        self._on = (artist, title) if artist or title else None
        self._until = at + self._longest
        if self._on and listeners:
            self.performances[self._on] += listeners

    def note_start(self, at: int) -> None:
        """A listen has begun."""
        if self._on and at < self._until:
            self.performances[self._on] += 1


def added(streams: list[StreamPlays]) -> list[TrackPerformances]:
    """Return the performances of all streams, the most heard first, then by name."""
    total: Counter[Recording] = Counter()
    for plays in streams:
        total.update(plays.performances)
    rows = [TrackPerformances(artist, title, count) for (artist, title), count in total.items()]
    return sorted(rows, key=lambda row: (-row.performances, row.artist, row.title))
