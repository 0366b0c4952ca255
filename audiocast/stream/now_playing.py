"""What is on: sent by the broadcaster beside the audio, or taken from the comments of an Ogg stream."""

from collections import deque
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.headers import OpusTags

MAX_CHARACTERS = 200
HISTORY_TRACKS = 20


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """Title and artist; both may be empty."""

    title: str
    artist: str

    @classmethod
    def of(cls, tags: OpusTags) -> Self | None:
        """Return what a source's comments (Vorbis comment fields) say is on; None if they say nothing."""
        fields = dict(comment.split("=", 1) for comment in reversed(tags.comments) if "=" in comment)
        fields = {name.upper(): text for name, text in fields.items()}
        title, artist = fields.get("TITLE", ""), fields.get("ARTIST", "")
        return cls(title[:MAX_CHARACTERS], artist[:MAX_CHARACTERS]) if title or artist else None


@dataclass(frozen=True, slots=True)
class Track:
    """A track that was on.

    Attributes:
        playing: Title and artist.
        started_at: When the track was first said to be on, unix seconds.
    """

    playing: NowPlaying
    started_at: float


class History:
    """The last tracks of one stream, bounded."""

    def __init__(self) -> None:
        self._tracks: deque[Track] = deque(maxlen=HISTORY_TRACKS)

    @property
    def tracks(self) -> list[Track]:
        """The newest first."""
        return list(reversed(self._tracks))

    def note(self, playing: NowPlaying | None, now: float) -> None:
        """Add what is on; what was on already, or has neither title nor artist, is no new track.

        Args:
            playing: Title and artist; None when unknown.
            now: When it was said, unix seconds.
        """
        if playing is None or not (playing.title or playing.artist):
            return
        if not self._tracks or self._tracks[-1].playing != playing:
            self._tracks.append(Track(playing, now))


class Titles:
    """What is on, by whatever said so last: a request of the broadcaster, or the comments of an Ogg stream.

    Attributes:
        now_playing: None while nothing was said.
        history: The last tracks.
    """

    def __init__(self) -> None:
        self.now_playing: NowPlaying | None = None
        self.history = History()
        self._from_tags: NowPlaying | None = None

    def set(self, now_playing: NowPlaying | None, unix_seconds: float) -> None:
        """Show what is on; None changes nothing."""
        self.now_playing = now_playing or self.now_playing
        self.history.note(self.now_playing, unix_seconds)

    def clear(self) -> None:
        """Show nothing; the history stays."""
        self.now_playing = None

    def set_from_tags(self, tags: OpusTags, unix_seconds: float, *, is_same_source: bool) -> None:
        """Show what the comments of a source, or of the next segment of its chain, say.

        Args:
            tags: Comments of the Ogg stream that begins.
            unix_seconds: The time now.
            is_same_source: The source that brought the tags before has brought these.
        """
        tagged = NowPlaying.of(tags)
        if tagged is None and is_same_source and self.now_playing == self._from_tags:
            # The next track of a chain says nothing of itself: what the last one's tags said is over.
            self.now_playing = None
        self._from_tags = tagged
        self.set(tagged, unix_seconds)
