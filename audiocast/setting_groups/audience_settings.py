"""The settings of the audience log: see `settings`, which they are a part of."""

from typing import Literal

from pydantic import BaseModel, Field


class AudienceSettings(BaseModel):
    """What is written of those who listen, and where."""

    audience_log: str = Field(
        default="",
        max_length=4096,
        description="File of the audience log, a line for each ended listen: the day is put before its "
        "suffix, and a new one begins at midnight UTC. -: standard output. Empty: none.",
    )
    audience_format: Literal["json", "icecast"] = Field(
        default="json", description="json: objects, one a line. icecast: Icecast 2.4's access log."
    )
    audience_address: Literal["none", "prefix", "full"] = Field(
        default="none",
        description="What the audience log has of a listener's address. none: a hash, salted anew each day; "
        "prefix: its network, /24 or /48; full: the address.",
    )
    audience_flush_seconds: float = Field(
        default=60.0,
        ge=1,
        le=3600,
        description="How often the audience log says how long open listens are, seconds: what is lost of "
        "them at most when the server is killed.",
    )
