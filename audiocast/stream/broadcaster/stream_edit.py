"""What a broadcaster changes of a stream while it is on: its title, and whether it is muted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from audiocast.stream.now_playing import clean_text


@dataclass(frozen=True, slots=True)
class StreamEdit:
    """What a broadcaster changes of a stream, beside its audio.

    Attributes:
        title: Of the stream, cleaned by `clean_text`; may be empty. None: it stays.
        is_muted: Listeners get silence instead of the source's sound, until it is unmuted, another source
            comes or the broadcast ends. None: it stays as it is.
    """

    title: str | None = None
    is_muted: bool | None = None

    def __post_init__(self) -> None:
        if self.title is not None:
            object.__setattr__(self, "title", clean_text(self.title))

    def as_json(self) -> dict[str, object]:
        """Return what `parse` reads."""
        return {"title": self.title, "muted": self.is_muted}

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read a JSON object of another member; what is of another type changes nothing."""
        title, is_muted = fields.get("title"), fields.get("muted")
        return cls(
            title if isinstance(title, str) else None,
            is_muted if isinstance(is_muted, bool) else None,
        )

    def after(self, before: "StreamEdit | None") -> "StreamEdit":
        """Return this edit with what one before it has changed and this one leaves alone."""
        if before is None:
            return self
        return StreamEdit(
            before.title if self.title is None else self.title,
            before.is_muted if self.is_muted is None else self.is_muted,
        )
