"""Which formats and rates a stream can be had in."""

from typing import NamedTuple

from audiocast.stream.audience.listen import Way

# What MPEG-1 layer III has of the rates from 64 kbit/s on (ISO/IEC 11172-3 table B.1.1), and AAC likewise.
FRAME_RATES_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
OPUS_RATES_KBPS = (24, 48)
USUAL_KBPS = 128

# Those without a container.
FRAME_FORMATS = ("mp3", "aac")

CONTENT_TYPES = {"mp3": "audio/mpeg", "aac": "audio/aac", "opus": "audio/ogg"}
RATES_KBPS = {"mp3": FRAME_RATES_KBPS, "aac": FRAME_RATES_KBPS, "opus": OPUS_RATES_KBPS}
WAYS = {"mp3": Way.MP3, "aac": Way.AAC, "opus": Way.LOW_RATE}


class StreamFormat(NamedTuple):
    """A format that an encoding can have.

    Attributes:
        codec: "mp3", "aac" or "opus".
        kbps: One of `RATES_KBPS`.
    """

    codec: str
    kbps: int

    @property
    def content_type(self) -> str:
        """Its media type."""
        return CONTENT_TYPES[self.codec]

    @property
    def way(self) -> Way:
        """How somebody listens who listens to it."""
        return WAYS[self.codec]

    @property
    def has_pages(self) -> bool:
        """Whether it is Ogg."""
        return self.codec == "opus"

    @property
    def title_interval_bytes(self) -> int:
        """How far titles are apart inside the frames: half a second."""
        return self.kbps * 1000 // 16
