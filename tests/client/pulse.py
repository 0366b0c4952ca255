"""A PulseAudio daemon of the test's own, with microphones that a test can plug in, speak into, and unplug.

A microphone is a null sink and its monitor. Programs reach it through ALSA's pulse plugin, as PortAudio does
on Debian: each is an ALSA device of its own name. Nothing of the machine's sound is touched.
"""

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 20.0
STOP_SECONDS = 10.0
COMMAND_SECONDS = 20.0


class PulseServer:
    """Runs while the `with` block does; ends the players at its end.

    Args:
        folder: Folder of its socket and files; a short path, since that of a socket has at most 107
            characters.
        microphones: Names to plug in from the start; letters, digits, underscores.
    """

    def __init__(self, folder: Path, *microphones: str) -> None:
        self._folder = folder
        self._socket = folder / "pulse"
        self._microphones = microphones
        self._modules: dict[str, str] = {}
        self._players: list[subprocess.Popen[bytes]] = []
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.chmod(0o700)
        script = self._folder / "script.pa"
        script.write_text(f"load-module module-native-protocol-unix socket={self._socket} auth-anonymous=1\n")
        self._write_alsa_devices()
        options = "--daemonize=no --exit-idle-time=-1 --use-pid-file=no --enable-memfd=no --disallow-exit=no"
        with (self._folder / "pulse.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(script), *options.split()],
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)} | self._own_folders(),
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_serving()
            for name in self._microphones:
                self.plug_in(name)
        except BaseException as error:
            # Nobody calls `__exit__` when this fails, and the daemon would go on for ever.
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for player in self._players:
            player.kill()
            player.wait(STOP_SECONDS)
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a program needs, beside its others, to use this daemon."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(self._folder / "asound.conf"),
        }

    def plug_in(self, name: str) -> None:
        """Create a microphone: an input of that name."""
        arguments = ["load-module", "module-null-sink", f"sink_name={name}", "rate=48000", "channels=2"]
        self._modules[name] = self._pactl(*arguments).strip()

    def unplug(self, name: str) -> None:
        """Remove a microphone while it is in use.

        The others are removed before it and plugged in after it: PulseAudio would move a recording program to
        one of them, and the program would notice nothing.
        """
        others = [each for each in self._modules if each != name]
        for each in (*others, name):
            self._pactl("unload-module", self._modules.pop(each))
        for each in others:
            self.plug_in(each)

    def play(self, path: Path, into: str) -> subprocess.Popen[bytes]:
        """Play a sound file into a microphone, as one speaks into it. Returns at once."""
        command = ["paplay", f"--device={into}", str(path)]
        player = subprocess.Popen(command, env={**os.environ, **self.environment})
        self._players.append(player)
        return player

    def _own_folders(self) -> dict[str, str]:
        return {"XDG_RUNTIME_DIR": str(self._folder), "PULSE_RUNTIME_PATH": str(self._folder)}

    def _write_alsa_devices(self) -> None:
        """Describe each microphone to ALSA; one that is not plugged in then cannot be opened."""
        devices = "".join(
            f'pcm.{name} {{ type pulse server "unix:{self._socket}" device "{name}.monitor"'
            f' hint {{ show on description "{name}" }} }}\n'
            for name in self._microphones
        )
        (self._folder / "asound.conf").write_text(f"</usr/share/alsa/alsa.conf>\n{devices}")

    def _pactl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"pactl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def _wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._socket.exists():
            assert self._process is not None
            log = self._folder / "pulse.log"
            assert self._process.poll() is None, f"pulseaudio did not start:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"pulseaudio takes no connections:\n{log.read_text()}"
            time.sleep(0.02)
        self._pactl("info")
