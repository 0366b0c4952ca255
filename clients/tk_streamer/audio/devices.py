"""The sound inputs of this computer, and PortAudio itself, which knows them.

It owns PortAudio's life: the library reads the list of devices once, when it begins, so a microphone that was
plugged in later is seen only after it has ended and begun anew, and that would kill a stream that is open.
`streams` counts these. Nothing here runs on the audio callback; every function may block for some 100 ms.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tk_streamer.errors import SoundError

# PaErrorCode of portaudio.h, as sounddevice.PortAudioError carries them.
INVALID_SAMPLE_RATE = -9997
_CODES = {
    -9985: "device_busy",  # paDeviceUnavailable
    -9996: "device_not_found",  # paInvalidDevice
}

_lock = threading.RLock()
_open_streams = 0


@dataclass(frozen=True, slots=True)
class InputDevice:
    """One sound input.

    Attributes:
        index: PortAudio's number; another one after devices came or went. `name` is what stays.
        name: As the system calls it.
        host_api: Name of the sound system: ALSA, Core Audio, Windows WASAPI, and so on.
        is_default: The system's choice.
        max_channels: 1 or more.
        sample_rate_hz: The device's own; others may work too.
    """

    index: int
    name: str
    host_api: str
    is_default: bool
    max_channels: int
    sample_rate_hz: float


def list_inputs() -> list[InputDevice]:
    """Give the inputs that are there now, the default first; while one is open, those of its opening. Blocks.

    Raises:
        SoundError: `no_portaudio`, or `device_failed` when the sound system does not answer.
    """
    with _lock:
        sounddevice = load_sounddevice()
        try:
            if not _open_streams:
                _reload_devices(sounddevice)
            apis = sounddevice.query_hostapis()
            default_index = _default_index(sounddevice, apis)
            inputs = [
                InputDevice(
                    index=index,
                    name=str(device["name"]),
                    host_api=str(apis[device["hostapi"]]["name"]),
                    is_default=index == default_index,
                    max_channels=int(device["max_input_channels"]),
                    sample_rate_hz=float(device["default_samplerate"]),
                )
                for index, device in enumerate(sounddevice.query_devices())
                if device["max_input_channels"] > 0
            ]
        except sounddevice.PortAudioError as error:
            raise sound_error(error, "the list of devices") from error
    return sorted(inputs, key=lambda device: not device.is_default)


def find_input(wanted: str | int | None) -> InputDevice:
    """Give one input. Blocks.

    Args:
        wanted: Its name or a part of it that only one has (case does not matter), its index, or None for the
            default.

    Raises:
        SoundError: `no_device` when there is none at all, `device_not_found`, or as `list_inputs`.
    """
    inputs = list_inputs()
    if not inputs:
        raise SoundError("no_device", "expected a sound input, the system has none")
    if wanted is None:
        return inputs[0]
    if isinstance(wanted, int):
        found = [device for device in inputs if device.index == wanted]
    else:
        name = wanted.casefold()
        found = [device for device in inputs if device.name.casefold() == name]
        found = found or [device for device in inputs if name in device.name.casefold()]
    # One device under several host APIs is still one: the first is as good as any.
    if len({device.name for device in found}) != 1:
        number = "no" if not found else f"{len(found)}"
        raise SoundError("device_not_found", f"expected one input that is {wanted!r}, there are {number}")
    return found[0]


def load_sounddevice() -> ModuleType:
    """Give the sounddevice module; the first call begins PortAudio. Blocks.

    Raises:
        SoundError: `no_portaudio`.
    """
    with _lock, _quiet_stderr():
        try:
            import sounddevice
        # OSError: the Python package is there, the library is not.
        except (ImportError, OSError) as error:
            raise SoundError("no_portaudio", str(error)) from error
        except Exception as error:
            # sounddevice's own PortAudioError: the library is there and does not begin.
            raise SoundError("device_failed", str(error)) from error
    return sounddevice  # type: ignore[no-any-return]


@contextlib.contextmanager
def stream_opening() -> Iterator[ModuleType]:
    """Open a stream inside the `with` block: PortAudio stays as it is from then on, until `stream_closed`.

    Raises:
        SoundError: See `load_sounddevice`.
    """
    global _open_streams
    with _lock, _quiet_stderr():
        sounddevice = load_sounddevice()
        _open_streams += 1
        try:
            yield sounddevice
        except BaseException:
            _open_streams -= 1
            raise


def stream_closed() -> None:
    """Say that a stream of `stream_opening` is closed."""
    global _open_streams
    with _lock:
        _open_streams -= 1


def sound_error(error: Exception, device: str) -> SoundError:
    """Explain an error of PortAudio.

    Args:
        error: A `sounddevice.PortAudioError`.
        device: What it is about.
    """
    number = error.args[1] if len(error.args) > 1 else 0
    text = str(error.args[0]) if error.args else type(error).__name__
    if len(error.args) > 2:
        # What the sound system itself said (paUnanticipatedHostError): host API, number, text.
        text += f", {error.args[2][-1]}"
    code = _CODES.get(number, "device_failed")
    if "busy" in text.lower():
        code = "device_busy"
    return SoundError(code, f"{device}: {text}")


def _reload_devices(sounddevice: ModuleType) -> None:
    """Let PortAudio look at the devices again; sounddevice has no public name for it."""
    with _quiet_stderr():
        sounddevice._terminate()
        sounddevice._initialize()


def _default_index(sounddevice: ModuleType, apis: Any) -> int:
    """Give the default input's index: the system's, or else the first that a host API has; -1 without any."""
    index = int(sounddevice.default.device["input"])
    if index >= 0:
        return index
    return next((int(api["default_input_device"]) for api in apis if api["default_input_device"] >= 0), -1)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep ALSA's own lines about devices that are not there away from the terminal: they explain nothing."""
    if not sys.platform.startswith("linux"):
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # a program without a standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
