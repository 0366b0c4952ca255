"""A real ffmpeg that posts a tone in real time, as a broadcaster would."""

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_SECONDS = 10.0


class EncoderProcess:
    """Runs while the `with` block does.

    Args:
        url: Where to post, key included.
        tone_hz: What to post.
        log: File for what ffmpeg has to say.
        channels: 1 or 2.
        page_ms: How much it puts on a page.
    """

    def __init__(self, url: str, *, tone_hz: int, log: Path, channels: int = 2, page_ms: int = 20) -> None:
        command = (
            "ffmpeg -hide_banner -loglevel warning -nostdin -re -f lavfi"
            f" -i sine=frequency={tone_hz}:sample_rate=48000"
            f" -ac {channels} -c:a libopus -b:a 96k -vbr off -application lowdelay"
            f" -frame_duration 20 -page_duration {1000 * page_ms} -f ogg -content_type audio/ogg -method POST"
        )
        self._command = [*command.split(), url]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log, stdout=log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End it without a goodbye, as a crash or a pulled cable would."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
