"""Lines of logs, plain or gzip, read once and one at a time; the oldest file first."""

import contextlib
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from audiocast.report.access_lines import parse_access_line
from audiocast.report.records import BadLine, LoggedListen, Record, parse_record

# Our longest line has 2,000 characters or so. What is longer is passed over, and never in memory as a whole.
MAX_LINE_BYTES = 65_536

_GZIP = b"\x1f\x8b"

# How far into a file its first time is looked for.
_LINES_LOOKED_AT = 1_000


@dataclass
class LinesRead:
    """How much of the logs could be read.

    Attributes:
        lines: All that were there.
        bad: Those that are no records, and were passed over.
        first_bad: The file, the line's number and what is wrong with the first of these.
        damaged: Files that end in the middle, or cannot be decompressed further; what was before counts.
    """

    lines: int = 0
    bad: int = 0
    first_bad: str = ""
    damaged: list[str] = field(default_factory=list)


def read_logs(paths: Sequence[Path], read: LinesRead) -> Iterator[Record]:
    """Yield the records of all files; each member's own in the order of their writing.

    Raises:
        OSError: A file cannot be opened or read.
    """
    for path in sorted(dict.fromkeys(paths), key=_first_time):
        yield from _records(path, read)


def _first_time(path: Path) -> tuple[int, str]:
    """Return the time of a file's first record, by which the files of a member have an order."""
    for place, record in enumerate(_records(path, LinesRead())):
        if place == _LINES_LOOKED_AT:
            break
        if isinstance(record, LoggedListen):
            return record.end, path.name
        return record.at, path.name
    return 0, path.name


def _records(path: Path, read: LinesRead) -> Iterator[Record]:
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(_lines(file), 1):
                read.lines += 1
                try:
                    record = _parse(line)
                except BadLine as error:
                    read.bad += 1
                    read.first_bad = read.first_bad or f"{path.name}:{number}: {error}"
                    continue
                if record is not None:
                    yield record
    except (EOFError, gzip.BadGzipFile, zlib.error):
        read.damaged.append(f"{path.name}, after line {number}")


@contextlib.contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        is_gzip = file.peek(2)[:2] == _GZIP
        # By its content: a log that was rotated may have any name.
        if is_gzip:
            with gzip.open(file) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield file


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield each line that has something in it; None for one that is too long."""
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None
        elif line.strip():
            yield line


def _parse(line: bytes | None) -> Record | None:
    if line is None:
        raise BadLine(f"longer than {MAX_LINE_BYTES} bytes")
    text = line.decode("utf-8", "replace").strip()
    return parse_record(text) if text.startswith("{") else parse_access_line(text)
