"""Numbers in ascending order, more than memory holds: sorted runs in a file, merged when they are read."""

import heapq
import tempfile
from array import array
from collections.abc import Iterator
from typing import BinaryIO

# 8 MB of numbers; as Python's objects, while they are sorted, four times as much.
RUN_NUMBERS = 1_000_000

# Of each run in memory while all are merged.
_BLOCK_NUMBERS = 8_192


class EventSpool:
    """Takes unsigned numbers of 64 bits in any order, and gives them back sorted, once.

    Args:
        run_numbers: How many are held in memory before they go to the file.
    """

    def __init__(self, run_numbers: int = RUN_NUMBERS) -> None:
        self._run_numbers = run_numbers
        self._run = array("Q")
        self._file: BinaryIO | None = None
        self._lengths: list[int] = []

    def add(self, number: int) -> None:
        """Add a number."""
        self._run.append(number)
        if len(self._run) >= self._run_numbers:
            self._write_run()

    def sorted(self) -> Iterator[int]:
        """Yield all numbers in ascending order; the spool is empty afterwards."""
        last = sorted(self._run)
        self._run = array("Q")
        if self._file is None:
            yield from last
            return
        with self._file as file:
            starts = [sum(self._lengths[:place]) for place in range(len(self._lengths))]
            runs = [
                _read_run(file, start, length) for start, length in zip(starts, self._lengths, strict=True)
            ]
            yield from heapq.merge(*runs, last)
        self._file, self._lengths = None, []

    def _write_run(self) -> None:
        if self._file is None:
            # Closed when it has been read, or with this object.
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._file.seek(0, 2)
        array("Q", sorted(self._run)).tofile(self._file)
        self._lengths.append(len(self._run))
        self._run = array("Q")


def _read_run(file: BinaryIO, start: int, length: int) -> Iterator[int]:
    for place in range(start, start + length, _BLOCK_NUMBERS):
        file.seek(place * 8)
        block = array("Q")
        block.fromfile(file, min(_BLOCK_NUMBERS, start + length - place))
        yield from block
