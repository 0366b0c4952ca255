"""A file as a source of sound: anything that FFmpeg can decode, in real time.

The source owns the open file. It decodes on the audio thread, far faster than real time.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from tk_streamer.audio.pacing import paced
from tk_streamer.audio.pcm import BLOCK_SECONDS, block_bytes
from tk_streamer.audio.resampling import Resampler
from tk_streamer.audio.sources import SourceHealth
from tk_streamer.errors import SoundError


class FileSource:
    """One file, played once or again and again.

    Args:
        path: The file; opened by `open`.
        loops: After the end, begin again without a gap.
        is_paced: Keep real time; False: as fast as the network takes the sound.
    """

    is_live = False
    health = SourceHealth()

    def __init__(self, path: Path, *, loops: bool = False, is_paced: bool = True) -> None:
        self.name = path.name
        self.is_paced = is_paced
        self._path = path
        self._loops = loops
        self._interrupted = threading.Event()
        self._container: InputContainer | None = None
        self._blocks: Iterator[bytes] = iter(())

    def open(self, channels: int) -> None:
        """See `AudioSource.open`.

        Raises:
            SoundError: `file_unreadable` or `file_without_audio`.
        """
        container, stream = self._open_file()
        self._container = container
        blocks = _cut(self._pcm(container, stream, Resampler(channels)), block_bytes(channels))
        if self.is_paced:
            blocks = paced(blocks, block_seconds=BLOCK_SECONDS, wait=self._interrupted.wait)
        self._blocks = blocks

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        return None if self._interrupted.is_set() else next(self._blocks, None)

    def interrupt(self) -> None:
        """See `AudioSource.interrupt`."""
        self._interrupted.set()

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open_file(self) -> tuple[InputContainer, AudioStream]:
        try:
            # Python opens the file first, because FFmpeg would take a name with a colon for an address.
            with self._path.open("rb"):
                pass
            container = av.open(f"file:{self._path}")
        except av.error.FFmpegError as error:
            raise SoundError("file_without_audio", f"{self._path}: {error.strerror}") from error
        except OSError as error:
            raise SoundError("file_unreadable", f"{self._path}: {error.strerror}") from error
        if not container.streams.audio:
            container.close()
            raise SoundError("file_without_audio", f"{self._path}: it has no audio track")
        return container, container.streams.audio[0]

    def _pcm(self, container: InputContainer, stream: AudioStream, resampler: Resampler) -> Iterator[bytes]:
        """Yield the file's sound in pieces of any length, without the stretches that cannot be decoded."""
        while True:
            has_sound = False
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    continue
                for frame in frames:
                    has_sound = True
                    yield resampler.resample(frame)
            if not has_sound:
                raise SoundError("file_without_audio", f"{self._path}: nothing in it can be decoded")
            if not self._loops:
                yield resampler.resample(None)
                return
            container.seek(0)


def _cut(pieces: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Yield the same bytes in blocks of one size; the last block may be shorter."""
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) >= size_bytes:
            yield rest[:size_bytes]
            rest = rest[size_bytes:]
    if rest:
        yield rest
