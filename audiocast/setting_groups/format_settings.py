"""The settings of other formats than Ogg Opus: see `settings`, which they are a part of."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from audiocast.formats.source_formats import SourceFormat


class FormatSettings(BaseModel):
    """Who makes other formats, and what else sources may send."""

    format_workers: int = Field(
        default=16,
        ge=0,
        le=256,
        description="Processes at most that decode and encode other formats than Ogg Opus, with the extra "
        "audiocast[formats]; never more than there are cores. They are started with the need. 0: none.",
    )

    ingest_formats: Annotated[tuple[SourceFormat, ...], NoDecode] = Field(
        default=tuple(SourceFormat),
        description="Formats of sources (comma-separated) that are taken beside Ogg Opus, and made Opus of, "
        "with the extra audiocast[formats] (docs/station/formats.md). none: none.",
    )
    ingest_kbps: int = Field(
        default=128,
        ge=16,
        le=510,
        description="Rate of the Opus that is made of them, kbit/s, on average.",
    )
    max_converted_sources: int = Field(
        default=50,
        ge=1,
        description="Sources in other formats than Ogg Opus at a time; each costs a few percent of a core.",
    )

    @field_validator("ingest_formats", mode="before")
    @classmethod
    def _split_formats(cls, value: Any) -> Any:
        if isinstance(value, str):
            names = tuple(part.strip().lower() for part in value.split(",") if part.strip())
            return () if names == ("none",) else names
        return value
