"""The JSON of recordings: requests as models, answers as types."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from audiocast.stream.now_playing import MAX_CHARACTERS

Span = Annotated[list[float], Field(min_length=2, max_length=2)]


class RecordingSwitch(BaseModel):
    """Whether a stream is to be recorded from now on."""

    model_config = ConfigDict(extra="forbid")

    on: bool = Field(strict=True)


class ShowEditRequest(BaseModel):
    """A change of a show; what is missing stays as it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str | None = Field(default=None, max_length=MAX_CHARACTERS)
    kept: bool | None = Field(
        default=None, strict=True, description="The show is never deleted for its age or size."
    )


class RecordedShow(TypedDict):
    """A show that is recorded."""

    show_id: str
    stream_id: str
    title: str
    started_at: Annotated[float, Field(description="Unix seconds.")]
    state: Annotated[
        Literal["live", "closing", "ready", "deleted"],
        Field(description="`live`: it is on, or may go on. `closing`: its file is being made."),
    ]
    seconds: Annotated[float | None, Field(description="Of its file; null until it is ready.")]
    bytes: Annotated[int | None, Field(description="Likewise.")]
    kept: Annotated[bool, Field(description="It is never deleted for its age or size.")]
    missing: Annotated[
        list[Span],
        Field(description="From where to where audio is lost, seconds of the file; silence is there."),
    ]
    url: Annotated[str | None, Field(description="Of its file; null until it is ready.")]


class ShowList(TypedDict):
    """The shows of a stream, the newest first."""

    recordings: list[RecordedShow]


class ShowTitle(TypedDict):
    """A track of a show."""

    at: Annotated[float, Field(description="Where it begins, seconds of the file.")]
    title: str
    artist: str


class ShowSource(TypedDict):
    """A source of a show."""

    at: Annotated[float, Field(description="Where it begins, seconds of the file.")]
    source_id: str


class ShowIndex(RecordedShow):
    """A show, and what is where in its file."""

    channels: int | None
    sha256: Annotated[str | None, Field(description="Of the file, in hex.")]
    gaps: Annotated[list[Span], Field(description="From where to where nothing was sent, likewise.")]
    cuts: Annotated[
        list[Span],
        Field(
            description="Where more than ten minutes were lost or silent, and how many seconds are left out."
        ),
    ]
    titles: list[ShowTitle]
    sources: list[ShowSource]


class RunningShowAnswer(TypedDict):
    """What is recorded of the show that is on, or was until a moment ago. Seconds are of the show."""

    show_id: str
    started_at: Annotated[float, Field(description="Unix seconds.")]
    begins: Annotated[float, Field(description="Where the first part begins: 0, unless the show is long.")]
    seconds: Annotated[float, Field(description="Where the last part ends.")]
    live: Annotated[float | None, Field(description="What is sent just now; null when the show is over.")]
    missing: Annotated[list[Span], Field(description="From where to where audio is lost.")]
    titles: list[ShowTitle]
    token: Annotated[
        str | None, Field(description="For `?token=` of the parts, if the request was let in by one.")
    ]
