"""PCM to frames of a format: MPEG-1 layer III, AAC-LC in ADTS, Opus.

No file format is around the frames: no ID3 and no Xing header, for which players would wait. Each frame can
be the first one for a decoder (of MP3, one or two frames are silent then: they refer to bits before them).

The ADTS header, most significant bit first (ISO/IEC 14496-3, tables 1.A.6 and 1.A.7):

    bits  field
      12  sync word, all ones
       1  ID: 0 for MPEG-4
       2  layer: 0
       1  protection absent: 1, there is no CRC
       2  profile: audio object type less 1; AAC-LC is 2
       4  sampling frequency index (table 1.18): 3 for 48 kHz
       1  private bit
       3  channel configuration (table 1.19): 2 for stereo
       4  original/copy, home, copyright identification bit and start
      13  length of the frame, header included
      11  buffer fullness: all ones for a variable rate
       2  number of raw data blocks less 1
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import av

from audiocast.formats.protocol import Item
from audiocast.formats.worker.jobs import JobError
from audiocast.formats.worker.opus_decoder import LAYOUT
from audiocast.ogg.opus import SAMPLE_RATE

ADTS_HEADER_BYTES = 7
MAX_ADTS_BYTES = 8191


class _Codec(NamedTuple):
    name: str
    sample_format: str
    options: dict[str, str]


CODECS = {
    # LAME's level 5 costs half of its level 2, and nobody listens to a radio for the difference.
    "mp3": _Codec("libmp3lame", "s16p", {"compression_level": "5"}),
    "aac": _Codec("aac", "fltp", {}),
    # Packets of one size, because `<audio>` reads in large blocks and starves on packets of silence.
    "opus": _Codec("libopus", "s16", {"application": "audio", "frame_duration": "20", "vbr": "off"}),
}


class FrameEncoder:
    """Encodes 16-bit stereo at 48 kHz.

    Args:
        name: One of `CODECS`.
        kbps: Bits per second of the frames, in thousands.

    Raises:
        JobError: There is no such format, or not at such a rate.
    """

    def __init__(self, name: str, kbps: int) -> None:
        known = CODECS.get(name)
        if known is None or not 6 <= kbps <= 512:
            raise JobError(f"expected one of {', '.join(CODECS)} at 6 to 512 kbit/s, got {name} at {kbps}")
        codec = av.CodecContext.create(known.name, "w")
        assert isinstance(codec, av.AudioCodecContext)
        codec.format = known.sample_format
        codec.layout = LAYOUT
        codec.sample_rate = SAMPLE_RATE
        codec.bit_rate = kbps * 1000
        codec.thread_count = 1
        codec.options = known.options
        codec.open()
        self._codec = codec
        self._has_adts = name == "aac"
        self._samples = 0

    def encode(self, frame: av.AudioFrame) -> Iterator[Item]:
        """Return the frames that are whole now."""
        # PyAV cuts PCM into frames of the codec's size only if each piece has a time.
        frame.pts = self._samples
        frame.sample_rate = SAMPLE_RATE
        self._samples += frame.samples
        return self._items(self._codec.encode(frame))

    def flush(self) -> Iterator[Item]:
        """Return the last frames."""
        return self._items(self._codec.encode(None)) if self._samples else iter(())

    def _items(self, packets: "Iterable[av.Packet[Any]]") -> Iterator[Item]:
        for packet in packets:
            data = bytes(packet)
            yield Item(adts_frame(data) if self._has_adts else data, self._codec.frame_size)


def adts_frame(raw: bytes) -> bytes:
    """Return an AAC-LC frame of 48 kHz stereo with its header.

    Raises:
        JobError: It is too long for one.
    """
    size = ADTS_HEADER_BYTES + len(raw)
    if size > MAX_ADTS_BYTES:
        raise JobError(f"expected a frame of at most {MAX_ADTS_BYTES} bytes, got {size}")
    header = 0xFFF << 44 | 1 << 40 | 1 << 38 | 3 << 34 | 2 << 30 | size << 13 | 0x7FF << 2
    return header.to_bytes(ADTS_HEADER_BYTES, "big") + raw
