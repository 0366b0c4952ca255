"""What is on: sent by the broadcaster beside the audio, or taken from the comments of an Ogg stream.

Titles come from strangers, in whatever character set their programs use. `clean_text` is the one place where
such text becomes what the server shows; the title of a stream passes it too.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.headers import OpusTags
from audiocast.stream.broadcaster.paced_value import OnSettled, PacedValue
from audiocast.stream.clock import Clock

MAX_CHARACTERS = 200
HISTORY_TRACKS = 20

# C0 and C1 control characters, the byte order mark, and what turns the direction of the text that follows
# (UAX #9, sections 2.1 to 2.5): a title must not rearrange the page, or the terminal, around it. The marks
# U+200E, U+200F and U+061C stay: Arabic and Hebrew titles need them, and they end with the next letter.
_REMOVED = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def clean_text(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """Return text from outside as one line that can be shown, stored and encoded anywhere.

    Halves of surrogate pairs, which are no Unicode text, become U+FFFD; control characters are removed; white
    space becomes single spaces. The result has at most `max_characters` code points.
    """
    if not text.isprintable():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        # First the line ends, some of which are control characters, become spaces.
        text = " ".join(text.split()).translate(_REMOVED)
    return " ".join(text.split())[:max_characters].rstrip()


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

    @property
    def newest(self) -> Track | None:
        """The first of `tracks`; None: there is none."""
        return self._tracks[-1] if self._tracks else None

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
    """What is on, by whatever set it last: a request of the broadcaster, or the comments of an Ogg stream.

    At most one change a second is shown, since each one is sent to all pages and members. A change within a
    second of the last one is shown at its end, unless a newer one has replaced it; what is never shown is not
    in the history.

    Args:
        clock: Time and timers.
        on_change: Called, without arguments, when another track is shown.

    Attributes:
        now_playing: What is shown; None while nothing was set.
        history: The last tracks that were shown.
    """

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        self.now_playing: NowPlaying | None = None
        self.history = History()
        self._on_change = on_change
        self._newest: NowPlaying | None = None
        self._tags = OpusTags("")
        self._from_tags: NowPlaying | None = None
        self._paced = PacedValue(clock, self._show)

    @property
    def tags(self) -> OpusTags:
        """The comments of what is shown: the source's, or title and artist if these came another way."""
        shown = self.now_playing
        if shown == self._from_tags:
            return self._tags
        fields = (("TITLE", shown.title), ("ARTIST", shown.artist)) if shown is not None else ()
        return OpusTags(self._tags.vendor, tuple(f"{name}={text}" for name, text in fields if text))

    def set(self, now_playing: NowPlaying | None, on_settled: OnSettled | None = None) -> None:
        """Show what is on, as soon as the last change is a second old.

        Args:
            now_playing: None: nothing is.
            on_settled: Called once: with True when it is shown, with False when it was replaced before.
        """
        self._newest = now_playing
        self._paced.set(now_playing, on_settled)

    def set_from_tags(self, tags: OpusTags, *, is_same_source: bool) -> None:
        """Show what the comments of a source, or of the next segment of its chain, say.

        Args:
            tags: Comments of the Ogg stream that begins.
            is_same_source: The source that brought the tags before has brought these.
        """
        self._tags = tags
        tagged = NowPlaying.of(tags)
        # The next track of a chain may say nothing of itself: then what the last one's tags said is over.
        is_over = tagged is None and is_same_source and self._newest == self._from_tags
        self._from_tags = tagged
        if (tagged is not None or is_over) and tagged != self._newest:
            self.set(tagged)

    def clear(self) -> None:
        """Show nothing, at once; the history stays."""
        self._paced.drop()
        self._newest = self.now_playing = None

    def reset(self) -> None:
        """Show nothing, and forget the history."""
        self.clear()
        self._tags, self._from_tags = OpusTags(""), None
        self.history = History()

    def _show(self, now_playing: NowPlaying | None) -> None:
        self.now_playing = now_playing
        self.history.note(now_playing, time.time())
        self._on_change()
