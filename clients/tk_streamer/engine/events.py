"""What the threads tell `control`: one small value each, through one queue. Nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from tk_streamer.server.streams import StreamState, Ticket
from tk_streamer.trouble import Trouble

if TYPE_CHECKING:
    from tk_streamer.engine.uplink import Uplink


@dataclass(frozen=True, slots=True)
class SourceReady:
    """The sound source is open, and so is the encoder."""


@dataclass(frozen=True, slots=True)
class SourceOver:
    """No more sound will come; `trouble` says why, None is the proper end."""

    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class StreamGranted:
    """The server has given a stream."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class StreamRefused:
    """The server has given none."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class UplinkOpened:
    """A connection stands, and the head of its request is out."""

    uplink: Uplink


@dataclass(frozen=True, slots=True)
class UplinkClosed:
    """A connection is no more; without a trouble it has ended as it should."""

    uplink: Uplink
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class StateTold:
    """The server's answer to the question asked at `asked_at` (seconds of the session's clock)."""

    state: StreamState
    asked_at: float


@dataclass(frozen=True, slots=True)
class StreamLeft:
    """The stream is ended on the server, or cannot be."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The person wants to stop."""


Event: TypeAlias = (
    SourceReady
    | SourceOver
    | StreamGranted
    | StreamRefused
    | UplinkOpened
    | UplinkClosed
    | StateTold
    | StreamLeft
    | StopAsked
)
# SimpleQueue, because its `put` never blocks and is safe in a signal handler.
Events: TypeAlias = "SimpleQueue[Event]"
