"""What a broadcaster changes of a stream while it is on: how it shows itself, and whether it is muted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.keys import Claims
from audiocast.stream.now_playing import clean_text

# Its name among members, who knew it before they knew the others.
MUTED = "muted"


@dataclass(frozen=True, slots=True)
class StreamEdit:
    """What a broadcaster changes of a stream, beside its audio. None, of each: it stays as it is.

    Attributes:
        title: Of the stream, cleaned by `clean_text`; may be empty.
        is_muted: Listeners get silence instead of the source's sound, until it is unmuted, another source
            comes or the broadcast ends.
        description, accent, link: See `Presentation`; empty: none.
        starts_at: When the broadcast is to begin, Unix seconds; 0: no time.
        is_recorded: It is recorded from now on, where anything is.
    """

    title: str | None = None
    is_muted: bool | None = None
    description: str | None = None
    accent: str | None = None
    link: str | None = None
    starts_at: int | None = None
    is_recorded: bool | None = None

    def __post_init__(self) -> None:
        if self.title is not None:
            object.__setattr__(self, "title", clean_text(self.title))

    def as_json(self) -> dict[str, object]:
        """Return what `parse` reads."""
        said = asdict(self)
        return {MUTED: said.pop("is_muted"), **said}

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read a JSON object of another member; what is of another type changes nothing."""
        texts = (said.get(name) for name in ("title", "description", "accent", "link"))
        title, description, accent, link = (text if isinstance(text, str) else None for text in texts)
        is_muted, starts_at = said.get(MUTED), said.get("starts_at")
        is_recorded = said.get("is_recorded")
        return cls(
            title=title,
            is_muted=is_muted if isinstance(is_muted, bool) else None,
            description=description,
            accent=accent,
            link=link,
            starts_at=starts_at if type(starts_at) is int and starts_at >= 0 else None,
            is_recorded=is_recorded if isinstance(is_recorded, bool) else None,
        )

    def after(self, before: "StreamEdit | None") -> "StreamEdit":
        """Return this edit with what one before it has changed and this one leaves alone."""
        if before is None:
            return self
        changed = {
            each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None
        }
        return replace(before, **changed)

    def applied_to(self, claims: Claims) -> Claims:
        """Return what a key claims, with what this edit changes of it; the title is the stream's own."""
        before = claims.presentation
        presentation = Presentation(
            before.description if self.description is None else self.description,
            before.accent if self.accent is None else self.accent,
            before.link if self.link is None else self.link,
        )
        starts_at = claims.starts_at if self.starts_at is None else self.starts_at
        record = claims.record if self.is_recorded is None else self.is_recorded
        return replace(claims, presentation=presentation, starts_at=starts_at, record=record)
