"""PCM to Opus packets, through libopus as PyAV carries it (RFC 6716, RFC 7845 section 5.1).

It makes packets and the OpusHead that describes them; it writes no Ogg pages and knows no clock and no
network. Encoding one 20 ms block takes about 0.6 ms: it may run on any thread but a sound card's callback.
"""

from typing import Protocol

import av

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE

FRAME_DURATIONS_MS = (10, 20, 40, 60)
BYTES_PER_SAMPLE = 2


class PacketEncoder(Protocol):
    """What makes packets of PCM; used by one thread."""

    @property
    def opus_head(self) -> OpusHead | None:
        """The identification header; None until it is known, with the first packet at the latest."""

    @property
    def end_granule_position(self) -> int:
        """Granule position at which the sound ends; known after `flush`."""

    def encode(self, pcm: bytes) -> list[bytes]:
        """Take PCM and give the packets that are ready.

        Raises:
            SoundError: `encoder_failed`.
        """

    def flush(self) -> list[bytes]:
        """Give the last packets, and end.

        Raises:
            SoundError: `encoder_failed`.
        """

    def close(self) -> None:
        """Let go of what it holds, flushed or not; may be repeated."""


class OpusEncoder:
    """Encodes 16-bit PCM at 48 kHz.

    Args:
        channels: 1 or 2.
        bitrate_bps: Bits a second without the Ogg overhead, 6,000 to 510,000 (RFC 6716 section 2.1.1).
        frame_ms: Length of a packet: 10, 20, 40 or 60 ms. Shorter is less delay and more overhead.
        vbr: Let quiet packets be smaller. Off by default: `<audio>` reads in blocks of 32 KiB and starves
            when packets of silence shrink to 3 bytes; with packets of one size its delay stays what it was.

    Raises:
        ValueError: An argument is none of these.
    """

    def __init__(
        self, *, channels: int = 2, bitrate_bps: int = 96_000, frame_ms: int = 20, vbr: bool = False
    ) -> None:
        if channels not in (1, 2):
            raise ValueError(f"expected 1 or 2 channels, got {channels}")
        if frame_ms not in FRAME_DURATIONS_MS:
            raise ValueError(f"expected a frame of {FRAME_DURATIONS_MS} ms, got {frame_ms}")
        if not 6_000 <= bitrate_bps <= 510_000:
            raise ValueError(f"expected a bitrate of 6000 to 510000 bit/s, got {bitrate_bps}")
        self._layout = "mono" if channels == 1 else "stereo"
        self._bytes_per_frame = channels * BYTES_PER_SAMPLE
        self._samples_in = 0
        self._is_flushed = False
        codec = av.CodecContext.create("libopus", "w")
        codec.format = "s16"
        codec.layout = self._layout
        codec.sample_rate = SAMPLE_RATE
        codec.bit_rate = bitrate_bps
        # lowdelay is CELT only: 2.5 ms of look-ahead (120 samples of pre-skip) instead of 6.5 ms.
        codec.options = {
            "application": "lowdelay",
            "frame_duration": str(frame_ms),
            "vbr": "on" if vbr else "off",
        }
        codec.open()
        self._codec = codec
        self._opus_head = OpusHead.parse(codec.extradata or b"")

    @property
    def opus_head(self) -> OpusHead:
        """The identification header that libopus wrote: channels, and the pre-skip in samples."""
        return self._opus_head

    @property
    def end_granule_position(self) -> int:
        """Granule position at which the PCM taken so far ends (RFC 7845 section 4.4).

        The last packet of `flush` usually reaches past it; a last page with this position cuts the rest off.
        """
        return self._opus_head.pre_skip + self._samples_in

    def encode(self, pcm: bytes) -> list[bytes]:
        """Take PCM and give the packets that are complete: none, one or more.

        Args:
            pcm: Signed 16-bit samples in the machine's byte order, channels interleaved, of any length.

        Raises:
            ValueError: Half a sample came, or the encoder was flushed.
        """
        if self._is_flushed:
            raise ValueError("expected no PCM after flush, got some")
        samples, rest_bytes = divmod(len(pcm), self._bytes_per_frame)
        if rest_bytes:
            raise ValueError(f"expected a multiple of {self._bytes_per_frame} bytes of PCM, got {len(pcm)}")
        if not samples:
            return []
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=samples)
        frame.sample_rate = SAMPLE_RATE
        # PyAV hands libopus frames of its own size only when it can put the pieces in order by their time.
        frame.pts = self._samples_in
        frame.planes[0].update(pcm)
        self._samples_in += samples
        return [bytes(packet) for packet in self._codec.encode(frame)]

    def flush(self) -> list[bytes]:
        """Give the last packets: what was begun, and the look-ahead that libopus still holds.

        Raises:
            ValueError: It was flushed before.
        """
        if self._is_flushed:
            raise ValueError("expected one flush, got another")
        self._is_flushed = True
        if not self._samples_in:
            return []
        return [bytes(packet) for packet in self._codec.encode(None)]

    def close(self) -> None:
        """Nothing is held."""
