"""A desktop of the test's own: an X server without a screen, a window manager, a mouse and a keyboard."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

WIDTH, HEIGHT = 1280, 900
COMMAND_SECONDS = 20.0
STOP_SECONDS = 10.0


class Desktop:
    """Runs while the `with` block does.

    Args:
        folder: For its log.
        width: Of the screen.
        height: Of the screen.
    """

    def __init__(self, folder: Path, *, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._log = folder / "desktop.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.display = ""

    def __enter__(self) -> Self:
        receiving, sending = os.pipe()
        screen = f"-screen 0 {self.width}x{self.height}x24 -dpi 96 -nolisten tcp -noreset".split()
        with self._log.open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    ["Xvfb", "-displayfd", str(sending), *screen], pass_fds=[sending], stdout=log, stderr=log
                )
            )
            os.close(sending)
            # The server writes the number of a free display when it is ready; a failure closes the pipe.
            with os.fdopen(receiving) as pipe:
                number = pipe.readline().strip()
            assert number, f"Xvfb did not start:\n{self._log.read_text()}"
            self.display = f":{number}"
            self._processes.append(
                subprocess.Popen(["openbox"], env={**os.environ, **self.environment}, stdout=log, stderr=log)
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to be on this desktop."""
        return {"DISPLAY": self.display}

    def click(self, x: int, y: int) -> None:
        """Press and let go the left button."""
        self._xdotool("mousemove", x, y, "click", 1)

    def key(self, *names: str) -> None:
        """Press keys one after the other, by X's names: "Return", "ctrl+a"."""
        self._xdotool("key", "--delay", 30, *names)

    def type(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", "--delay", 15, text)

    def layout(self, name: str) -> None:
        """Change the keyboard's layout, as "us" or "ru"."""
        environment = {**os.environ, **self.environment}
        subprocess.run(["setxkbmap", name], env=environment, check=True, timeout=COMMAND_SECONDS)

    def set_resolution(self, dots_per_inch: int) -> None:
        """Set the resolution, as desktops set it for programs that start later."""
        resource = f"Xft.dpi:\t{dots_per_inch}\n"
        command = ["xprop", "-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", resource]
        environment = {**os.environ, **self.environment}
        subprocess.run(command, env=environment, check=True, timeout=COMMAND_SECONDS)

    def screenshot(self, path: Path, x: int, y: int, width: int, height: int) -> Path:
        """Write a part of the screen as PNG."""
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "x11grab", "-draw_mouse", "0"]
        command += ["-video_size", f"{width}x{height}", "-i", f"{self.display}+{x},{y}"]
        command += ["-frames:v", "1", "-pix_fmt", "rgb24", str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=COMMAND_SECONDS)
        return path

    def _xdotool(self, *arguments: str | int) -> None:
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"xdotool {arguments}: {done.stderr}"
