"""A crowd of listeners: the program (`listener_crowd.c`) and what it has counted.

It owns the program's arguments and its lines of JSON; what they mean is in the head of `listener_crowd.c`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from audiocast.ogg.opus import SAMPLE_RATE
from loadtest.bench.processes import LOAD_CORE
from loadtest.bench.programs import NoAnswer, Program, compiled

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Target:
    """One stream: when its source began (`time.monotonic_ns`), and the path to listen at."""

    start_ns: int
    path: str


@dataclass(frozen=True, slots=True)
class Joined:
    """How a crowd came in.

    Attributes:
        joined: Listeners that have audio.
        refused: Those that got none: no connection, no status 200, or nothing in time.
        seconds: From the first request to the last first audio page, or to the end of patience.
        wait_p50_ms: Half of them waited less for their first page, from their own request on.
        wait_p99_ms: 99 of 100 did.
    """

    joined: int
    refused: int
    seconds: float
    wait_p50_ms: float
    wait_p99_ms: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What listeners got in a time.

    Attributes:
        seconds: How long that was.
        listeners: Open at its end.
        heard: How many have ever had audio.
        pages: Audio pages, all listeners together.
        bytes: Received, all together.
        gaps: Places where page numbers jumped.
        missing_pages: How many pages these jumps left out.
        disconnects: Listeners that had audio and lost their connection.
        delay_p50_ms: From the source's page to the listener's; 0.1 ms wide.
        delay_p99_ms: Likewise.
        delay_max_ms: Likewise.
    """

    seconds: float
    listeners: int
    heard: int
    pages: int
    bytes: int
    gaps: int
    missing_pages: int
    disconnects: int
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float


class ListenerCrowd:
    """Listeners that join when the `with` block begins and leave when it ends.

    Args:
        folder: For the program and its list of targets.
        port: Of the server.
        targets: Streams; the listeners are dealt out to them in turn.
        listeners: How many.
        pause_ms: Between one that comes and the next; 0: all at once.
        page_ms: How much audio the source puts on a page.
        tls: They speak TLS.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        targets: Sequence[Target],
        *,
        listeners: int,
        pause_ms: int,
        page_ms: int,
        tls: bool = False,
    ) -> None:
        self._listeners = listeners
        file = folder / f"targets-{id(self)}"
        file.write_text("".join(f"{target.start_ns} {target.path}\n" for target in targets))
        arguments = ("https" if tls else "http", port, listeners, pause_ms, page_ms * SAMPLE_RATE // 1000)
        command: list[str | Path] = [compiled("listener_crowd", folder), *map(str, arguments), file]
        self._program = Program(command, LOAD_CORE)

    def __enter__(self) -> Self:
        self._program.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.__exit__(kind, error, trace)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._program.pid

    def wait_until_joined(self, seconds: float) -> Joined:
        """Wait until each has audio or was refused, at most for so long; once."""
        since = monotonic()
        try:
            return Joined(**self._program.line(seconds))
        except NoAnswer:
            heard = self.count().heard
            return Joined(heard, self._listeners - heard, monotonic() - since, math.nan, math.nan)

    def count(self) -> Counted:
        """Give what was counted since the last call, or since the begin.

        Raises:
            ProgramFailed: The program is gone.
        """
        self._program.write_line()
        return Counted(**self._program.line(ANSWER_SECONDS))
