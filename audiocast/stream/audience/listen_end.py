"""Why a listen ended."""

from enum import StrEnum


class ListenEnd(StrEnum):
    """The reasons, as records and metrics have them.

    Attributes:
        LEFT: The listener has closed the connection, or lost it; of HLS: it asks no more.
        STALLED: Its socket took nothing for `LISTENER_STALL_SECONDS`.
        STREAM_ENDED: The stream, or its bitstream, has ended.
        DRAINED: This member leaves the cluster, and lets its listeners go to others.
        SERVER_STOPPED: The process ends.
        SESSION_OVER: The listener's own time is over.
        REVOKED: What let the listener in holds no more.
    """

    LEFT = "left"
    STALLED = "stalled"
    STREAM_ENDED = "stream_ended"
    DRAINED = "drained"
    SERVER_STOPPED = "server_stopped"
    SESSION_OVER = "session_over"
    REVOKED = "revoked"
