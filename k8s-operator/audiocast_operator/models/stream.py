"""The fields of a Stream, each with its unit, default and reason. The one source of the CRD's schema."""

from typing import Literal

from pydantic import Field

from audiocast_operator.models.base import ATOMIC, IMMUTABLE, ResourceModel, StatusModel, Time
from audiocast_operator.models.condition import BY_TYPE, Condition

STREAM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
# As the server has them (audiocast/stream/broadcaster/presentation.py); the contract's test compares them.
LINK = r"^(https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?)?$"
ACCENT = r"^(#[0-9A-Fa-f]{6})?$"


class StreamLimits(ResourceModel):
    """What the key allows. The limits are written inside the key, so a change makes another key."""

    max_kbps: int = Field(
        default=0, ge=0, description="Bound of the source's rate, kbit/s. 0: the server's own bound alone."
    )
    max_listeners: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Listeners at a time, at all pods together, as each knows the others. 0: no bound "
        "but the pods' own.",
    )
    expires_at: Time | None = Field(default=None, description="When the key expires. Empty: never.")


class StreamSpec(ResourceModel):
    """The wanted state."""

    audio_cast: str = Field(
        min_length=1,
        max_length=63,
        description="Name of the AudioCast that carries it, in the same namespace.",
        json_schema_extra=IMMUTABLE,
    )
    id: str = Field(
        max_length=64,
        pattern=STREAM_ID,
        description="Id of the stream, as in its URLs: 1 to 64 letters, digits, - and _.",
        json_schema_extra=IMMUTABLE,
    )
    title: str = Field(default="", max_length=200, description="What listeners see.")
    visibility: Literal["public", "unlisted"] | None = Field(
        default=None,
        description="public: on the servers' start page and in their lists. unlisted: only who has the link "
        "finds it. Without it, the setting LIST_STREAMS decides.",
    )
    description: str = Field(
        default="", max_length=500, description="What it is, in a line: on the listener's page and its cards."
    )
    link: str = Field(
        default="",
        max_length=300,
        pattern=LINK,
        description="Where to learn more: http or https, in ASCII, without a user name.",
    )
    accent: str = Field(
        default="",
        max_length=7,
        pattern=ACCENT,
        description="Colour of page and cover, as #rrggbb. Empty: the server's.",
    )
    limits: StreamLimits = Field(default_factory=StreamLimits, description="What the key allows.")
    key_generation: int = Field(
        default=1,
        ge=1,
        description="Count up for another key. The old one is refused once an encoder has used the new one.",
    )
    suspended: bool = Field(
        default=False,
        description="Take the stream off the air and refuse its encoders, until this is false again.",
    )


class EndStatus(ResourceModel):
    """An end by the broadcaster. It is one fact, and written whole."""

    at: Time = Field(description="When it was ended.")
    key_generation: int = Field(ge=1, description="Generation of the key that has ended it.")


class StreamStatus(StatusModel):
    """The present state, written at most every 15 seconds."""

    observed_generation: int = Field(
        default=0, description="Generation of the spec that this status is about."
    )
    phase: Literal["Offline", "Live", "Suspended", "Conflict", "Orphaned", "Invalid"] = Field(
        default="Offline",
        description="Conflict: an older Stream has the same id. Orphaned: there is no such AudioCast. "
        "Invalid: an older CRD has let through what this operator cannot read.",
    )
    listeners: int = Field(default=0, description="Listeners at all pods.")
    used_generation: int = Field(
        default=0,
        description="The highest generation of a key that an encoder has used, or that came after an end. "
        "Lower ones are refused, also by pods that start later.",
    )
    ended: EndStatus | None = Field(
        default=None,
        description="The broadcaster has ended the stream, for good: encoders are refused, also by pods that "
        "start later, until it is started anew or keyGeneration is higher.",
        json_schema_extra=ATOMIC,
    )
    since: Time | None = Field(default=None, description="When the stream went on the air.")
    owner: str = Field(default="", description="Pod that the encoder is connected to.")
    ingest_url: str = Field(default="", description="Where the encoder sends to.")
    listen_url: str = Field(default="", description="The listener's page.")
    stream_url: str = Field(default="", description="The bare audio, for players.")
    secret_name: str = Field(default="", description="Name of the Secret with url and key.")
    conditions: list[Condition] = Field(
        default_factory=list,
        description="Ready: the Secret holds the URL and the present key; else the reason says why not.",
        json_schema_extra=BY_TYPE,
    )
