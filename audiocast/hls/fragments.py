"""Opus in fragmented MP4: the initialization section of a stream, and packets as one fragment.

The packets go in as they are. One track, 48,000 ticks a second, decode times that count samples.
References: ISO/IEC 14496-12 sections 8.3 to 8.9; "Encapsulation of Opus in ISO Base Media File Format"
(opus-codec.org), whose OpusSpecificBox (section 4.3.2) is

    offset  bytes  field, big-endian
         8      1  version, 0
         9      1  channels C
        10      2  pre-skip, samples
        12      4  sample rate of the input, Hz; for information only
        16      2  output gain, signed, 1/256 dB
        18      1  channel mapping family; for 0, the box ends here
        19      1  stream count
        20      1  coupled stream count
        21      C  channel mapping
"""

import struct
from collections.abc import Sequence

from audiocast.hls.boxes import box, full_box
from audiocast.ogg.headers import FAMILY_RTP, OpusHead
from audiocast.ogg.opus import SAMPLE_RATE

# As `codecs=` of a media type names it: like the sample entry, with a capital letter.
CODEC = "Opus"

TRACK = 1

# A decoder that starts at any packet is exact after 80 ms (RFC 7845 section 4.6): four packets of 20 ms.
ROLL_SAMPLES = -4

_ENABLED_IN_MOVIE = 0x3
_SELF_CONTAINED = 0x1
_DEFAULT_BASE_IS_MOOF = 0x020000
_DEFAULT_DURATION = 0x8
_DATA_OFFSET = 0x1
_DURATIONS = 0x100
_SIZES = 0x200

_OPUS = struct.Struct(">BBHIhB")
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

# The language "und" (ISO 639-2), three letters of five bits.
_UNDETERMINED = 0x55C4

_FULL_VOLUME = 0x0100


def init_section(opus_head: OpusHead) -> bytes:
    """Return what a player needs before any fragment of packets made for `opus_head`."""
    return box(b"ftyp", b"iso6", bytes(4), b"iso6", b"mp41") + box(
        b"moov", _movie_header(), _track(opus_head), box(b"mvex", _fragment_defaults())
    )


def fragment(packets: Sequence[tuple[bytes, int]], *, number: int, decode_time: int) -> bytes:
    """Return packets as a fragment.

    Args:
        packets: Packets and their durations in 48 kHz samples; at least one.
        number: Sequence number, larger than that of the fragment before.
        decode_time: Samples from the start of the timeline to the first packet.
    """
    movie = _fragment_head(packets, number, decode_time, data_offset=0)
    # The data come right behind the head of the box that follows; the offset's own size is fixed.
    movie = _fragment_head(packets, number, decode_time, data_offset=len(movie) + 8)
    return movie + box(b"mdat", *(packet for packet, _ in packets))


def _fragment_head(
    packets: Sequence[tuple[bytes, int]], number: int, decode_time: int, *, data_offset: int
) -> bytes:
    durations = {samples for _, samples in packets}
    flags = _DEFAULT_BASE_IS_MOOF
    content = struct.pack(">I", TRACK)
    if len(durations) == 1:
        flags |= _DEFAULT_DURATION
        content += struct.pack(">I", *durations)
    group = struct.pack(">4sIII", b"roll", 1, len(packets), 1)
    return box(
        b"moof",
        full_box(b"mfhd", struct.pack(">I", number)),
        box(
            b"traf",
            full_box(b"tfhd", content, flags=flags),
            full_box(b"tfdt", struct.pack(">Q", decode_time), version=1),
            _run(packets, has_durations=len(durations) > 1, data_offset=data_offset),
            full_box(b"sbgp", group),
        ),
    )


def _run(packets: Sequence[tuple[bytes, int]], *, has_durations: bool, data_offset: int) -> bytes:
    flags = _DATA_OFFSET | _SIZES
    entries = [len(packet) for packet, _ in packets]
    if has_durations:
        flags |= _DURATIONS
        entries = [number for packet, samples in packets for number in (samples, len(packet))]
    return full_box(
        b"trun", struct.pack(f">Ii{len(entries)}I", len(packets), data_offset, *entries), flags=flags
    )


def _movie_header() -> bytes:
    return full_box(
        b"mvhd",
        struct.pack(">IIII", 0, 0, SAMPLE_RATE, 0),
        struct.pack(">IH10x", 0x10000, _FULL_VOLUME),
        _UNITY_MATRIX,
        struct.pack(">24xI", TRACK + 1),
    )


def _track(opus_head: OpusHead) -> bytes:
    header = full_box(
        b"tkhd",
        struct.pack(">IIIII8x", 0, 0, TRACK, 0, 0),
        struct.pack(">HHHH", 0, 0, _FULL_VOLUME, 0),
        _UNITY_MATRIX,
        bytes(8),
        flags=_ENABLED_IN_MOVIE,
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, SAMPLE_RATE, 0, _UNDETERMINED, 0)),
        full_box(b"hdlr", struct.pack(">4x4s12x", b"soun"), b"audiocast\0"),
        box(b"minf", full_box(b"smhd", bytes(4)), box(b"dinf", _data_reference()), _sample_table(opus_head)),
    )
    return box(b"trak", header, media)


def _data_reference() -> bytes:
    return full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=_SELF_CONTAINED))


def _sample_table(opus_head: OpusHead) -> bytes:
    none = bytes(4)
    return box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), _sample_entry(opus_head)),
        full_box(b"stts", none),
        full_box(b"stsc", none),
        full_box(b"stsz", none, none),
        full_box(b"stco", none),
        full_box(b"sgpd", struct.pack(">4sIIh", b"roll", 2, 1, ROLL_SAMPLES), version=1),
    )


def _sample_entry(opus_head: OpusHead) -> bytes:
    audio = struct.pack(">6xH8xHHHHI", 1, opus_head.channels, 16, 0, 0, SAMPLE_RATE << 16)
    return box(b"Opus", audio, box(b"dOps", _opus_specific(opus_head)))


def _opus_specific(opus_head: OpusHead) -> bytes:
    fields = _OPUS.pack(
        0,
        opus_head.channels,
        opus_head.pre_skip,
        opus_head.input_sample_rate,
        opus_head.output_gain,
        opus_head.mapping_family,
    )
    if opus_head.mapping_family == FAMILY_RTP:
        return fields
    return fields + bytes((opus_head.stream_count, opus_head.coupled_count)) + opus_head.mapping


def _fragment_defaults() -> bytes:
    return full_box(b"trex", struct.pack(">IIIII", TRACK, 1, 0, 0, 0))
