"""The fields of a Stream, each with its unit, default and reason. The one source of the CRD's schema."""

from typing import Literal

from pydantic import Field

from audiocast_operator.models.base import IMMUTABLE, ResourceModel, StatusModel, Time

STREAM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


class StreamLimits(ResourceModel):
    """What the key allows. It is written inside the key, so a change makes another key."""

    max_kbps: int = Field(
        default=0, ge=0, description="Bound of the source's rate, kbit/s. 0: the server's own bound alone."
    )
    expires_at: Time | None = Field(default=None, description="When the key ends. None: never.")


class StreamSpec(ResourceModel):
    """What is wanted."""

    audio_cast: str = Field(
        min_length=1,
        max_length=63,
        description="Name of the AudioCast that carries it, in the same namespace.",
        json_schema_extra=IMMUTABLE,
    )
    id: str = Field(
        pattern=STREAM_ID,
        description="Of the stream, as in its links: 1 to 64 letters, digits, - and _.",
        json_schema_extra=IMMUTABLE,
    )
    title: str = Field(default="", max_length=200, description="What listeners see.")
    limits: StreamLimits = Field(default_factory=StreamLimits, description="What the key allows.")
    key_generation: int = Field(
        default=1,
        ge=1,
        description="Count up for another key. The old one is refused once the new one was used.",
    )
    suspended: bool = Field(
        default=False,
        description="Take the stream off the air and let no encoder on, until this is false again.",
    )


class StreamStatus(StatusModel):
    """What there is. Written at most every 15 seconds."""

    observed_generation: int = Field(default=0, description="Of the spec that this was said about.")
    phase: Literal["Offline", "Live", "Suspended", "Conflict", "Orphaned", "Invalid"] = Field(
        default="Offline",
        description="Conflict: an older Stream has the same id. Orphaned: there is no such AudioCast. "
        "Invalid: an older CRD has let through what this operator cannot read.",
    )
    listeners: int = Field(default=0, description="Listeners at all pods.")
    since: Time | None = Field(default=None, description="When it went on the air.")
    owner: str = Field(default="", description="Pod that has the source.")
    ingest_url: str = Field(default="", description="Where the encoder sends to.")
    listen_url: str = Field(default="", description="The listener's page.")
    stream_url: str = Field(default="", description="The bare audio, for players.")
    secret_name: str = Field(default="", description="Secret with url and key.")
