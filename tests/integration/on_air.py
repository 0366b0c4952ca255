"""What most tests of bad input have beside it: a stream that goes on."""

from dataclasses import dataclass

from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started


@dataclass(frozen=True)
class OnAir:
    """A stream that must not be disturbed, and a listener that would notice."""

    server: AudiocastServer
    started: Started
    listener: Listener
