"""An .opus file of all that was encoded, whatever happens to the connection.

The copy owns the file. A full disk ends the copy, not the broadcast.
"""

from pathlib import Path
from typing import BinaryIO

from audiocast.ogg.headers import OpusHead, OpusTags
from tk_streamer.audio.muxer import LiveMuxer
from tk_streamer.errors import ClientError, SoundError

# Nothing waits for these pages; a page for each packet would be 12 % of the file at 96 kbit/s.
PAGE_PACKETS = 25


class LocalCopy:
    """Writes one file; used by one thread.

    Args:
        path: The file. An existing file is never overwritten: the name of the new one gets a number.
        opus_head: The identification header of the encoder.
        tags: Vendor, title and artist.

    Raises:
        SoundError: `copy_failed`, if the file cannot be created.
    """

    def __init__(self, path: Path, opus_head: OpusHead, tags: OpusTags) -> None:
        self._muxer = LiveMuxer(opus_head, tags)
        self._packets: list[bytes] = []
        self._file: BinaryIO | None = None
        self.trouble: ClientError | None = None
        try:
            self._file, self.path = _new_file(path)
        except OSError as error:
            raise SoundError("copy_failed", f"{path}: {error.strerror}") from error
        self._write(self._muxer.header_pages())

    def add(self, packet: bytes) -> None:
        """Add a packet; it is written with the next page."""
        self._packets.append(packet)
        if len(self._packets) >= PAGE_PACKETS:
            self._write_packets()

    def close(self, last: bytes | None, surplus_samples: int) -> None:
        """Write the last page and close the file; the arguments are those of `LiveMuxer.last_page`."""
        self._write_packets()
        self._write(self._muxer.last_page(last, surplus_samples))
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _write_packets(self) -> None:
        if self._packets:
            self._write(self._muxer.audio_page(self._packets))
            self._packets = []

    def _write(self, pages: bytes) -> None:
        if self._file is None:
            return
        try:
            # Unbuffered, so that what is written survives a crash of this program.
            self._file.write(pages)
        except OSError as error:
            self.trouble = SoundError("copy_failed", f"{self.path}: {error.strerror}")
            self._file.close()
            self._file = None


def _new_file(path: Path) -> tuple[BinaryIO, Path]:
    """Create a file: `path`, or `path` with the first free number."""
    number = 1
    while True:
        tried = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            return open(tried, "xb", buffering=0), tried
        except FileExistsError:
            number += 1
