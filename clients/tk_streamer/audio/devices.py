"""The sound inputs of this computer, and the PortAudio library that lists them.

This module owns the life of the library. PortAudio reads the list of devices once, when it is initialized: a
microphone that is plugged in later appears only after it is terminated and initialized again. That would kill
an open stream, so the open streams are counted. Nothing here runs on the audio callback; every function may
block for some 100 ms.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from tk_streamer.audio.pulse_sources import ALIASES, list_sources
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
        index: PortAudio's number. It may change when devices come or go; `name` does not.
        name: The system's name for the device.
        host_api: Name of the sound system: ALSA, Core Audio, Windows WASAPI, and so on.
        is_default: The device is the system's default input.
        max_channels: 1 or more.
        sample_rate_hz: The device's own sample rate; others may work too.
        pulse_source: Which source of PulseAudio or PipeWire it is; "": it is none of them.
    """

    index: int
    name: str
    host_api: str
    is_default: bool
    max_channels: int
    sample_rate_hz: float
    pulse_source: str = ""


def list_inputs() -> list[InputDevice]:
    """Return the inputs, the default first. Blocks.

    While a stream is open, the list is as old as that stream. Where PulseAudio or PipeWire serves sound, its
    sources stand in the place of ALSA's aliases for all of them.

    Raises:
        SoundError: `no_portaudio`, or `device_failed` when the sound system does not answer.
    """
    inputs = _portaudio_inputs()
    alias = next((each for name in ALIASES for each in inputs if each.name == name), None)
    if alias is None or not (sources := list_sources()):
        return inputs
    named = [
        replace(
            alias,
            name=source.description,
            host_api="PulseAudio",
            is_default=source.is_default,
            pulse_source=source.name,
        )
        for source in sources
    ]
    others = [replace(each, is_default=False) for each in inputs if each.name not in ALIASES]
    return named + others


def _portaudio_inputs() -> list[InputDevice]:
    """Return the inputs as PortAudio lists them, the default first. Blocks.

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
    """Return one input. Blocks.

    Args:
        wanted: The name of the input or a part that no other name has (case does not matter), its index, or
            None for the default.

    Raises:
        SoundError: `no_device` when there is no input at all, `device_not_found`, or as `list_inputs`.
    """
    inputs = list_inputs()
    if not inputs:
        raise SoundError("no_device", "expected a sound input, the system has none")
    if wanted is None:
        return inputs[0]
    if isinstance(wanted, int):
        found = [device for device in _portaudio_inputs() if device.index == wanted]
    else:
        name = wanted.casefold()
        found = [device for device in inputs if device.name.casefold() == name]
        found = found or [device for device in inputs if name in device.name.casefold()]
        # An alias that the list does not show, as who chose it before has it in their preferences.
        found = found or [device for device in _portaudio_inputs() if device.name.casefold() == name]
    # A device may appear under several host APIs; the first of them is as good as any.
    if len({device.name for device in found}) != 1:
        number = "no" if not found else f"{len(found)}"
        raise SoundError("device_not_found", f"expected one input that is {wanted!r}, there are {number}")
    return found[0]


def load_sounddevice() -> ModuleType:
    """Return the sounddevice module; the first call initializes PortAudio. Blocks.

    Raises:
        SoundError: `no_portaudio`.
    """
    with _lock, _quiet_stderr():
        try:
            import sounddevice
        # OSError: the Python package is installed, the library is not.
        except (ImportError, OSError) as error:
            raise SoundError("no_portaudio", str(error)) from error
        except Exception as error:
            # sounddevice's own PortAudioError: the library is installed and cannot be initialized.
            raise SoundError("device_failed", str(error)) from error
    return sounddevice  # type: ignore[no-any-return]


@contextlib.contextmanager
def stream_opening() -> Iterator[ModuleType]:
    """Count a stream that the `with` block opens: PortAudio is not initialized again until `stream_closed`.

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
    """Uncount a stream of `stream_opening`, which is closed."""
    global _open_streams
    with _lock:
        _open_streams -= 1


def sound_error(error: Exception, device: str) -> SoundError:
    """Return an error of PortAudio as one of ours.

    Args:
        error: A `sounddevice.PortAudioError`.
        device: Name of the device, for the message.
    """
    number = error.args[1] if len(error.args) > 1 else 0
    text = str(error.args[0]) if error.args else type(error).__name__
    if len(error.args) > 2:
        # The sound system's own error (paUnanticipatedHostError): host API, number, text.
        text += f", {error.args[2][-1]}"
    code = _CODES.get(number, "device_failed")
    if "busy" in text.lower():
        code = "device_busy"
    return SoundError(code, f"{device}: {text}")


def _reload_devices(sounddevice: ModuleType) -> None:
    """Make PortAudio list the devices again; sounddevice has no public function for it."""
    with _quiet_stderr():
        sounddevice._terminate()
        sounddevice._initialize()


def _default_index(sounddevice: ModuleType, apis: Any) -> int:
    """Return the index of the system's default input, else the first default of a host API, else -1."""
    index = int(sounddevice.default.device["input"])
    if index >= 0:
        return index
    return next((int(api["default_input_device"]) for api in apis if api["default_input_device"] >= 0), -1)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep ALSA's lines about missing devices away from the terminal, because they explain nothing."""
    if not sys.platform.startswith("linux"):
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:
        # A program without a standard error.
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
