"""A microphone of PulseAudio's: spoken into, unplugged, plugged in again, and its troubles.

PortAudio is begun in each process anew with the test's own PulseAudio, so the broadcaster runs as a program.
"""

import json
import math
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.broadcast_process import BroadcastProcess
from tests.client.pulse import PulseServer
from tests.client.sound import decode, time_share
from tests.support.audio.media import wav_file
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SAMPLE_RATE = 48_000
# A block of the envelopes that are compared: 5 ms.
HOP = 240
# When a busy machine has let the microphone fall behind or run ahead, the broadcaster makes its blocks longer
# or shorter by a thousandth until it is in time again (tk_streamer/audio/timekeeping.py).
SPEEDS = (1.0, 1.001, 0.999)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log") as server:
        yield server


@pytest.fixture
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseServer]:
    with PulseServer(tmp_path_factory.mktemp("p"), "studio_mic", "line_in") as pulse:
        yield pulse


def test_inputs_are_listed_by_name(pulse: PulseServer) -> None:
    command = [sys.executable, "-m", "tk_streamer", "--list-devices", "--log-format", "json"]
    done = subprocess.run(command, env=pulse.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    inputs: list[dict[str, Any]] = json.loads(done.stdout)
    assert {"studio_mic", "line_in"} <= {each["name"] for each in inputs}
    assert [each["is_default"] for each in inputs] == [True] + [False] * (len(inputs) - 1)
    assert all(each["max_channels"] >= 1 for each in inputs)
    plain = subprocess.run(command[:-2], env=pulse.environment, capture_output=True, text=True, timeout=60)
    assert "studio_mic  (ALSA, " in plain.stdout


def test_what_is_said_into_it_is_heard(server: AudiocastServer, pulse: PulseServer, tmp_path: Path) -> None:
    said_path = tmp_path / "said.flac"
    text = "One two three, this is a test of the microphone. Seven white swans went over the sea."
    subprocess.run(["espeak-ng", "-w", str(tmp_path / "raw.wav"), text], check=True, timeout=60)
    to_wave = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "raw.wav"), "-ar", "48000", "-ac", "2"]
    subprocess.run([*to_wave, str(said_path)], check=True, timeout=60)
    with BroadcastProcess(server.base, "--device", "studio_mic", environment=pulse.environment) as broadcast:
        stream_id = broadcast.stream_id()
        broadcast.wait_for("ON AIR: studio_mic")
        with Listener(server.port, f"/stream/{stream_id}?preroll=0&latency=low") as listener:
            listener.wait_for_audio(0.5)
            assert pulse.play(said_path, into="studio_mic").wait(60) == 0
            listener.wait_for_audio(listener.capture().seconds + 1.0)
    heard_path = tmp_path / "heard.opus"
    heard_path.write_bytes(listener.body)
    said, heard = (decode(path)[0] for path in (said_path, heard_path))
    # The envelope of a voice depends on where its hops begin: within a hop, each millisecond is tried.
    envelopes = [envelope(heard[start:]) for start in range(0, HOP, SAMPLE_RATE // 1000)]
    correlations = (best_correlation(envelope(said, speed), each) for speed in SPEEDS for each in envelopes)
    assert any(correlation > 0.9 for correlation in correlations)


def test_an_unplugged_one_is_told_and_silence_is_sent_until_it_is_back(
    server: AudiocastServer, pulse: PulseServer, tmp_path: Path
) -> None:
    tone = wav_file(tmp_path, seconds=60.0, tone_hz=700.0)
    pulse.play(tone, into="studio_mic")
    with BroadcastProcess(server.base, "--device", "studio_mic", environment=pulse.environment) as broadcast:
        stream_id = broadcast.stream_id()
        broadcast.wait_for("ON AIR: studio_mic")
        with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
            listener.wait_for_audio(2.0)
            pulse.unplug("studio_mic")
            unplugged_at, before = time.monotonic(), listener.capture().seconds
            broadcast.wait_for("The sound input is gone; silence is sent.")
            assert time.monotonic() - unplugged_at < 2.0
            # In real time: the clock of the stream goes on.
            after = listener.wait_for_audio(before + 4.0).seconds
            assert after - before == pytest.approx(time.monotonic() - unplugged_at, abs=1.0)
            pulse.plug_in("studio_mic")
            pulse.play(tone, into="studio_mic")
            broadcast.wait_for("(?s)silence is sent.*ON AIR: studio_mic\n")
            listener.wait_for_audio(listener.capture().seconds + 2.5)
    heard_path = tmp_path / "heard.opus"
    heard_path.write_bytes(listener.body)
    left, _ = decode(heard_path)
    assert time_share(left[:48_000], 700) > 0.8
    assert any(max(left[start : start + 48_000]) < 50 for start in range(0, len(left) - 48_000, 4_800))
    assert time_share(left[-48_000:], 700) > 0.8


def test_one_that_is_not_there_is_told(server: AudiocastServer, pulse: PulseServer) -> None:
    with BroadcastProcess(
        server.base, "--device", "no such thing", environment=pulse.environment
    ) as broadcast:
        assert broadcast.wait() == 3
    assert "This sound input is not there." in broadcast.text
    assert "Traceback" not in broadcast.text


def test_one_that_cannot_be_opened_is_told(server: AudiocastServer, pulse: PulseServer) -> None:
    # ALSA's configuration still knows it, PulseAudio does not.
    pulse.unplug("line_in")
    with BroadcastProcess(server.base, "--device", "line_in", environment=pulse.environment) as broadcast:
        assert broadcast.wait() == 3
    assert "sound input" in broadcast.text
    assert "Traceback" not in broadcast.text


def test_no_input_at_all_is_told(server: AudiocastServer, tmp_path: Path) -> None:
    # A machine that runs tests may have inputs of its own: this PortAudio finds none.
    (tmp_path / "sounddevice.py").write_text(
        "class PortAudioError(Exception): pass\n"
        "class default: device = {'input': -1}\n"
        "def _terminate(): pass\n"
        "_initialize = _terminate\n"
        "def query_hostapis(): return ()\n"
        "query_devices = query_hostapis\n"
    )
    with BroadcastProcess(server.base, environment={"PYTHONPATH": str(tmp_path)}) as broadcast:
        assert broadcast.wait() == 3
    assert "There is no sound input." in broadcast.text


def test_no_portaudio_is_told_with_the_package(server: AudiocastServer, tmp_path: Path) -> None:
    # A library of that name that is none, found before the real one.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    with BroadcastProcess(server.base, environment={"PYTHONPATH": str(tmp_path)}) as broadcast:
        assert broadcast.wait() == 3
    assert "sudo apt install libportaudio2" in broadcast.text
    assert "Traceback" not in broadcast.text


def envelope(samples: "array[int]", speed: float = 1.0) -> list[float]:
    """Return the power of each hop, as a root mean square, as if the sound were that much faster."""
    starts = range(0, round((len(samples) - HOP) / speed), HOP)
    return [math.hypot(*samples[round(start * speed) : round(start * speed) + HOP]) for start in starts]


def best_correlation(said: list[float], heard: list[float]) -> float:
    """Return the correlation of `said` with the part of `heard` that it fits best."""
    return max(
        correlation(said, heard[shift : shift + len(said)]) for shift in range(len(heard) - len(said) + 1)
    )


def correlation(one: list[float], other: list[float]) -> float:
    """Return Pearson's correlation of two lists of one length."""
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    one, other = [each - mean_one for each in one], [each - mean_other for each in other]
    norm = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / norm if norm else 0.0
