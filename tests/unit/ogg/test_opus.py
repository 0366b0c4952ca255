"""Durations and framing of Opus packets: of real encoders, the whole TOC table, every rule that refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.ogg import opus
from audiocast.ogg.errors import BadPacket
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import packet_samples
from tests.unit.ogg.conftest import OPUS_VARIANTS, MakeOpus
from tests.unit.ogg.streams import read_packets, read_pages

CELT_20_MS = 31 << 3
CELT_2_5_MS = 28 << 3
SILK_60_MS = 3 << 3
FRAME = 1275
VBR, PADDED = 0x80, 0x40


def packet(toc: int, *parts: int | bytes) -> bytes:
    return bytes((toc,)) + b"".join(bytes((part,)) if isinstance(part, int) else part for part in parts)


@pytest.mark.parametrize("name", OPUS_VARIANTS)
def test_packets_of_real_encoders_last_what_was_asked(name: str, make_opus: MakeOpus) -> None:
    options = OPUS_VARIANTS[name]
    head, _, *audio = read_packets(make_opus(**options))
    streams = OpusHead.parse(head).stream_count
    durations = [packet_samples(packet, streams) for packet in audio]
    asked_samples = round(options.get("frame_ms", 20) * 48)
    # opusenc takes shorter frames where the rest of the sound is shorter.
    assert set(durations[:-3]) == {asked_samples}
    assert max(durations) == asked_samples


def test_granule_positions_of_a_real_file_are_the_sums(make_opus: MakeOpus) -> None:
    *pages, _ = read_pages(make_opus(page_ms=200))[2:]
    total_samples = 0
    for page in pages:
        total_samples += sum(packet_samples(fragment) for fragment, _ in page.fragments())
        assert page.granule_position == total_samples
    assert pages


def test_the_whole_toc_table() -> None:
    silk, hybrid, celt = (480, 960, 1920, 2880), (480, 960), (120, 240, 480, 960)
    expected = [*silk, *silk, *silk, *hybrid, *hybrid, *celt, *celt, *celt, *celt]
    for stereo in (0, 4):
        assert [packet_samples(packet(index << 3 | stereo, b"xy")) for index in range(32)] == expected
    assert min(expected) == opus.MIN_PACKET_SAMPLES


GOOD: dict[str, tuple[bytes, int]] = {
    "one frame of no bytes": (packet(CELT_20_MS), 960),
    "one frame of the largest size": (packet(CELT_20_MS, bytes(FRAME)), 960),
    "two equal frames": (packet(CELT_20_MS | 1, bytes(10)), 1920),
    "two equal frames of the largest size": (packet(CELT_20_MS | 1, bytes(2 * FRAME)), 1920),
    "two equal frames of no bytes": (packet(CELT_20_MS | 1), 1920),
    "two frames": (packet(CELT_20_MS | 2, 3, bytes(3 + 9)), 1920),
    "two frames, the second of no bytes": (packet(CELT_20_MS | 2, 3, bytes(3)), 1920),
    "two frames, the first of 252 bytes": (packet(CELT_20_MS | 2, 252, 0, bytes(252)), 1920),
    "two frames of the largest size": (packet(CELT_20_MS | 2, 255, 255, bytes(2 * FRAME)), 1920),
    "two frames of 60 ms": (packet(SILK_60_MS | 2, 1, bytes(2)), 5760),
    "one counted frame": (packet(CELT_20_MS | 3, 1, bytes(7)), 960),
    "six equal frames": (packet(CELT_20_MS | 3, 6, bytes(60)), 5760),
    "48 equal frames": (packet(CELT_2_5_MS | 3, 48, bytes(48)), 5760),
    "three frames": (packet(CELT_20_MS | 3, VBR | 3, 1, 2, bytes(1 + 2 + 5)), 2880),
    "padding of none": (packet(CELT_20_MS | 3, PADDED | 1, 0, bytes(7)), 960),
    "padding": (packet(CELT_20_MS | 3, PADDED | 2, 5, bytes(8 + 5)), 1920),
    "padding of 254": (packet(CELT_20_MS | 3, PADDED | 1, 254, bytes(2 + 254)), 960),
    "padding of 255": (packet(CELT_20_MS | 3, PADDED | 1, 255, 1, bytes(2 + 255)), 960),
    "padding and nothing else": (packet(CELT_20_MS | 3, PADDED | 1, 255, 0, bytes(254)), 960),
    "padding and sizes": (packet(CELT_20_MS | 3, VBR | PADDED | 2, 4, 1, bytes(1 + 2 + 4)), 1920),
    "the largest without padding": (
        packet(CELT_2_5_MS | 3, VBR | 48, b"\xff\xff" * 47, bytes(48 * FRAME)),
        5760,
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_packets(name: str) -> None:
    data, samples = GOOD[name]
    assert packet_samples(data) == samples


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "a byte at offset 0, got 0 bytes"),
    "frame too large": (packet(CELT_20_MS, bytes(FRAME + 1)), "0 to 1275 bytes"),
    "odd bytes for two equal frames": (packet(CELT_20_MS | 1, bytes(3)), "2 equal frames"),
    "two equal frames too large": (packet(CELT_20_MS | 1, bytes(2 * FRAME + 2)), "got 2552 bytes"),
    "two frames, no size": (packet(CELT_20_MS | 2), "offset 1, got 1 bytes"),
    "two frames, half a size": (packet(CELT_20_MS | 2, 252), "offset 2, got 2 bytes"),
    "two frames, the first past the end": (packet(CELT_20_MS | 2, 4, bytes(3)), "got -1 bytes"),
    "two frames, the second too large": (packet(CELT_20_MS | 2, 0, bytes(FRAME + 1)), "got 1276 bytes"),
    "no count": (packet(CELT_20_MS | 3), "offset 1, got 1 bytes"),
    "count of 0": (packet(CELT_20_MS | 3, 0, bytes(9)), "got 0 samples"),
    "over 120 ms": (packet(CELT_20_MS | 3, 7, bytes(7)), "5760 samples at most, got 6720 samples"),
    "over 120 ms of 2.5 ms": (packet(CELT_2_5_MS | 3, 49, bytes(49)), "got 5880 samples"),
    "equal frames with a rest": (packet(CELT_20_MS | 3, 3, bytes(10)), "3 equal frames"),
    "padding without a length": (packet(CELT_20_MS | 3, PADDED | 1), "offset 2, got 2 bytes"),
    "padding length that stops": (packet(CELT_20_MS | 3, PADDED | 1, 255), "offset 3, got 3 bytes"),
    "padding past the end": (packet(CELT_20_MS | 3, PADDED | 1, 3, bytes(2)), "got -1 bytes"),
    "sizes past the end": (packet(CELT_20_MS | 3, VBR | 3, 1, 2, bytes(2)), "got -1 bytes"),
    "sizes and padding past the end": (
        packet(CELT_20_MS | 3, VBR | PADDED | 2, 4, 1, bytes(4)),
        "got -1 bytes",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_packets(name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(BadPacket) as caught:
        packet_samples(data)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


DELIMITED: dict[str, tuple[bytes, int]] = {
    "one frame": (packet(CELT_20_MS, 3, bytes(3)), 960),
    "two equal frames": (packet(CELT_20_MS | 1, 3, bytes(6)), 1920),
    "two frames": (packet(CELT_20_MS | 2, 1, 4, bytes(1 + 4)), 1920),
    "two equal frames of two size bytes": (packet(CELT_20_MS | 1, 253, 1, bytes(2 * 257)), 1920),
    "counted equal frames with padding": (packet(CELT_20_MS | 3, PADDED | 2, 4, 3, bytes(6 + 4)), 1920),
    "counted frames with padding": (
        packet(CELT_20_MS | 3, VBR | PADDED | 2, 4, 1, 2, bytes(1 + 2 + 4)),
        1920,
    ),
}


@pytest.mark.parametrize("name", DELIMITED)
def test_self_delimited_packets_before_the_last(name: str) -> None:
    data, samples = DELIMITED[name]
    last = packet(CELT_20_MS | 3, samples // 960, bytes(4))
    assert packet_samples(data + last, 2) == samples
    assert packet_samples(data + data + last, 3) == samples
    for length in range(len(data)):
        with pytest.raises(BadPacket):
            packet_samples(data[:length], 2)
    with pytest.raises(BadPacket, match=f"self-delimited Opus packet up to offset {len(data)}, got"):
        packet_samples(data[:-1], 2)
    # All of it is there, and what is missing is the packet behind it.
    with pytest.raises(BadPacket, match=f"a byte at offset {len(data)}, got {len(data)} bytes"):
        packet_samples(data, 2)


def test_streams_of_different_durations_are_refused() -> None:
    with pytest.raises(BadPacket, match="one duration in a packet, got 120 to 960 samples"):
        packet_samples(packet(CELT_20_MS, 1, b"x") + packet(CELT_2_5_MS, b"x"), 2)


@given(st.binary(max_size=40), st.integers(1, 4))
def test_any_bytes_give_a_duration_or_an_error(data: bytes, streams: int) -> None:
    try:
        samples = packet_samples(data, streams)
    except BadPacket as error:
        message_length = len(str(error))
        assert message_length < 200
    else:
        assert 120 <= samples <= opus.MAX_PACKET_SAMPLES
        assert samples % 120 == 0
