"""The ffmpeg program as the encoder: the same packets' shape, its filters, its complaints."""

import time
from itertools import islice
from pathlib import Path

import pytest

from audiocast.ogg.headers import OpusTags
from audiocast.ogg.opus import packet_samples
from tests.client.sound import decode, power_share
from tk_streamer.audio.ffmpeg_encoder import FfmpegEncoder
from tk_streamer.audio.music import tone
from tk_streamer.audio.muxer import LiveMuxer
from tk_streamer.errors import SoundError

SECONDS = 20.0


def encoded(encoder: FfmpegEncoder, blocks: int, hz: float = 1000.0) -> list[bytes]:
    packets = []
    for block in islice(tone(hz), blocks):
        packets += encoder.encode(block)
    return packets + encoder.flush()


@pytest.mark.parametrize("frame_ms", [10, 20, 60])
def test_it_gives_packets_of_one_length_and_the_sound(tmp_path: Path, frame_ms: int) -> None:
    encoder = FfmpegEncoder(channels=2, bitrate_bps=64_000, frame_ms=frame_ms)
    *packets, last = encoded(encoder, 60)
    assert {packet_samples(packet) for packet in packets} == {48 * frame_ms}
    assert {len(packet) for packet in packets} == {64 * frame_ms // 8}
    assert encoder.opus_head is not None
    muxer = LiveMuxer(encoder.opus_head, OpusTags(vendor="test"))
    pages = [muxer.header_pages(), *(muxer.audio_page([packet]) for packet in packets), muxer.last_page(last)]
    path = tmp_path / "tone.opus"
    path.write_bytes(b"".join(pages))
    left, _ = decode(path)
    assert power_share(left, 1000) > 0.98
    assert len(left) == pytest.approx(60 * 960, abs=48 * frame_ms + 120)


def test_filters_are_the_programs(tmp_path: Path) -> None:
    encoder = FfmpegEncoder(channels=2, bitrate_bps=64_000, frame_ms=20, audio_filter="atempo=2.0")
    samples = sum(packet_samples(packet) for packet in encoded(encoder, 100))
    assert samples == pytest.approx(48_000, abs=5_000)


def test_the_first_packets_come_while_sound_goes_in() -> None:
    encoder = FfmpegEncoder(channels=2, bitrate_bps=96_000, frame_ms=20)
    blocks, deadline = tone(440), time.monotonic() + SECONDS
    while not encoder.encode(next(blocks)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert encoder.opus_head is not None
    encoder.close()


def test_a_filter_that_is_none_is_told_in_the_programs_words() -> None:
    encoder = FfmpegEncoder(channels=2, bitrate_bps=96_000, frame_ms=20, audio_filter="no_such_filter")
    with pytest.raises(SoundError, match="ffmpeg: ") as caught:
        encoded(encoder, 500)
    assert caught.value.code == "encoder_failed"
    encoder.close()


def test_no_program_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoundError) as caught:
        FfmpegEncoder(channels=2, bitrate_bps=96_000, frame_ms=20)
    assert caught.value.code == "encoder_missing"


def test_close_ends_it_in_the_middle() -> None:
    encoder = FfmpegEncoder(channels=2, bitrate_bps=96_000, frame_ms=20)
    encoder.encode(next(tone(440)))
    encoder.close()
    encoder.close()
    assert encoder._process.poll() is not None
    assert not any(reader.is_alive() for reader in encoder._readers)
