"""What is on: sent by the broadcaster beside the audio, or taken from the comments of an Ogg stream.

Titles come from strangers, in whatever character set their programs use. `clean_text` is the one place where
such text becomes what the server shows; the title of a stream passes it too.
"""

from collections import deque
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.headers import OpusTags

MAX_CHARACTERS = 200
HISTORY_TRACKS = 20

# C0 and C1 control characters, the byte order mark, and what turns the direction of the text that follows
# (UAX #9, sections 2.1 to 2.5): a title must not rearrange the page, or the terminal, around it. The marks
# U+200E, U+200F and U+061C stay: Arabic and Hebrew titles need them, and they end with the next letter.
_REMOVED = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def clean_text(text: str) -> str:
    """Return text from outside as one line that can be shown, stored and encoded anywhere.

    Halves of surrogate pairs, which are no Unicode text, become U+FFFD; control characters are removed; white
    space becomes single spaces. The result has at most `MAX_CHARACTERS` code points.
    """
    if not text.isprintable():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        # First the line ends, some of which are control characters, become spaces.
        text = " ".join(text.split()).translate(_REMOVED)
    return " ".join(text.split())[:MAX_CHARACTERS].rstrip()


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """Title and artist, cleaned by `clean_text`; both may be empty."""

    title: str
    artist: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean_text(self.title))
        object.__setattr__(self, "artist", clean_text(self.artist))

    @classmethod
    def of(cls, tags: OpusTags) -> Self | None:
        """Return what a source's comments (Vorbis comment fields) say is on; None if they say nothing."""
        fields = dict(comment.split("=", 1) for comment in reversed(tags.comments) if "=" in comment)
        fields = {name.upper(): text for name, text in fields.items()}
        playing = cls(fields.get("TITLE", ""), fields.get("ARTIST", ""))
        return playing if playing.title or playing.artist else None


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
