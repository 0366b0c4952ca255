"""What a member must know of a broadcast to go on telling of it where another one has stopped.

Each member lists the facts of the streams that it tells of, and all others have a copy (see
`cluster.stream_lists`). So the next owner of a stream tells its events with the ids that they have.
"""

import re
from typing import NamedTuple, Self

from audiocast.stream.now_playing import NowPlaying
from audiocast.webhooks.event import EventType, broadcast_id, event_id

_TEXT = re.compile(
    r"([0-9a-f]{1,16}-[0-9a-f]{1,16}) ([0-9a-f]{1,16}) ([lhe]) (\d{1,8}) (\d{1,8}) ([0-9a-f]{8}|-) (\d{1,8})"
)

# What was told last of a broadcast's state, in one letter.
LIVE, HELD, ENDED = "l", "h", "e"

_LAST_NUMBER = 99_999_999


class BroadcastFacts(NamedTuple):
    """Of one broadcast; its text has at most 100 characters, as entries of lists have.

    Attributes:
        began: Text of the identity of its first source.
        sequence: Of the last event of the stream.
        state: LIVE, HELD or ENDED.
        holds: How often the stream was held.
        tracks: How many tracks were told.
        track: A short word that is the same for the same track; "-": none was told.
        milestone: The greatest that was told.
    """

    began: str
    sequence: int = 0
    state: str = LIVE
    holds: int = 0
    tracks: int = 0
    track: str = "-"
    milestone: int = 0

    def __str__(self) -> str:
        holds, tracks = min(self.holds, _LAST_NUMBER), min(self.tracks, _LAST_NUMBER)
        return f"{self.began} {self.sequence:x} {self.state} {holds} {tracks} {self.track} {self.milestone}"

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """Return what a text says; None: it is none, or of another version."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        began, sequence, state, holds, tracks, track, milestone = found.groups()
        return cls(began, int(sequence, 16), state, int(holds), int(tracks), track, int(milestone))

    def broadcast_id(self, stream_id: str) -> str:
        """Return the id of the broadcast."""
        return broadcast_id(stream_id, self.began)

    def event_id(self, stream_id: str, event_type: EventType, number: int) -> str:
        """Return the id of the broadcast's event of a type with a number."""
        return event_id(stream_id, self.began, event_type, number)


def track_word(playing: NowPlaying) -> str:
    """Return a short word that is the same for the same title and artist."""
    return event_id("", playing.title, playing.artist)[-8:]
