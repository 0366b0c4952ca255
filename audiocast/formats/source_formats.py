"""Which format a source sends, by its first bytes. What it says of itself in Content-Type is only a hint.

A tag in front (ID3v2) is skipped while it comes, however large the picture in it is.
"""

from enum import StrEnum
from typing import NamedTuple

from audiocast.formats.decoding.mpeg_frames import parse_adts, parse_mp3, tag_bytes
from audiocast.ogg.page import CAPTURE_PATTERN, HEADER_BYTES, SEGMENT_COUNT_OFFSET
from audiocast.ogg.sniff import codec_name


class SourceFormat(StrEnum):
    """What is decoded; the names of INGEST_FORMATS."""

    MP3 = "mp3"
    AAC = "aac"
    VORBIS = "vorbis"
    OGG_FLAC = "ogg-flac"
    FLAC = "flac"
    WAV = "wav"


# As error messages have them.
LABELS = {
    SourceFormat.MP3: "MP3",
    SourceFormat.AAC: "AAC (ADTS)",
    SourceFormat.VORBIS: "Ogg with Vorbis",
    SourceFormat.OGG_FLAC: "Ogg with FLAC",
    SourceFormat.FLAC: "FLAC",
    SourceFormat.WAV: "WAV",
}

# A live MP3 or AAC that is relayed may begin in the middle of a frame: then its type is believed.
_TYPES = {
    "audio/mpeg": SourceFormat.MP3,
    "audio/mp3": SourceFormat.MP3,
    "audio/x-mpeg": SourceFormat.MP3,
    "audio/aac": SourceFormat.AAC,
    "audio/aacp": SourceFormat.AAC,
    "audio/x-aac": SourceFormat.AAC,
}
_OGG_CODECS = {"Vorbis": SourceFormat.VORBIS, "FLAC": SourceFormat.OGG_FLAC}

# Enough for all that is looked at, but for Ogg.
LOOKED_AT_BYTES = 16
_MAGIC_BYTES = 8


class Recognized(NamedTuple):
    """What was found.

    Attributes:
        format: None: Ogg Opus, or nothing that is decoded.
        data: All that was fed, without a tag in front of a known format.
        tag_bytes: How long that was.
    """

    format: SourceFormat | None
    data: bytes
    tag_bytes: int


class FormatSniffer:
    """Looks at the first bytes of a source.

    Args:
        content_type: As the request has it; may be empty.
    """

    def __init__(self, content_type: str = "") -> None:
        self._hint = _TYPES.get(content_type.partition(";")[0].strip().lower())
        self._first = b""
        self._data = b""
        self._to_skip = 0
        self._tag_bytes = 0

    def feed(self, data: bytes) -> Recognized | None:
        """Add bytes; return what was found, or None while more are needed."""
        if len(self._first) < LOOKED_AT_BYTES:
            self._first += data[: LOOKED_AT_BYTES - len(self._first)]
        self._data += data
        while True:
            skipped = min(self._to_skip, len(self._data))
            self._data = self._data[skipped:]
            self._to_skip -= skipped
            if self._to_skip or len(self._data) < LOOKED_AT_BYTES:
                return None
            size = tag_bytes(self._data, 0) if self._data.startswith(b"ID3") else 0
            if not size:
                break
            self._to_skip = size
            self._tag_bytes += size
        return self._look()

    def finish(self) -> bytes:
        """Return what came, though it is too little to tell what it is."""
        return self._data if not self._tag_bytes else self._first

    def _look(self) -> Recognized | None:
        data = self._data
        found: SourceFormat | None
        if data.startswith(CAPTURE_PATTERN):
            begin = HEADER_BYTES + (data[SEGMENT_COUNT_OFFSET] if len(data) > SEGMENT_COUNT_OFFSET else 255)
            if len(data) < begin + _MAGIC_BYTES:
                return None
            found = _OGG_CODECS.get(codec_name(data[begin : begin + _MAGIC_BYTES]))
        elif data.startswith(b"fLaC"):
            found = SourceFormat.FLAC
        elif data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
            found = SourceFormat.WAV
        elif parse_adts(data, 0) is not None:
            found = SourceFormat.AAC
        elif parse_mp3(data, 0) is not None:
            found = SourceFormat.MP3
        elif self._tag_bytes:
            found = self._hint or SourceFormat.MP3
        else:
            found = self._hint
        if found is None and self._tag_bytes:
            # Refused by name: what it began with is what can be told.
            return Recognized(None, self._first + data, 0)
        return Recognized(found, data, self._tag_bytes)
