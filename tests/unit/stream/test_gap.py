"""A gap is noticed once and with one timer; its silence lasts as long, at the audio's own rate."""

import pytest

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import packet_samples
from audiocast.stream.gap import IdleWatch, Silence
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import STEREO, SURROUND

MAX_SILENCE_BYTES = 61440

ACTIVE_SECONDS = 2.5


def test_silence_lasts_as_long_as_the_absence() -> None:
    silence = Silence(STEREO, bytes_per_second=12_000, now=100.0)
    made = [len(silence.packets(100.0 + step * 0.13)) for step in range(1, 101)]
    assert sum(made) == 650
    assert set(made) == {6, 7}


def test_nothing_is_due_twice() -> None:
    silence = Silence(STEREO, bytes_per_second=12_000, now=100.0)
    assert len(silence.packets(100.11)) == 5
    assert silence.packets(100.11) == []


def test_a_late_tick_makes_up_for_all_that_was_missed() -> None:
    silence = Silence(STEREO, bytes_per_second=12_000, now=100.0)
    assert len(silence.packets(103.01)) == 150


@pytest.mark.parametrize("bytes_per_second", [1_000, 12_000, 64_000])
def test_silence_has_the_byte_rate_of_the_audio_before_it(bytes_per_second: int) -> None:
    packets = Silence(STEREO, bytes_per_second=bytes_per_second, now=0.0).packets(1.001)
    assert sum(len(packet) for packet, _ in packets) == pytest.approx(bytes_per_second, rel=0.02)


@pytest.mark.parametrize("head", [STEREO, SURROUND])
def test_every_packet_is_opus_of_the_duration_that_it_says(head: OpusHead) -> None:
    for packet, samples in Silence(head, bytes_per_second=12_000, now=0.0).packets(0.101):
        assert packet_samples(packet, head.stream_count) == samples == 960


def test_a_wild_byte_rate_makes_no_packet_that_decoders_may_refuse() -> None:
    ((packet, _),) = Silence(STEREO, bytes_per_second=1e9, now=0.0).packets(0.021)
    assert len(packet) == MAX_SILENCE_BYTES


class Watched:
    """A watch, and how often it has called."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.times = 0
        self.watch = IdleWatch(self.clock, active_seconds=ACTIVE_SECONDS, on_idle=self._note)

    def note_audio(self) -> None:
        self.watch.note_audio(self.clock.time(), 0.0)

    def _note(self) -> None:
        self.times += 1


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_nothing_is_due_before_the_first_audio(watched: Watched) -> None:
    assert watched.clock.due == 0


def test_a_steady_source_is_never_quiet_and_has_one_timer(watched: Watched) -> None:
    for _ in range(500):
        watched.note_audio()
        watched.clock.advance(0.02)
        assert watched.clock.due == 1
    assert (watched.times, watched.watch.is_idle) == (0, False)


def test_silence_is_told_once(watched: Watched) -> None:
    watched.note_audio()
    watched.clock.advance(2)
    watched.note_audio()
    watched.clock.advance(ACTIVE_SECONDS - 0.01)
    assert watched.times == 0
    watched.clock.advance(60)
    assert (watched.times, watched.watch.is_idle) == (1, True)


def test_it_is_told_again_after_audio(watched: Watched) -> None:
    for times in (1, 2):
        watched.note_audio()
        watched.clock.advance(ACTIVE_SECONDS)
        assert watched.times == times


def test_who_stops_hears_nothing(watched: Watched) -> None:
    watched.note_audio()
    watched.watch.stop()
    watched.clock.advance(60)
    assert watched.times == 0
    watched.note_audio()
    watched.clock.advance(60)
    assert watched.times == 1
