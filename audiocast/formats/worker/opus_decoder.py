"""Opus packets to PCM, bitstream after bitstream: always 16-bit stereo at 48 kHz, whatever they have.

So an encoder behind it goes on through all changes of source. A packet that cannot be decoded is silence of
its length.
"""

from collections.abc import Iterator

import av
from av.error import FFmpegError

from audiocast.formats.worker.jobs import JobError
from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE

FORMAT = "s16"
LAYOUT = "stereo"
FRAME_BYTES = 4

# More have no meaning that could be mixed down to two (RFC 7845 section 5.1.1.2).
MAX_CHANNELS = 8


class OpusDecoder:
    """Decodes one bitstream after another; each begins with its OpusHead."""

    def __init__(self) -> None:
        self._codec: av.AudioCodecContext | None = None
        self._mixer: av.AudioResampler | None = None

    def start(self, packet: bytes) -> None:
        """Begin the bitstream of an OpusHead packet.

        Raises:
            JobError: It has channels that cannot be mixed down.
        """
        try:
            opus_head = OpusHead.parse(packet)
        except OggError as error:
            raise JobError(str(error)) from error
        if opus_head.channels > MAX_CHANNELS or opus_head.mapping_family > 1:
            raise JobError(f"expected at most {MAX_CHANNELS} channels in family 0 or 1, got others")
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, av.AudioCodecContext)
        codec.extradata = packet
        codec.thread_count = 1
        codec.open()
        self._codec = codec
        self._mixer = None if opus_head.channels == 2 else av.AudioResampler(FORMAT, LAYOUT, SAMPLE_RATE)

    def decode(self, packet: bytes, samples: int) -> Iterator[av.AudioFrame]:
        """Decode one packet, which lasts `samples`.

        Raises:
            JobError: No bitstream has begun.
        """
        if self._codec is None:
            raise JobError("expected an OpusHead first, got audio")
        try:
            frames = self._codec.decode(av.Packet(packet))
        except FFmpegError:
            yield silence(samples)
            return
        for frame in frames:
            if self._mixer is None:
                yield frame
            else:
                frame.pts = None
                yield from self._mixer.resample(frame)


def silence(samples: int) -> av.AudioFrame:
    """Return silence as the decoder's frames are."""
    frame = av.AudioFrame(format=FORMAT, layout=LAYOUT, samples=samples)
    frame.sample_rate = SAMPLE_RATE
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    return frame
