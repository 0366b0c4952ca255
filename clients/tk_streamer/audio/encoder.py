"""PCM to Opus packets, through libopus as PyAV carries it (RFC 6716, RFC 7845 section 5.1).

An encoder makes packets and the OpusHead that describes them. It writes no Ogg pages and knows no clock and
no network. Encoding a block of 20 ms takes about 0.6 ms: any thread may do it but a sound card's callback.
"""

from typing import Protocol

import av

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.pcm import frame_bytes, layout

FRAME_DURATIONS_MS = (10, 20, 40, 60)


class PacketEncoder(Protocol):
    """An encoder from PCM to Opus packets; used by one thread."""

    @property
    def opus_head(self) -> OpusHead | None:
        """The identification header; known with the first packet at the latest, None before."""

    @property
    def end_granule_position(self) -> int:
        """The granule position at which the sound ends; known after `flush`."""

    def encode(self, pcm: bytes) -> list[bytes]:
        """Encode PCM and return the packets that are ready.

        Raises:
            SoundError: `encoder_failed`.
        """

    def flush(self) -> list[bytes]:
        """End the encoder and return the last packets.

        Raises:
            SoundError: `encoder_failed`.
        """

    def close(self) -> None:
        """Release the encoder's resources, flushed or not. May be repeated."""


class OpusEncoder:
    """Encodes 16-bit PCM at 48 kHz.

    Args:
        channels: 1 or 2.
        bitrate_bps: Bits per second without the Ogg overhead, 6,000 to 510,000 (RFC 6716 section 2.1.1).
        frame_ms: Length of a packet: 10, 20, 40 or 60 ms. A shorter packet means less delay and more
            overhead.
        is_vbr: Make quiet packets smaller. Off by default: `<audio>` reads in blocks of 32 KiB and starves
            when packets of silence shrink to 3 bytes; packets of one size keep its delay constant.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self, *, channels: int = 2, bitrate_bps: int = 96_000, frame_ms: int = 20, is_vbr: bool = False
    ) -> None:
        if channels not in (1, 2):
            raise ValueError(f"expected 1 or 2 channels, got {channels}")
        if frame_ms not in FRAME_DURATIONS_MS:
            raise ValueError(f"expected a frame of {FRAME_DURATIONS_MS} ms, got {frame_ms}")
        if not 6_000 <= bitrate_bps <= 510_000:
            raise ValueError(f"expected a bitrate of 6000 to 510000 bit/s, got {bitrate_bps}")
        self._layout = layout(channels)
        self._frame_bytes = frame_bytes(channels)
        self._samples_in = 0
        self._is_flushed = False
        codec = av.CodecContext.create("libopus", "w")
        codec.format = "s16"
        codec.layout = self._layout
        codec.sample_rate = SAMPLE_RATE
        codec.bit_rate = bitrate_bps
        # "lowdelay" codes with CELT only: 2.5 ms of look-ahead (120 samples of pre-skip) instead of 6.5 ms.
        codec.options = {
            "application": "lowdelay",
            "frame_duration": str(frame_ms),
            "vbr": "on" if is_vbr else "off",
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
        """The granule position at which the PCM encoded so far ends (RFC 7845 section 4.4).

        The last packet of `flush` usually reaches past it; a last page with this position cuts the surplus
        off.
        """
        return self._opus_head.pre_skip + self._samples_in

    def encode(self, pcm: bytes) -> list[bytes]:
        """Encode PCM and return the packets that are complete: none, one or more.

        Args:
            pcm: Interleaved 16-bit samples in the machine's byte order, any number of them.

        Raises:
            ValueError: `pcm` ends within a sample, or the encoder was flushed.
        """
        if self._is_flushed:
            raise ValueError("expected no PCM after flush, got some")
        samples, rest_bytes = divmod(len(pcm), self._frame_bytes)
        if rest_bytes:
            raise ValueError(f"expected a multiple of {self._frame_bytes} bytes of PCM, got {len(pcm)}")
        if not samples:
            return []
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=samples)
        frame.sample_rate = SAMPLE_RATE
        # PyAV cuts the PCM into frames of libopus's size only if each piece has a time.
        frame.pts = self._samples_in
        frame.planes[0].update(pcm)
        self._samples_in += samples
        return [bytes(packet) for packet in self._codec.encode(frame)]

    def flush(self) -> list[bytes]:
        """Return the last packets: the unfinished frame, and the look-ahead that libopus still holds.

        Raises:
            ValueError: The encoder was flushed before.
        """
        if self._is_flushed:
            raise ValueError("expected one flush, got another")
        self._is_flushed = True
        if not self._samples_in:
            return []
        return [bytes(packet) for packet in self._codec.encode(None)]

    def close(self) -> None:
        """Do nothing: libopus's memory is PyAV's to free."""
