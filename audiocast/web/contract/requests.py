"""The JSON of bodies, as models that check them. All fields may be missing; others than these are refused."""

import re
import time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from audiocast.stream.access import access_code
from audiocast.stream.access.listen_tokens import MAX_LABEL_CHARACTERS
from audiocast.stream.broadcaster.presentation import (
    ACCENT,
    LINK,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_LINK_CHARACTERS,
    Presentation,
)
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.keys import Visibility
from audiocast.stream.now_playing import MAX_CHARACTERS
from audiocast.stream.standby.loop_file import LOOP_NAME
from audiocast.stream.standby.rank import BEST_PRIORITY, WORST_PRIORITY

# One to 64 characters that need no escaping in a path, and do not look like an option.
STREAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


# Announced further ahead, a broadcast would have no year in its date.
MAX_AHEAD_SECONDS = 366 * 86_400
# Clocks differ, and a broadcast that was to begin a while ago may still come.
MAX_PAST_SECONDS = 86_400

# Ten years, of a link and of what it opens.
MAX_LINK_SECONDS = 315_360_000


def _checked_text(value: Any) -> Any:
    """Return a time as JSON has it: a text. pydantic would take a number too."""
    if value is not None and not (isinstance(value, str) and "T" in value.upper()):
        raise ValueError("expected a time like 2027-01-31T20:00:00+01:00")
    return value


def _checked_start(value: AwareDatetime) -> AwareDatetime:
    """Return a time that is not far away."""
    if not -MAX_PAST_SECONDS <= value.timestamp() - time.time() <= MAX_AHEAD_SECONDS:
        raise ValueError("expected a time within a year from now")
    return value


StartTime = Annotated[AwareDatetime, BeforeValidator(_checked_text), AfterValidator(_checked_start)]


Priority = Annotated[
    int,
    Field(
        ge=BEST_PRIORITY,
        le=WORST_PRIORITY,
        strict=True,
        description="Of several sources the best one is heard, 0 before 9; the others stand by.",
    ),
]


class KeyRequest(BaseModel):
    """A wish for a further key of a stream."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority


class StartRequest(BaseModel):
    """A wish for a stream."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(default="", max_length=200)
    id: str | None = Field(
        default=None,
        pattern=f"^{STREAM_ID.pattern}$",
        description="Only a server with API_TOKENS lets it be chosen.",
    )
    visibility: Visibility | None = Field(
        default=None, description="Whether lists have the stream. `private`: it needs a listen token."
    )
    access_code: str = Field(
        default="",
        max_length=access_code.MAX_CHARACTERS,
        description="Opens a private stream to those who type it; 6 characters or more. `auto`: the server "
        "makes one.",
    )
    starts_at: StartTime | None = Field(
        default=None, description="When the broadcast is to begin (RFC 3339), at most a year ahead."
    )
    max_listeners: int = Field(
        default=0, ge=0, le=1_000_000_000, strict=True, description="Of the stream at a time; 0: no bound."
    )
    priority: Priority = 0
    fallback: str = Field(
        default="",
        pattern=f"^({LOOP_NAME.pattern})?$",
        description="Name of a file in FALLBACK_FOLDER, played round and round while there is no source.",
    )
    record: bool | None = Field(
        default=None, strict=True, description="Whether to record it, where the server keeps recordings."
    )
    description: str = Field(default="", max_length=MAX_DESCRIPTION_CHARACTERS)
    accent: str = Field(default="", pattern=f"^({ACCENT.pattern})?$", description="A colour, as #rrggbb.")
    link: str = Field(
        default="",
        max_length=MAX_LINK_CHARACTERS,
        pattern=f"^({LINK.pattern})?$",
        description="Where to learn more: http or https, in ASCII, without a user name.",
    )

    @field_validator("access_code")
    @classmethod
    def _long_enough(cls, code: str) -> str:
        plain = access_code.plain_code(code)
        if code and code != "auto" and len(plain) < access_code.MIN_CHARACTERS:
            raise ValueError(f"expected {access_code.MIN_CHARACTERS} characters or more, or auto")
        return code

    @model_validator(mode="after")
    def _code_of_private(self) -> Self:
        if self.access_code and self.visibility is not Visibility.PRIVATE:
            raise ValueError("expected access_code with visibility private alone")
        return self

    @property
    def presentation(self) -> Presentation:
        """How the stream is to show itself."""
        return Presentation(self.description, self.accent, self.link)


class StreamEditRequest(BaseModel):
    """A change of a stream that is on; what is missing stays as it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str | None = Field(default=None, max_length=MAX_CHARACTERS)
    muted: bool | None = Field(default=None, strict=True)
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_CHARACTERS)
    accent: str | None = Field(default=None, pattern=f"^({ACCENT.pattern})?$", description="Empty: none.")
    link: str | None = Field(
        default=None,
        max_length=MAX_LINK_CHARACTERS,
        pattern=f"^({LINK.pattern})?$",
        description="Empty: none.",
    )
    starts_at: StartTime | Literal[""] | None = Field(
        default=None, description="When the broadcast is to begin (RFC 3339); empty: no time."
    )

    @property
    def edit(self) -> StreamEdit:
        """What is to change."""
        starts_at = self.starts_at
        return StreamEdit(
            title=self.title,
            is_muted=self.muted,
            description=self.description,
            accent=self.accent,
            link=self.link,
            starts_at=round(starts_at.timestamp()) if starts_at else None if starts_at is None else 0,
        )


class ListenLinksRequest(BaseModel):
    """A wish for links to a private stream."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    count: int = Field(default=1, ge=1, le=1_000, strict=True)
    expires_in_seconds: int = Field(
        default=0, ge=0, le=MAX_LINK_SECONDS, strict=True, description="Until it can be joined; 0: for ever."
    )
    session_seconds: int = Field(
        default=0,
        ge=0,
        le=MAX_LINK_SECONDS,
        strict=True,
        description="How long a listener stays from joining; 0: as long as the broadcast.",
    )
    label: str = Field(
        default="", max_length=MAX_LABEL_CHARACTERS, description="For the station's own records."
    )


class MetadataRequest(BaseModel):
    """What is on now."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(default="", max_length=MAX_CHARACTERS)
    artist: str = Field(default="", max_length=MAX_CHARACTERS)
