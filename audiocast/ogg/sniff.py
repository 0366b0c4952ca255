"""Names for what was sent instead of Ogg Opus, for error messages: guesses from the first bytes."""

from audiocast.ogg.headers import OPUS_HEAD_MAGIC
from audiocast.ogg.page import CAPTURE_PATTERN

_SHOWN_BYTES = 8

# Offset, bytes there, name.
_FORMATS = (
    (0, CAPTURE_PATTERN, "Ogg"),
    (0, b"ID3", "an ID3 tag (MP3 begins so)"),
    (0, b"fLaC", "FLAC"),
    (8, b"WAVE", "WAV"),
    (8, b"AIFF", "AIFF"),
    (4, b"ftyp", "MP4"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (0, b"ADIF", "AAC (ADIF)"),
    (0, b"FLV\x01", "FLV"),
    (0, b"caff", "CAF"),
)

# How the first packet of an Ogg logical bitstream begins, name.
_CODECS = (
    (OPUS_HEAD_MAGIC, "Opus"),
    (b"\x01vorbis", "Vorbis"),
    (b"\x7fFLAC", "FLAC"),
    (b"Speex   ", "Speex"),
    (b"\x80theora", "Theora"),
    (b"fishead\x00", "Skeleton"),
)

# A packet of a transport stream (ISO/IEC 13818-1 section 2.4.3.2) begins so. The first one of a stream is not
# marked as damaged, has a payload, and is not scrambled.
_TS_SYNC = 0x47

_SYNC_AND_LAYER = 0xF6

# By the second byte of an MPEG audio frame, after FF: more sync, the version, two bits of layer.
_MPEG_LAYERS = {0xF2: "MP3", 0xE2: "MP3", 0xF4: "MP2", 0xF0: "AAC (ADTS)"}

_TEXT_BYTES = frozenset((*range(0x20, 0x7F), *b"\t\r\n"))


def name_format(start: bytes) -> str:
    """Name the file format that begins with these bytes; the first 12 are enough for all but text."""
    for offset, magic, name in _FORMATS:
        if start.startswith(magic, offset):
            return name
    if len(start) >= 2 and start[0] == 0xFF and start[1] & _SYNC_AND_LAYER in _MPEG_LAYERS:
        return _MPEG_LAYERS[start[1] & _SYNC_AND_LAYER]
    if start and _TEXT_BYTES.issuperset(start):
        return "HTML or text"
    if len(start) >= 4 and start[0] == _TS_SYNC and not start[1] & 0x80 and start[3] & 0xD0 == 0x10:
        return "MPEG-TS"
    return f"unknown data (first bytes {start[:_SHOWN_BYTES].hex(' ')})" if start else "no data"


def codec_name(first_packet: bytes) -> str:
    """Name the codec whose logical bitstream begins with this packet (the one on the BOS page)."""
    for magic, name in _CODECS:
        if first_packet.startswith(magic):
            return name
    return "unknown codec"
