"""A sound card that is not there: what programs play on it goes nowhere, and can be recorded.

A recording is what a listener hears, underruns and all, and not only what a program has decoded.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.client.pulse import COMMAND_SECONDS, PulseServer
from tests.client.sound import SAMPLE_RATE
from tests.programs.program import Program

START_SECONDS = 20.0
# How far behind the sound a recording is.
LATENCY_MS = 20


class SoundCard:
    """Runs while the `with` block does."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._pulse: PulseServer | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # A socket's path may have 107 characters; pytest's folders are longer than that at times.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audiocast-")))
            self._pulse = stack.enter_context(PulseServer(folder, "card"))
            # Some players run as somebody else.
            folder.chmod(0o755)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to play on it: variables beside its others."""
        assert self._pulse is not None
        return self._pulse.environment

    def sounds(self) -> set[int]:
        """Give the numbers of the sounds that are being played."""
        command = ["pactl", "--format=json", "list", "sink-inputs"]
        said = subprocess.run(
            command, env=self.environment, capture_output=True, check=True, timeout=COMMAND_SECONDS
        )
        return {each["index"] for each in json.loads(said.stdout or b"[]")}

    @contextmanager
    def recorded(self, sound: int, path: Path) -> Iterator[None]:
        """Record one of the sounds, as WAV with one channel, while the `with` block runs."""
        command = (
            f"exec parec --monitor-stream={sound} --latency-msec={LATENCY_MS} --file-format=wav"
            f" --format=s16le --rate={SAMPLE_RATE} --channels=1 {path}"
        )
        log = path.with_suffix(".log")
        with Program(command, log=log, folder=path.parent, env=self.environment) as recorder:
            recorder.wait_for(lambda: path.exists() and path.stat().st_size > 1000, "sound", START_SECONDS)
            yield
