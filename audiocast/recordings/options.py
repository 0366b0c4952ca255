"""What the settings say of recordings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """Plain values from the settings.

    Attributes:
        url: Of the store.
        chunk_seconds: How long a chunk is.
        gap_seconds: After so long without a source a show is over.
        memory_bytes: For all chunks that wait.
        spool: Folder of those that do not fit; None: none.
        spool_bytes: Bound of the folder.
        keep_days, keep_bytes: See `Retention`.
    """

    url: str
    chunk_seconds: float
    gap_seconds: float
    memory_bytes: int
    spool: Path | None
    spool_bytes: int
    keep_days: float
    keep_bytes: int
