"""A real encoder, real players, twenty seconds: every packet arrives as it was sent, and decodes."""

import re
import subprocess
import wave
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from audiocast.ogg.silence import silence_packet
from tests.support.audio.capture import Capture, is_run_of
from tests.support.network.wiretap import Wiretap
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SECONDS = 20
PROGRAM_SECONDS = 40
WAV_RATE_HZ = 48_000
# How much a listener may miss when it comes at once and has the whole backlog.
JOIN_SECONDS = 5

# What ffmpeg 5.1 says at the end of every response that has no length and no chunks.
NORMAL_END = re.compile(r"Stream ends prematurely at \d+, should be 18446744073709551615|Input/output error$")

ENCODER = (
    "ffmpeg -hide_banner -loglevel warning -nostdin -re -f lavfi -i "
    # Noise, so that no two packets are the same.
    f"anoisesrc=color=pink:seed=7:sample_rate=48000:duration={SECONDS} -ac 2 "
    "-c:a libopus -b:a 96k -application audio -frame_duration 20 -page_duration 20000 "
    "-f ogg -content_type audio/ogg -method POST"
)


def test_ffmpeg_and_opusdec_get_what_ffmpeg_sends_byte_for_byte(tmp_path: Path) -> None:
    wavs = {"ffmpeg": tmp_path / "ffmpeg.wav", "opusdec": tmp_path / "opusdec.wav"}
    # No grace: what follows the last packet of the encoder is the end page alone.
    settings = AudiocastServer(tmp_path / "server.log", SOURCE_GRACE_SECONDS=0)
    with ExitStack() as stack:
        server = stack.enter_context(settings)
        started = server.start_stream()
        taps = {name: stack.enter_context(Wiretap(server.port)) for name in ("encoder", "ffmpeg", "opusdec")}

        def through(name: str, url: str) -> str:
            return url.replace(f":{server.port}/", f":{taps[name].port}/")

        encoder = stack.enter_context(_start([*ENCODER.split(), through("encoder", started.keyed_url)]))
        server.wait_for_state(started.stream_id, "live")
        players = {
            "ffmpeg": "ffmpeg -hide_banner -loglevel warning -nostdin -i",
            "opusdec": "opusdec --quiet --force-wav",
        }
        running = {
            name: stack.enter_context(
                _start([*command.split(), through(name, started.stream_url), str(wavs[name])])
            )
            for name, command in players.items()
        }
        for name, program in {"encoder": encoder, **running}.items():
            said = program.communicate(timeout=PROGRAM_SECONDS)[0].splitlines()
            complaints = [line for line in said if not NORMAL_END.search(line)]
            assert (name, program.returncode, complaints) == (name, 0, [])
        sent = Capture.parse(taps["encoder"].sent_body)
        assert "Transfer-Encoding: chunked" in taps["encoder"].request_head
        assert sent.seconds == pytest.approx(SECONDS, abs=0.1)
        for name in players:
            got = Capture.parse(taps[name].answer.body)
            _check_run(got, sent.packets)
            assert _wav_seconds(wavs[name]) == pytest.approx(got.seconds, abs=0.05), name


def _check_run(got: Capture, sent: Sequence[bytes]) -> None:
    got.check_one_stream()
    *packets, last = got.packets
    assert got.pages[-1].is_eos
    assert last == silence_packet(got.head)
    assert is_run_of(packets, sent)
    assert packets[-1] == sent[-1]
    assert got.seconds > SECONDS - JOIN_SECONDS


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _wav_seconds(path: Path) -> float:
    """Length by the size of the file: a player that writes to a pipe knows no length for the header."""
    with wave.open(str(path)) as wav:
        assert wav.getframerate() == WAV_RATE_HZ
        frame_bytes: int = wav.getnchannels() * wav.getsampwidth()
    return path.stat().st_size / frame_bytes / WAV_RATE_HZ
