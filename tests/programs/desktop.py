"""A desktop of the test's own for programs with a window: a screen that nobody sees, and a sound card.

The sound card is a PulseAudio daemon with one microphone, which is ALSA's default device for input; what
programs play goes nowhere. A window is reached by its title, and by the keyboard alone.
"""

import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.client.pulse import PulseServer
from tests.programs.program import Program

MICROPHONE = "microphone"
SPEAKER = "speaker"
SCREEN = "1280x1024x24"
START_SECONDS = 30.0
WINDOW_SECONDS = 60.0


class Desktop:
    """Runs while the `with` block does.

    Args:
        tone_hz: What the microphone hears.

    Attributes:
        home: Folder for the programs' files; their home directory.
    """

    def __init__(self, *, tone_hz: int) -> None:
        self._tone_hz = tone_hz
        self._display = ""
        self._stack = ExitStack()
        self._pulse: PulseServer | None = None
        self.home = Path()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # A socket's path may have 107 characters; pytest's folders are longer than that at times.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audiocast-")))
            self.home = folder / "home"
            self.home.mkdir()
            self._start_screen(stack, folder)
            self._start_sound(stack, folder)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to be on this desktop: variables beside its others."""
        assert self._pulse is not None
        return {
            **self._pulse.environment,
            "ALSA_CONFIG_PATH": str(self.home / "asound.conf"),
            "PULSE_SOURCE": MICROPHONE,
            "PULSE_SINK": SPEAKER,
            "DISPLAY": self._display,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
        }

    def press(self, keys: str, *, title: str) -> None:
        """Wait for a window and press keys in it.

        Args:
            keys: As xdotool names them: `ctrl+l`.
            title: Part of the window's title, as a regular expression.
        """
        deadline = time.monotonic() + WINDOW_SECONDS
        while not (windows := self._xdotool("search", "--onlyvisible", "--name", title).split()):
            assert time.monotonic() < deadline, f"no window {title!r} in {WINDOW_SECONDS} s"
            time.sleep(0.1)
        # Without a window manager nobody else gives it the keyboard.
        self._xdotool("windowfocus", "--sync", windows[0], "key", "--clearmodifiers", keys)

    def _start_screen(self, stack: ExitStack, folder: Path) -> None:
        number = folder / "display"
        command = f"exec Xvfb -displayfd 3 -screen 0 {SCREEN} -nolisten tcp 3>{number}"
        screen = stack.enter_context(Program(command, log=folder / "xvfb.log", folder=folder))
        screen.wait_for(
            lambda: number.exists() and number.read_text().endswith("\n"), "the screen", START_SECONDS
        )
        self._display = f":{number.read_text().strip()}"

    def _start_sound(self, stack: ExitStack, folder: Path) -> None:
        (folder / "pulse").mkdir()
        self._pulse = stack.enter_context(PulseServer(folder / "pulse", SPEAKER))
        # Made inside the daemon: a player beside it would leave holes where the machine is busy.
        tone = ["module-sine-source", f"source_name={MICROPHONE}", f"frequency={self._tone_hz}", "rate=48000"]
        self._run("pactl", "load-module", *tone)
        (self.home / "asound.conf").write_text("</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\n")

    def _xdotool(self, *arguments: str) -> str:
        return self._run("xdotool", *arguments)

    def _run(self, *command: str) -> str:
        env = {**os.environ, **self.environment}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=WINDOW_SECONDS).stdout
