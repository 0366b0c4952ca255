"""What is told of streams. Ids are made of what every member knows: two who tell the same say one id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class EventType(StrEnum):
    """The names of events, as receivers see them."""

    STREAM_LIVE = "stream.live"
    STREAM_HELD = "stream.held"
    STREAM_ENDED = "stream.ended"
    TRACK_CHANGED = "track.changed"
    SOURCE_REFUSED = "source.refused"
    LISTENERS_MILESTONE = "listeners.milestone"
    RECORDING_READY = "recording.ready"


_STEPS = (10, 25, 50)

# The peaks of a broadcast that are told, each once.
MILESTONES = tuple(step * 10**power for power in range(6) for step in _STEPS)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened to a stream.

    Attributes:
        type: What.
        stream_id: Of which stream.
        event_id: The same whenever and by whomever it is told.
        at: When, unix seconds.
        sequence: Of two events of a stream the later one has the greater number.
        data: The fields of this type, beside those that all have.
    """

    type: EventType
    stream_id: str
    event_id: str
    at: float
    sequence: int
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The payload as JSON."""
        data = {"stream_id": self.stream_id, "sequence": self.sequence, **self.data}
        payload = {"type": self.type, "timestamp": iso_time(self.at), "data": data}
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def iso_time(at: float) -> str:
    """Return unix seconds as ISO 8601, in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_id(stream_id: str, *facts: object) -> str:
    """Return the id of an event.

    Args:
        stream_id: The stream.
        facts: What tells the event from all others of the stream.
    """
    return f"evt_{_digest(stream_id, *facts)}"


def broadcast_id(stream_id: str, began: str) -> str:
    """Return the id of a broadcast.

    Args:
        stream_id: The stream.
        began: Identity of its first source.
    """
    return f"brd_{_digest(stream_id, 'broadcast', began)}"


def _digest(*facts: object) -> str:
    return sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32]
