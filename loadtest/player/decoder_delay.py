"""How old the sound is when ffmpeg has decoded it: a player with no buffer but its demuxer's own."""

import subprocess
import threading
import time
from types import TracebackType
from typing import Self

SAMPLE_RATE = 48_000


class DecoderDelay:
    """Decodes while the `with` block runs.

    Args:
        stream_url: What to listen to, with `latency=low` and no backlog.
        first_sample_at: When the source's first sample was made (`time.time`).

    Attributes:
        seconds: Of each decoded frame so far, how old its first sample was.
    """

    def __init__(self, stream_url: str, first_sample_at: float) -> None:
        # framecrc writes a line for each frame, with its time in samples.
        command = (
            "ffmpeg -v error -nostdin -copyts -fflags nobuffer -probesize 32 -analyzeduration 0"
            f" -i {stream_url}?latency=low&preroll=0 -flush_packets 1 -f framecrc -"
        )
        self.seconds: list[float] = []
        self._command = command.split()
        self._first_sample_at = first_sample_at
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._thread.join()
        self._process.wait()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if not line.startswith("#"):
                    made_at = self._first_sample_at + int(line.split(",")[2]) / SAMPLE_RATE
                    self.seconds.append(time.time() - made_at)
