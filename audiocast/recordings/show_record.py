"""What is known of a show, as the JSON object that the store has; its index, when it is closed. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

# Of a title that somebody gives to a show.
MAX_TITLE_CHARACTERS = 200


class BadRecord(Exception):
    """What was read is no record of a show."""


class ShowState(StrEnum):
    """How far a show is. Of one that is deleted, nothing is shown."""

    LIVE = "live"
    CLOSING = "closing"
    READY = "ready"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ShowRecord:
    """One show. All positions are seconds of its file.

    Attributes:
        show_id, stream_id: Texts of both.
        title: Of the stream, when the show began; or what the show was called since.
        started_at: Unix seconds.
        is_private: For those alone who may listen to the private stream.
        is_kept: It is never deleted for its age or size.
        state: See `ShowState`.
        seconds, size_bytes, sha256, channels: Of its file, once there is one.
        missing: From where to where audio is lost, and silence is in its place.
        gaps: From where to where silence is because nothing was sent.
        cuts: Where more was lost or silent than was filled, and how many seconds more.
        titles: Position, title and artist of each track.
        sources: Position and id of each source.
    """

    show_id: str
    stream_id: str
    title: str
    started_at: float
    is_private: bool
    is_kept: bool = False
    state: ShowState = ShowState.LIVE
    seconds: float = 0.0
    size_bytes: int = 0
    sha256: str = ""
    channels: int = 0
    missing: Sequence[Sequence[float]] = field(default_factory=tuple)
    gaps: Sequence[Sequence[float]] = field(default_factory=tuple)
    cuts: Sequence[Sequence[float]] = field(default_factory=tuple)
    titles: Sequence[Sequence[Any]] = field(default_factory=tuple)
    sources: Sequence[Sequence[Any]] = field(default_factory=tuple)

    def encode(self) -> bytes:
        """Return what `parse` reads."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what the store has; fields that a newer version adds are ignored.

        Raises:
            BadRecord: It is none.
        """
        try:
            fields: dict[str, Any] = json.loads(data)
            known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
            known["state"] = ShowState(known["state"])
            return cls(**known)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadRecord(f"expected the record of a show, got {data[:100]!r}") from error
