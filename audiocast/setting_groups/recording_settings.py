"""The settings of recordings: see `settings`, which they are a part of."""

import re
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

_FOLDER = re.compile(r"(?:file:/)?/[^?#]+")
_BUCKET = re.compile(r"(?:s3|s3a|gs|az|azure|adl|abfs|abfss)://[^/@?#\s]+(?:/[^@?#\s]*)?")


class RecordingSettings(BaseModel):
    """What is recorded, where it is kept and for how long."""

    recordings_url: str = Field(
        default="",
        max_length=1024,
        description="Where recordings are kept: an absolute path of a folder, or s3://bucket/prefix, gs://, "
        "az:// with credentials in the environment (docs/station/recordings.md). Empty: nothing is recorded.",
    )
    record: Literal["opt-in", "all", "none"] = Field(
        default="opt-in",
        description="Streams that are recorded. opt-in: those whose broadcasters ask for it; all: those that "
        "do not ask not to be; none: none.",
    )
    recording_chunk_seconds: float = Field(
        default=5.0,
        ge=1,
        le=30,
        description="How much of a recording is written at a time, seconds: what is lost at most when a "
        "server is killed.",
    )
    show_gap_seconds: float = Field(
        default=300.0,
        ge=30,
        le=86400,
        description="After so long without a source a show is over, and what comes is another one. Seconds.",
    )
    recording_memory_bytes: int = Field(
        default=67_108_864,
        ge=4_194_304,
        description="Bound of what waits in memory to be written, bytes; a quarter of it of one stream.",
    )
    recording_spool: str = Field(
        default="",
        max_length=4096,
        description="Folder of a local disk for what does not fit into memory while the store is away. "
        "Empty: none, and the oldest is lost.",
    )
    recording_spool_bytes: int = Field(
        default=1_073_741_824, ge=0, description="Bound of that folder, bytes."
    )
    recordings_keep_days: float = Field(
        default=0, ge=0, le=36500, description="How long a show is kept, days. 0: for ever."
    )
    recordings_keep_bytes: int = Field(
        default=0,
        ge=0,
        description="How much is kept of each stream, bytes: the oldest shows are deleted. 0: all.",
    )

    @field_validator("recordings_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if value and not (_FOLDER.fullmatch(value) or _BUCKET.fullmatch(value)):
            raise ValueError(
                "expected an absolute path, or s3://bucket/prefix, gs:// or az:// without credentials, as "
                "/var/lib/audiocast/recordings"
            )
        return value

    @field_validator("recording_spool")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("expected an absolute path, as /var/spool/audiocast")
        return value

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.record == "all" and not self.recordings_url:
            raise ValueError("RECORD=all needs RECORDINGS_URL: where recordings are to be kept")
        return self
