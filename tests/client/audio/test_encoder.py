"""The encoder: what real decoders make of its packets."""

from itertools import islice
from pathlib import Path

import pytest

from audiocast.ogg.opus import packet_samples
from tests.client.audio.encoded import encoded_file
from tests.client.sound import decode, power_share
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.music import tone
from tk_streamer.audio.pcm import BLOCK_SAMPLES

SILENT_BLOCK = bytes(4 * BLOCK_SAMPLES)


@pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_comes_out_as_it_went_in(tmp_path: Path, frame_ms: int, channels: int) -> None:
    blocks = list(islice(tone(1000, channels=channels), 75))
    encoder = OpusEncoder(channels=channels, frame_ms=frame_ms)
    sides = decode(encoded_file(tmp_path / "tone.opus", encoder, blocks), channels)
    for samples in sides:
        assert len(samples) == 75 * BLOCK_SAMPLES
        assert power_share(samples, 1000) > 0.98
        assert power_share(samples, 1100) < 0.001


@pytest.mark.parametrize("samples", [1, 839, 840, 841, 960, 1500, 1800])
def test_the_end_is_where_the_pcm_ends(tmp_path: Path, samples: int) -> None:
    encoder = OpusEncoder(channels=1)
    path = encoded_file(tmp_path / "short.opus", encoder, [bytes(2 * samples)])
    assert len(decode(path, 1)[0]) == samples
    assert encoder.end_granule_position == encoder.opus_head.pre_skip + samples


@pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
def test_packets_have_one_size_and_the_length_that_was_asked_for(frame_ms: int) -> None:
    encoder = OpusEncoder(bitrate_bps=64_000, frame_ms=frame_ms)
    packets = [packet for block in islice(tone(440), 60) for packet in encoder.encode(block)]
    assert len(packets) == 60 * 20 // frame_ms
    assert {len(packet) for packet in packets} == {64 * frame_ms // 8}
    assert {packet_samples(packet) for packet in packets} == {48 * frame_ms}


def test_silence_is_as_large_as_sound_unless_vbr_is_on() -> None:
    constant, variable = OpusEncoder(), OpusEncoder(is_vbr=True)
    for _ in range(10):
        constant_sizes = [len(packet) for packet in constant.encode(SILENT_BLOCK)]
        variable_sizes = [len(packet) for packet in variable.encode(SILENT_BLOCK)]
    assert constant_sizes == [240]
    assert variable_sizes == [3]


def test_blocks_may_be_cut_anywhere() -> None:
    pcm = b"".join(islice(tone(440), 10))
    whole, cut = OpusEncoder(), OpusEncoder()
    pieces = [pcm[start : start + 1004] for start in range(0, len(pcm), 1004)]
    packets = [packet for piece in pieces for packet in cut.encode(piece)]
    assert packets + cut.flush() == whole.encode(pcm) + whole.flush()


def test_the_head_tells_channels_and_pre_skip() -> None:
    head = OpusEncoder(channels=1).opus_head
    assert (head.channels, head.pre_skip, head.mapping_family) == (1, 120, 0)


def test_nothing_in_gives_nothing_out() -> None:
    encoder = OpusEncoder()
    assert encoder.encode(b"") == []
    assert encoder.flush() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 3}, "expected 1 or 2 channels, got 3"),
        ({"frame_ms": 30}, "got 30"),
        ({"bitrate_bps": 5_999}, "got 5999"),
        ({"bitrate_bps": 510_001}, "got 510001"),
    ],
)
def test_impossible_wishes_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OpusEncoder(**arguments)  # type: ignore[arg-type]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4 bytes of PCM, got 6"):
        OpusEncoder().encode(bytes(6))


def test_after_the_flush_it_is_over() -> None:
    encoder = OpusEncoder()
    encoder.flush()
    with pytest.raises(ValueError, match="after flush"):
        encoder.encode(SILENT_BLOCK)
    with pytest.raises(ValueError, match="one flush"):
        encoder.flush()
