"""The settings of sources that stand by: see `settings`, which they are a part of."""

from pydantic import BaseModel, Field


class FallbackSettings(BaseModel):
    """Sources that stand by."""

    fallback_folder: str = Field(
        default="",
        max_length=4096,
        description="Folder with .opus files. Streams whose key names one play it while they have no source. "
        "Empty: none does.",
    )
    fallback_return_seconds: float = Field(
        default=5.0,
        ge=0,
        le=3600,
        description="How long a better source that is back is good before it is heard again, seconds.",
    )
