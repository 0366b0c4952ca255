"""Which formats are taken beside Ogg Opus, how many sources are converted at a time, and by whom."""

from audiocast.formats.pool.format_job import FormatJob, JobOwner
from audiocast.formats.pool.format_workers import FormatWorkers
from audiocast.formats.source_formats import LABELS, SourceFormat
from audiocast.stream.errors import NotOpus, ServerFull

# Lossless sound is larger than what MAX_INGEST_KBPS is meant for: eight times 600 kbit/s are enough for two
# channels of 24 bits at 96 kHz.
LOSSLESS = frozenset((SourceFormat.FLAC, SourceFormat.OGG_FLAC, SourceFormat.WAV))
LOSSLESS_FACTOR = 8

# Of Ogg, with a page for each packet.
PAGE_KBPS = 14
MIN_KBPS = 6


class Conversions:
    """What this server converts.

    Args:
        workers: Who does it.
        formats: Those that are taken.
        kbps: Rate of the Opus that is made.
        max_sources: How many at a time.
        lead_seconds: How far ahead of real time a source may be; 0: there is no bound.

    Attributes:
        workers: As given.
        count: How many are converted now.
    """

    def __init__(
        self,
        workers: FormatWorkers,
        formats: frozenset[SourceFormat],
        *,
        kbps: int,
        max_sources: int,
        lead_seconds: float,
    ) -> None:
        self.workers = workers
        self._formats = formats
        self._kbps = kbps
        self._max_sources = max_sources
        self._lead_seconds = lead_seconds
        self.count = 0

    def acquire(self, source_format: SourceFormat) -> None:
        """Count a source, until `release`.

        Raises:
            NotOpus: The format is not taken here.
            ServerFull: As many are converted as may be.
        """
        label = LABELS[source_format]
        if source_format not in self._formats:
            raise NotOpus(f"expected Ogg Opus, got {label}, which INGEST_FORMATS of this server leaves out")
        if self.workers.missing:
            raise NotOpus(f"expected Ogg Opus, got {label}; {self.workers.missing}")
        if self.count >= self._max_sources:
            raise ServerFull(
                f"expected at most {self._max_sources} sources in other formats than Ogg Opus; try again "
                "later, or send Ogg Opus"
            )
        self.count += 1

    def open_job(self, source_format: SourceFormat, allowed_kbps: int, owner: JobOwner) -> FormatJob:
        """Start the job of a source.

        Args:
            source_format: What it sends.
            allowed_kbps: What the Opus may have, with its pages; 0: there is no bound.
            owner: Whose it is.

        Raises:
            audiocast.stream.errors.StreamError: No worker takes it.
        """
        kbps = self._kbps
        if allowed_kbps:
            kbps = max(MIN_KBPS, min(kbps, allowed_kbps - PAGE_KBPS))
        parameters = {"source_format": source_format.value, "kbps": kbps, "lead_seconds": self._lead_seconds}
        return self.workers.open("decode", parameters, owner)

    def release(self) -> None:
        """Count a source no more."""
        self.count -= 1
