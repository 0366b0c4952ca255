"""What listeners are told about a stream, in one word."""

from enum import StrEnum


class State(StrEnum):
    """See the picture in `audiocast.stream.hub`."""

    WAITING = "waiting"
    LIVE = "live"
    HELD = "held"
    ENDED = "ended"
