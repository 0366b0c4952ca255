"""Opus packets of digital silence, padded to a wanted size (RFC 6716 sections 3.2.5 and 4.3, appendix B).

A frame of the bytes FF FE is CELT with its silence flag set; in a 20 ms fullband packet this is what encoders
send for digital silence. Padding keeps bytes flowing: `<audio>` elements read in blocks of 32 KiB and starve
on 3-byte packets.
"""

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import PADDING_GOES_ON

# Duration of a silence packet, 20 ms.
SILENCE_SAMPLES = 960

# Decoders may refuse larger packets (RFC 7845 section 6).
MAX_SILENCE_BYTES = 61_440

_TOC_CELT_FULLBAND_20_MS = 31 << 3
_TOC_STEREO = 0x04
_CODE_FRAME_COUNT = 0x03
_ONE_FRAME = 0x01
_ONE_FRAME_PADDED = 0x41
_FRAME = b"\xff\xfe"


def silence_packet(opus_head: OpusHead, size_bytes: int = 0) -> bytes:
    """Return a packet of 20 ms of silence for every channel of `opus_head`.

    Args:
        opus_head: Decoder set-up that the packet must fit.
        size_bytes: Wanted length, at most 61,440. Each length from the shortest packet's on (3 bytes, and 4
            more for each further stream) is met exactly; a smaller one is answered with the shortest packet.

    Raises:
        ValueError: `size_bytes` is over 61,440.
    """
    if size_bytes > MAX_SILENCE_BYTES:
        raise ValueError(f"expected size_bytes of at most {MAX_SILENCE_BYTES}, got {size_bytes}")
    last = opus_head.stream_count - 1
    others = b"".join(_delimited(_toc(opus_head, stream)) for stream in range(last))
    return others + _padded(_toc(opus_head, last), size_bytes - len(others))


def _toc(opus_head: OpusHead, stream: int) -> int:
    # The coupled streams come first (RFC 7845 section 5.1.1).
    return _TOC_CELT_FULLBAND_20_MS | (_TOC_STEREO if stream < opus_head.coupled_count else 0)


def _delimited(toc: int) -> bytes:
    return bytes((toc, len(_FRAME))) + _FRAME


def _padded(toc: int, size_bytes: int) -> bytes:
    plain = bytes((toc,)) + _FRAME
    if size_bytes <= len(plain):
        return plain
    counted = bytes((toc | _CODE_FRAME_COUNT, _ONE_FRAME)) + _FRAME
    padding_bytes = size_bytes - len(counted)
    if padding_bytes == 0:
        return counted
    # Length bytes count as padding here. Each but the last stands for itself and 254 bytes.
    going_on, rest_bytes = divmod(padding_bytes - 1, PADDING_GOES_ON)
    lengths = bytes((PADDING_GOES_ON,)) * going_on + bytes((rest_bytes,))
    zeros = bytes(padding_bytes - len(lengths))
    return bytes((toc | _CODE_FRAME_COUNT, _ONE_FRAME_PADDED)) + lengths + _FRAME + zeros
