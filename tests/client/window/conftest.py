"""What the window's tests stand on: a desktop, a microphone that speaks, a server with a key that lasts."""

import subprocess
import tempfile
import wave
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.client.pulse import PulseServer
from tests.client.window.desktop import Desktop
from tests.support.processes.server import AudiocastServer
from tk_streamer.audio.music import music
from tk_streamer.audio.pcm import BLOCK_SECONDS

MICROPHONE, OTHER_MICROPHONE = "studio_mic", "line_in"
SECRET = "a-secret-for-tests-1"
SPEECH = (
    "Good evening. This is a test of the broadcaster's window. The quick brown fox jumps over the lazy dog. "
    "Seven, eight, nine, ten. Sphinx of black quartz, judge my vow."
)
MUSIC_SECONDS = 10.0
_PROGRAM_SECONDS = 60


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    with Desktop(tmp_path) as desktop:
        yield desktop


@pytest.fixture
def pulse() -> Iterator[PulseServer]:
    # A socket's path has 107 characters at most; pytest's own folders may be longer.
    with (
        tempfile.TemporaryDirectory(prefix="pulse-") as folder,
        PulseServer(Path(folder), MICROPHONE, OTHER_MICROPHONE) as pulse,
    ):
        yield pulse


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET) as server:
        yield server


@pytest.fixture(scope="session")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech, then music, once: what is heard again would fit a second time. A WAV file of about 20 s."""
    folder = tmp_path_factory.mktemp("programme")
    speech, tune, whole = folder / "speech.wav", folder / "music.wav", folder / "programme.wav"
    subprocess.run(["espeak-ng", "-w", speech, SPEECH], check=True, timeout=_PROGRAM_SECONDS)
    with wave.open(str(tune), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(b"".join(islice(music(), round(MUSIC_SECONDS / BLOCK_SECONDS))))
    same = "aresample=48000,aformat=channel_layouts=stereo"
    graph = f"[0]{same}[a];[1]{same}[b];[a][b]concat=n=2:v=0:a=1"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", speech, "-i", tune, "-filter_complex", graph, whole]
    subprocess.run([*map(str, command)], check=True, timeout=_PROGRAM_SECONDS)
    return whole
