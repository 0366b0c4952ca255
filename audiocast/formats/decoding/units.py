"""What the framers of all formats give: frames for a decoder, how to set it up, and what is not sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# Slower and faster ones are no audio that anybody sends, and some bytes of them would be hours of samples.
MIN_RATE = 7_000
MAX_RATE = 192_000
MAX_CHANNELS = 8

# Of a frame that cannot be placed: one fault for so many bytes that are skipped.
BYTES_A_FAULT = 4096

# A source that has sent so much without one frame is none of the format.
MAX_BYTES_BEFORE_AUDIO = 262_144


class NotTheFormat(Exception):
    """What comes is not what it began like, or a kind of it that is not decoded. No more can be fed."""


@dataclass(frozen=True, slots=True)
class DecoderSetup:
    """The frames that follow need a new decoder.

    Attributes:
        codec: Name in libavcodec.
        sample_rate: Hz; 0: the frames say it.
        channels: 0: the frames say it.
        extradata: What the decoder must have before the first frame.
    """

    codec: str
    sample_rate: int = 0
    channels: int = 0
    extradata: bytes = b""


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet for the decoder."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Comments:
    """A track begins; "NAME=value" each."""

    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrackLength:
    """What the present decoder gives ends after so many samples; the rest of the last frames is padding."""

    samples: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something was damaged, and dropped."""

    message: str


Unit = DecoderSetup | Frame | Comments | TrackLength | Fault


class Framer(Protocol):
    """Takes the bytes of one format apart. Holds one frame at most, and never what is skipped.

    Attributes:
        header_bytes: How much came so far that is no sound: tags, pictures, headers.
    """

    header_bytes: int

    def push(self, data: bytes) -> Iterator[Unit]:
        """Add bytes, cut anywhere; the iterator must be used up before the next call.

        Raises:
            NotTheFormat: See there.
        """

    def finish(self) -> Iterator[Unit]:
        """Return what is left when no more comes."""

    def resume_state(self) -> bytes:
        """Return what another framer of the format must know to go on anywhere in the stream; small."""
