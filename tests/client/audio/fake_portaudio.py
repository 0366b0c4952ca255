"""A sounddevice module that a test speaks through: its devices, its errors, its callbacks."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Callback = Callable[[bytes, int, object, object], None]


class PortAudioError(Exception):
    """Text, PaErrorCode, and what the host API said."""


class FakeStream:
    """What `RawInputStream` gives."""

    def __init__(self, library: "FakePortAudio", **settings: Any) -> None:
        self.settings = settings
        self.is_closed = False
        self.callback: Callback = settings["callback"]
        error = library.error_of(settings)
        if error is not None:
            raise error
        library.streams.append(self)

    def start(self) -> None:
        """Start the stream."""

    def abort(self) -> None:
        """End."""

    def close(self) -> None:
        """End for good."""
        self.is_closed = True

    def give(self, pcm: bytes) -> None:
        """Call back as PortAudio does: with a buffer that is its own again afterwards."""
        buffer = bytearray(pcm)
        self.callback(memoryview(buffer), len(pcm), None, None)  # type: ignore[arg-type]
        buffer[:] = bytes(len(buffer))


class FakePortAudio:
    """Stands for the module.

    Attributes:
        plugged_in: Names of the inputs that a new look will find; each is mono or stereo at 44.1 kHz.
        streams: All that were opened.
        error_of: Gives the error of opening a stream with these settings, or None.
    """

    PortAudioError = PortAudioError

    def __init__(self, *names: str) -> None:
        self.plugged_in = list(names)
        self.streams: list[FakeStream] = []
        self.error_of: Callable[[dict[str, Any]], Exception | None] = lambda settings: None
        self.default = SimpleNamespace(device={"input": 0})
        self.is_begun = True
        self._names = list(names)

    def _terminate(self) -> None:
        assert all(stream.is_closed for stream in self.streams), "PortAudio ended under an open stream"
        self.is_begun = False

    def _initialize(self) -> None:
        self._names = list(self.plugged_in)
        self.is_begun = True

    def query_hostapis(self) -> list[dict[str, Any]]:
        """Return the one host API."""
        return [{"name": "Fake", "default_input_device": 0 if self._names else -1}]

    def query_devices(self) -> list[dict[str, Any]]:
        """Return the inputs, then an output."""
        inputs = [
            {"name": name, "hostapi": 0, "max_input_channels": 1, "default_samplerate": 44_100.0}
            for name in self._names
        ]
        return [
            *inputs,
            {"name": "out", "hostapi": 0, "max_input_channels": 0, "default_samplerate": 44_100.0},
        ]

    def RawInputStream(self, **settings: Any) -> FakeStream:  # noqa: N802
        """Open a stream."""
        assert self.is_begun
        return FakeStream(self, **settings)
