"""The events of all threads, which `control` takes from one queue. Each is defined where it is reported."""

from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from tk_streamer.engine.encoder_thread import SourceOver, SourceReady
from tk_streamer.engine.uplink import UplinkClosed, UplinkOpened
from tk_streamer.server.api_client import ApiEvent


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The user wants to stop."""


Event: TypeAlias = SourceReady | SourceOver | ApiEvent | UplinkOpened | UplinkClosed | StopRequested
# SimpleQueue, because its `put` never blocks and is safe in a signal handler.
Events: TypeAlias = "SimpleQueue[Event]"
