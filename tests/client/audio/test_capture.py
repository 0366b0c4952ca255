"""The microphone in real time, PortAudio being played: shapes, silence, loss, and the way back."""

import sys
import threading
import time
from array import array
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.client.audio.fake_portaudio import FakePortAudio, PortAudioError
from tests.client.sound import power_share
from tk_streamer.audio import capture
from tk_streamer.audio.capture import Microphone
from tk_streamer.audio.devices import INVALID_SAMPLE_RATE
from tk_streamer.audio.music import tone
from tk_streamer.errors import SoundError

pytestmark = pytest.mark.realtime

SECONDS = 20.0


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    library = FakePortAudio("USB Microphone", "Line")
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    monkeypatch.setattr(capture, "LOST_SECONDS", 0.3)
    monkeypatch.setattr(capture, "FIRST_SOUND_SECONDS", 0.3)
    monkeypatch.setattr(capture, "SEARCH_SECONDS", 0.05)
    return library


@pytest.fixture
def microphone() -> Iterator[Microphone]:
    microphone = Microphone("USB")
    yield microphone
    microphone.close()


class Speaker:
    """Gives a tone to the newest stream every 10 ms, on a thread of its own."""

    def __init__(self, portaudio: FakePortAudio) -> None:
        self._portaudio = portaudio
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._speak)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *reason: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _speak(self) -> None:
        pcm = b"".join(islice(tone(1000, channels=1), 100))
        begin, given = time.monotonic(), 0
        while not self._is_over.wait(0.01):
            due = int((time.monotonic() - begin) * 48_000) * 2
            while given + 960 <= due:
                self._portaudio.streams[-1].give((pcm * 2)[given % len(pcm) :][:960])
                given += 960


def read_for(microphone: Microphone, seconds: float) -> "array[int]":
    begin, pcm = time.monotonic(), b""
    while time.monotonic() - begin < seconds:
        block = microphone.read()
        assert block is not None
        assert len(block) == 960 * 4
        pcm += block
    return array("h", pcm)


def test_sound_comes_through_and_mono_becomes_stereo(
    portaudio: FakePortAudio, microphone: Microphone
) -> None:
    microphone.open(2)
    assert microphone.name == "USB Microphone"
    assert portaudio.streams[0].settings["channels"] == 1
    assert portaudio.streams[0].settings["samplerate"] == 48_000
    with Speaker(portaudio):
        samples = read_for(microphone, 1.0)
    assert power_share(samples[::2], 1000) > 0.95
    assert samples[::2] == samples[1::2]
    assert not microphone.health.is_lost


def test_a_rate_that_the_device_does_not_have_is_converted(
    portaudio: FakePortAudio, microphone: Microphone
) -> None:
    portaudio.error_of = lambda settings: (
        PortAudioError("Invalid sample rate", INVALID_SAMPLE_RATE)
        if settings["samplerate"] == 48_000
        else None
    )
    microphone.open(2)
    assert portaudio.streams[0].settings["samplerate"] == 44_100
    with Speaker(portaudio):
        samples = read_for(microphone, 1.5)
    # What was 1,000 Hz at 48,000 samples a second is slower at 44,100.
    assert power_share(samples[::2][-24_000:], 1000 * 44_100 / 48_000) > 0.9


def test_an_input_that_falls_silent_is_lost_and_time_goes_on(
    portaudio: FakePortAudio, microphone: Microphone
) -> None:
    microphone.open(2)
    with Speaker(portaudio):
        read_for(microphone, 0.3)
    begin = time.monotonic()
    samples = read_for(microphone, 1.5)
    assert microphone.health.is_lost
    assert len(samples) / 96_000 == pytest.approx(time.monotonic() - begin, abs=0.4)
    assert microphone.health.filled_seconds == pytest.approx(1.3, abs=0.4)
    assert not any(samples[-48_000:])
    assert portaudio.streams[0].is_closed


def test_an_input_that_is_plugged_in_again_is_used_by_its_name(
    portaudio: FakePortAudio, microphone: Microphone
) -> None:
    microphone.open(2)
    with Speaker(portaudio):
        read_for(microphone, 0.3)
    portaudio.plugged_in[:] = ["Line"]
    read_for(microphone, 1.0)
    assert microphone.health.is_lost
    assert len(portaudio.streams) == 1
    # Another number than before.
    portaudio.plugged_in[:] = ["Line", "USB Microphone"]
    deadline = time.monotonic() + SECONDS
    while len(portaudio.streams) < 2:
        assert time.monotonic() < deadline
        microphone.read()
    assert portaudio.streams[1].settings["device"] == 1
    with Speaker(portaudio):
        samples = read_for(microphone, 1.0)
    assert not microphone.health.is_lost
    assert power_share(samples[-48_000::2], 1000) > 0.9


def test_an_input_that_never_gives_a_sound_is_silence_in_real_time(
    portaudio: FakePortAudio, microphone: Microphone
) -> None:
    microphone.open(2)
    begin = time.monotonic()
    samples = read_for(microphone, 1.5)
    assert len(samples) / 96_000 == pytest.approx(
        time.monotonic() - begin - capture.FIRST_SOUND_SECONDS, abs=0.5
    )
    assert microphone.health.is_lost


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PortAudioError("Device unavailable", -9985), "device_busy"),
        (PortAudioError("Invalid sample rate", INVALID_SAMPLE_RATE), "device_failed"),
    ],
)
def test_an_input_that_cannot_be_opened_is_told(
    portaudio: FakePortAudio, microphone: Microphone, error: Exception, code: str
) -> None:
    portaudio.error_of = lambda settings: error
    with pytest.raises(SoundError, match="USB Microphone") as caught:
        microphone.open(2)
    assert caught.value.code == code


def test_the_callback_keeps_a_bounded_lot(portaudio: FakePortAudio, microphone: Microphone) -> None:
    microphone.open(2)
    for _ in range(1_000):
        portaudio.streams[0].give(bytes(960))
    read_for(microphone, 0.1)
    line = microphone._stream
    assert line is not None
    assert line._queue_limit * capture.CALLBACK_SECONDS == pytest.approx(capture.QUEUE_SECONDS)
    assert microphone.health.dropped_seconds <= capture.QUEUE_SECONDS


def test_interrupt_ends_a_waiting_read(portaudio: FakePortAudio, microphone: Microphone) -> None:
    microphone.open(2)
    threading.Timer(0.1, microphone.interrupt).start()
    deadline = time.monotonic() + SECONDS
    while microphone.read() is not None:
        assert time.monotonic() < deadline
    microphone.close()
    assert portaudio.streams[0].is_closed
