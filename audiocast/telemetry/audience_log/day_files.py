"""A file for each day: the day is in its name, before the suffix, and a new one begins at midnight UTC."""

import contextlib
import os
import re
from pathlib import Path

STANDARD_OUTPUT = "-"

# Who may read it: it may have addresses.
FILE_MODE = 0o640


class DayFiles:
    """Appends lines to the file of their day. Its writes block.

    Args:
        path: As `AUDIENCE_LOG` has it; `STANDARD_OUTPUT`: there are no files.
        worker: Name of the worker, which has files of its own; empty: the server has no workers.
    """

    def __init__(self, path: str, worker: str = "") -> None:
        self._path = Path(path)
        self._worker = re.sub(r"[^A-Za-z0-9._-]", "_", worker)
        self._day = ""
        self._is_output = path == STANDARD_OUTPUT
        self._descriptor = 1 if self._is_output else -1

    def name(self, day: str) -> Path:
        """Return the path of a day's file."""
        parts = [self._path.stem, *([self._worker] if self._worker else []), day]
        return self._path.with_name("-".join(parts) + self._path.suffix)

    def write(self, data: bytes, day: str) -> None:
        """Append whole lines.

        Raises:
            OSError: They cannot be written; what was written of them may be a part. The next call opens the
                file again.
        """
        if not self._is_output and (self._descriptor < 0 or day != self._day):
            self.close()
            self._descriptor = os.open(
                self.name(day), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE
            )
            self._day = day
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file of the day, if one is open."""
        if not self._is_output and self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
