"""One stream to one other format: packets in, frames out, whatever the stream's sources do."""

from collections.abc import Iterator, Sequence

from audiocast.formats.protocol import Item
from audiocast.formats.worker.encoders import FrameEncoder
from audiocast.formats.worker.opus_decoder import OpusDecoder


class EncodeJob:
    """See `Job`.

    Args:
        codec: One of `audiocast.formats.worker.encoders.CODECS`.
        kbps: See `FrameEncoder`.
    """

    def __init__(self, *, codec: str, kbps: int) -> None:
        self._decoder = OpusDecoder()
        self._encoder = FrameEncoder(codec, kbps)

    def feed(self, items: Sequence[Item]) -> Iterator[Item]:
        """Encode packets; an item without samples is the OpusHead of what follows it."""
        for data, samples in items:
            if not samples:
                self._decoder.start(data)
                continue
            for frame in self._decoder.decode(data, samples):
                yield from self._encoder.encode(frame)

    def finish(self) -> Iterator[Item]:
        """Return what the encoder still holds."""
        return self._encoder.flush()
