"""What a broadcaster says is on: told beside the audio, or taken from the comments of an Ogg stream."""

from dataclasses import dataclass
from typing import Self

from audiocast.ogg.headers import OpusTags

MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """Title and artist; both may be empty."""

    title: str
    artist: str

    @classmethod
    def of(cls, tags: OpusTags) -> Self | None:
        """Give what a source's comments say (Vorbis comment field names), None when they say nothing."""
        fields = dict(comment.split("=", 1) for comment in reversed(tags.comments) if "=" in comment)
        fields = {name.upper(): text for name, text in fields.items()}
        title, artist = fields.get("TITLE", ""), fields.get("ARTIST", "")
        return cls(title[:MAX_CHARACTERS], artist[:MAX_CHARACTERS]) if title or artist else None
