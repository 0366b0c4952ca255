"""How long Opus packets last, and how they are framed inside (RFC 6716 section 3). Nothing is decoded.

The first byte of a packet (TOC, section 3.1), most significant bit first:

    bits  field
    0-4   configuration: mode, bandwidth and frame duration
    5     stereo
    6-7   code: 0 one frame, 1 two of the same size, 2 two of any size, 3 a frame count byte follows

    configuration   mode     frame durations
         0 to 11    SILK     10, 20, 40, 60 ms (three bandwidths)
        12 to 15    hybrid   10, 20 ms (two bandwidths)
        16 to 31    CELT     2.5, 5, 10, 20 ms (four bandwidths)

The frame count byte of code 3 (section 3.2.5): bit 0 frames have sizes of their own, bit 1 padding, bits 2-7
count.

With several streams (RFC 7845 section 5.1.1), a packet holds one Opus packet for each; all but the last are
"self-delimited" (RFC 6716 appendix B): they carry one length more, because the next packet follows them at
once.
"""

from audiocast.ogg.errors import BadPacket

# Granule positions and durations count samples at this rate, whatever the input had (RFC 7845 section 4).
SAMPLE_RATE = 48000

MAX_FRAME_BYTES = 1275

# 2.5 ms and 120 ms.
MIN_PACKET_SAMPLES = 120
MAX_PACKET_SAMPLES = 5760

# A padding length byte of 255 stands for 254 bytes of padding and says that another length byte follows.
PADDING_GOES_ON = 255

_CODE_MASK = 0x03
_VARIABLE_SIZES = 0x80
_PADDED = 0x40
_COUNT_MASK = 0x3F
_FIRST_OF_TWO = 252
_FRAME_SAMPLES_BY_CONFIGURATION = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
_FRAME_SAMPLES = tuple(_FRAME_SAMPLES_BY_CONFIGURATION[toc >> 3] for toc in range(256))


def packet_samples(packet: bytes, streams: int = 1) -> int:
    """Return the duration of an audio packet in samples at 48 kHz: 120 (2.5 ms) to 5760 (120 ms).

    Args:
        packet: One audio packet as Ogg carries it.
        streams: `OpusHead.stream_count`; with the wrong one, good packets look bad.

    Raises:
        BadPacket: It breaks a rule of RFC 6716 section 3.4, or its streams differ in duration.
    """
    # Nearly every packet of a live stream is this one: one stream, one frame. The others may take longer.
    if streams == 1 and packet and not packet[0] & _CODE_MASK and len(packet) <= MAX_FRAME_BYTES + 1:
        return _FRAME_SAMPLES[packet[0]]
    at = 0
    durations = set()
    for index in range(streams):
        samples, at = _measure(packet, at, delimited=index < streams - 1)
        durations.add(samples)
    if len(durations) > 1:
        raise BadPacket(
            f"expected streams of one duration in a packet, got {min(durations)} to {max(durations)} samples"
        )
    return samples


def _measure(packet: bytes, at: int, *, delimited: bool) -> tuple[int, int]:
    """Return duration in samples and end of the Opus packet that starts at `at`.

    Sizes are written for all frames but the last when they differ, for none when they are equal; the
    self-delimited form then writes one more, that of the last frame or of each (appendix B).
    """
    toc = _byte(packet, at)
    at += 1
    code = toc & _CODE_MASK
    count, variable, padding_bytes = min(code + 1, 2), code == 2, 0
    if code == 3:
        count, variable, padding_bytes, at = _read_frame_count(packet, at)
    samples = _FRAME_SAMPLES[toc] * count
    if not samples or samples > MAX_PACKET_SAMPLES:
        raise BadPacket(
            f"expected 1 frame or more and {MAX_PACKET_SAMPLES} samples at most, got {samples} samples"
        )
    written_bytes = 0
    for _ in range(count - 1 if variable else 0):
        frame_bytes, at = _read_size(packet, at)
        written_bytes += frame_bytes
    if delimited:
        frame_bytes, at = _read_size(packet, at)
        end = at + written_bytes + frame_bytes * (1 if variable else count) + padding_bytes
        if end > len(packet):
            raise BadPacket(
                f"expected a self-delimited Opus packet up to offset {end}, got {len(packet)} bytes"
            )
        return samples, end
    rest_bytes = len(packet) - at - written_bytes - padding_bytes
    frame_bytes, uneven_bytes = divmod(rest_bytes, 1 if variable else count)
    if uneven_bytes or not 0 <= frame_bytes <= MAX_FRAME_BYTES:
        raise BadPacket(
            f"expected {'one frame' if variable else f'{count} equal frames'} of 0 to {MAX_FRAME_BYTES} bytes"
            f" in the rest of the packet, got {rest_bytes} bytes"
        )
    return samples, len(packet)


def _read_frame_count(packet: bytes, at: int) -> tuple[int, bool, int, int]:
    """Return frame count, whether sizes vary, bytes of padding, and where the sizes begin (section 3.2.5)."""
    frame_count_byte = _byte(packet, at)
    at += 1
    padding_bytes = 0
    if frame_count_byte & _PADDED:
        while (length := _byte(packet, at)) == PADDING_GOES_ON:
            padding_bytes += PADDING_GOES_ON - 1
            at += 1
        padding_bytes += length
        at += 1
    return frame_count_byte & _COUNT_MASK, bool(frame_count_byte & _VARIABLE_SIZES), padding_bytes, at


def _read_size(packet: bytes, at: int) -> tuple[int, int]:
    """Return a frame size and the offset after it: one byte below 252, two otherwise (section 3.2.1)."""
    first = _byte(packet, at)
    if first < _FIRST_OF_TWO:
        return first, at + 1
    return first + 4 * _byte(packet, at + 1), at + 2


def _byte(packet: bytes, at: int) -> int:
    if at >= len(packet):
        raise BadPacket(f"expected an Opus packet with a byte at offset {at}, got {len(packet)} bytes")
    return packet[at]
