"""Silence while a source is away: as long as the absence, as many bytes as the audio had."""

import pytest

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.silence import MAX_SILENCE_BYTES
from audiocast.stream.hold import Hold
from tests.unit.stream.audio import STEREO, SURROUND


def test_silence_lasts_as_long_as_the_absence() -> None:
    hold = Hold(STEREO, bytes_per_second=12_000, now=100.0)
    made = [len(hold.silence(100.0 + step * 0.13)) for step in range(1, 101)]
    assert sum(made) == 650
    assert set(made) == {6, 7}


def test_nothing_is_due_twice() -> None:
    hold = Hold(STEREO, bytes_per_second=12_000, now=100.0)
    assert len(hold.silence(100.11)) == 5
    assert hold.silence(100.11) == []


def test_a_late_tick_makes_up_for_all_that_was_missed() -> None:
    hold = Hold(STEREO, bytes_per_second=12_000, now=100.0)
    assert len(hold.silence(103.01)) == 150


@pytest.mark.parametrize("bytes_per_second", [1_000, 12_000, 64_000])
def test_silence_has_the_byte_rate_of_the_audio_before_it(bytes_per_second: int) -> None:
    packets = Hold(STEREO, bytes_per_second=bytes_per_second, now=0.0).silence(1.001)
    assert sum(len(packet) for packet, _ in packets) == pytest.approx(bytes_per_second, rel=0.02)


@pytest.mark.parametrize("head", [STEREO, SURROUND])
def test_every_packet_is_opus_of_the_duration_that_it_says(head: OpusHead) -> None:
    for packet, samples in Hold(head, bytes_per_second=12_000, now=0.0).silence(0.101):
        assert packet_samples(packet, head.stream_count) == samples == 960


def test_a_wild_byte_rate_makes_no_packet_that_decoders_may_refuse() -> None:
    ((packet, _),) = Hold(STEREO, bytes_per_second=1e9, now=0.0).silence(0.021)
    assert len(packet) == MAX_SILENCE_BYTES
