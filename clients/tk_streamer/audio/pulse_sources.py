"""The sources of PulseAudio or PipeWire by the names that people know.

PortAudio reaches them through ALSA, where all of them together are one device, "pulse". Which of them it is,
libpulse reads from the environment when the device is opened.
"""

import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

# What ALSA calls the whole of them; each opens the default source.
ALIASES = ("pulse", "pipewire", "default")

COMMAND_SECONDS = 2.0
# A line of `pactl` is short; a server with more sources than this is none that a person uses.
MAX_SOURCES = 200

_VARIABLE = "PULSE_SOURCE"


@dataclass(frozen=True, slots=True)
class PulseSource:
    """One source.

    Attributes:
        name: The sound server's name for it.
        description: The name for people; no other source has it.
        is_default: It is the default.
        is_monitor: It is what a loudspeaker plays: the sound of this computer.
    """

    name: str
    description: str
    is_default: bool = False
    is_monitor: bool = False


def list_sources() -> list[PulseSource]:
    """Return the sources: the default first, monitors last. Blocks.

    There are none without the program `pactl` or without a sound server.
    """
    default = _value(_pactl("info"), "Default Source")
    found = []
    for block in _pactl("list", "sources").split("Source #")[1 : MAX_SOURCES + 1]:
        name = _value(block, "Name")
        if name:
            found.append(
                PulseSource(
                    name,
                    _value(block, "Description") or name,
                    is_default=name == default,
                    is_monitor=_value(block, "Monitor of Sink") not in ("", "n/a"),
                )
            )
    counts = Counter(source.description for source in found)
    unique = [
        source
        if counts[source.description] == 1
        else replace(source, description=f"{source.description} ({source.name})")
        for source in found
    ]
    ordered = sorted(unique, key=lambda source: (not source.is_default, source.is_monitor))
    return [replace(source, is_default=number == 0) for number, source in enumerate(ordered)]


@contextlib.contextmanager
def chosen(name: str) -> Iterator[None]:
    """Let what the block opens be this source; "": the default, or what the user has set."""
    if not name:
        yield
        return
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _pactl(*arguments: str) -> str:
    # Labels are translated in other languages, descriptions are not.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["pactl", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _value(text: str, label: str) -> str:
    """Return what stands behind a label of pactl's; "" if it does not."""
    start = f"{label}: "
    lines = (" ".join(line.split()) for line in text.splitlines())
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")
