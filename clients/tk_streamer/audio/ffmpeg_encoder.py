"""PCM to Opus packets through the ffmpeg program, for people who need its filters.

The encoder owns the process and the two threads that read its output. It delays more than `encoder`: the
program holds one page back, and the first page takes 100 ms. docs/desktop-program.md has the numbers.
"""

import contextlib
import subprocess
import threading
from queue import Empty, SimpleQueue
from typing import IO

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, is_opus_head, is_opus_tags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from tk_streamer.errors import SoundError

# How long ffmpeg may take to encode the rest and exit.
EXIT_TIMEOUT_SECONDS = 5.0
_READ_BYTES = 65_536
_STDERR_TAIL_BYTES = 2_000


class FfmpegEncoder:
    """The running program; it starts with the encoder and ends with `flush` or `close`.

    Args:
        channels: 1 or 2.
        bitrate_bps: Bits per second without the Ogg overhead.
        frame_ms: Length of a packet: 10, 20, 40 or 60 ms.
        audio_filter: Audio filters, as after ffmpeg's -af; "" for none.

    Raises:
        SoundError: `encoder_missing` or `encoder_failed`.
    """

    def __init__(self, *, channels: int, bitrate_bps: int, frame_ms: int, audio_filter: str = "") -> None:
        command = (
            "ffmpeg -hide_banner -loglevel error -nostats -probesize 32 -analyzeduration 0 -fflags +nobuffer"
            f" -f s16le -ar {SAMPLE_RATE} -ac {channels} -i pipe:0"
        ).split()
        command += ["-af", audio_filter] if audio_filter else []
        command += (
            f"-ar {SAMPLE_RATE} -ac {channels} -c:a libopus -b:a {bitrate_bps} -vbr off -application lowdelay"
            f" -frame_duration {frame_ms} -page_duration {frame_ms * 1000} -flush_packets 1 -f ogg pipe:1"
        ).split()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except FileNotFoundError as error:
            raise SoundError("encoder_missing", "expected the program ffmpeg, it is not there") from error
        except OSError as error:
            raise SoundError("encoder_failed", f"ffmpeg: {error.strerror}") from error
        self._opus_head: OpusHead | None = None
        self._end_granule_position = 0
        self._stderr_tail = b""
        self._packets: SimpleQueue[bytes] = SimpleQueue()
        self._readers = [
            threading.Thread(target=self._read_pages, name="ffmpeg stdout", daemon=True),
            threading.Thread(target=self._read_stderr, name="ffmpeg stderr", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def opus_head(self) -> OpusHead | None:
        """See `PacketEncoder.opus_head`."""
        return self._opus_head

    @property
    def end_granule_position(self) -> int:
        """See `PacketEncoder.end_granule_position`."""
        return self._end_granule_position

    def encode(self, pcm: bytes) -> list[bytes]:
        """See `PacketEncoder.encode`. The packets hold sound of some blocks ago."""
        try:
            _pipe(self._process.stdin).write(pcm)
        except OSError as error:
            raise self._error() from error
        return self._ready_packets()

    def flush(self) -> list[bytes]:
        """See `PacketEncoder.flush`."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            exit_code = self._process.wait(EXIT_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            exit_code = -1
        self.close()
        if exit_code:
            raise self._error()
        return self._ready_packets()

    def close(self) -> None:
        """End the process and the threads that read its output."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(EXIT_TIMEOUT_SECONDS)
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()

    def _ready_packets(self) -> list[bytes]:
        packets = []
        with contextlib.suppress(Empty):
            while True:
                packets.append(self._packets.get_nowait())
        return packets

    def _error(self) -> SoundError:
        """Return the error that the last line of ffmpeg's standard error names."""
        self._process.kill()
        self._readers[1].join(EXIT_TIMEOUT_SECONDS)
        lines = self._stderr_tail.decode("utf-8", "replace").strip().splitlines()
        return SoundError("encoder_failed", f"ffmpeg: {lines[-1] if lines else 'it ended without a word'}")

    def _read_pages(self) -> None:
        reader, assembler = PageReader(), PacketAssembler()
        with _pipe(self._process.stdout) as stdout, contextlib.suppress(OSError, OggError):
            while data := stdout.read(_READ_BYTES):
                reader.feed(data)
                while (page := reader.next_page()) is not None:
                    for packet in assembler.push(page):
                        self._add_packet(packet)
                    if page.is_eos:
                        self._end_granule_position = page.granule_position

    def _add_packet(self, packet: bytes) -> None:
        if self._opus_head is None and is_opus_head(packet):
            self._opus_head = OpusHead.parse(packet)
        elif not is_opus_tags(packet):
            self._packets.put(packet)

    def _read_stderr(self) -> None:
        with _pipe(self._process.stderr) as stderr:
            while data := stderr.read(_READ_BYTES):
                self._stderr_tail = (self._stderr_tail + data)[-_STDERR_TAIL_BYTES:]


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
