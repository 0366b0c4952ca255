"""The guide for those who come from Icecast, followed word for word.

Its configuration runs an Icecast, and is migrated to an audiocast; the commands that send to the one and play
it do so with the other.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.programs.documents import HOST, block
from tests.programs.heard import check_tone
from tests.programs.ordinary_user import PREFIX, ordinary_folder
from tests.programs.program import Program

pytestmark = pytest.mark.realtime

PAGE = "migration/icecast.md"
MOUNT = "/live.ogg"
TONE_HZ = 440
MUSIC_SECONDS = 90
SECONDS = 4.0
# Icecast's and audiocast's programs start at the same time.
START_SECONDS = 30.0
WAIT_SECONDS = 60.0
WAV_HEAD_BYTES = 44

# Where `audiocast` is.
PATH = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def of_guide(heading: str, port: int, language: str = "sh") -> str:
    """Return a block with the port of the test: each server has one of its own."""
    return block(PAGE, heading, language).replace(HOST, "127.0.0.1").replace("8000", str(port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def icecast(folder: Path) -> Iterator[int]:
    """Run Icecast with the guide's configuration; give its port."""
    port = free_port()
    (folder / "icecast.xml").write_text(of_guide("Step by step", port, "xml"))
    with Program(
        f"exec {PREFIX}icecast2 -c icecast.xml", log=folder / "icecast.log", folder=folder
    ) as program:
        program.wait_for(lambda: is_open(port), "Icecast", START_SECONDS)
        yield port


@contextmanager
def audiocast(folder: Path) -> Iterator[int]:
    """Migrate the guide's configuration and start what comes of it; give its port."""
    port = free_port()
    (folder / "icecast.xml").write_text(of_guide("Step by step", port, "xml"))
    command = of_guide("What is made of it", port)
    with Program(command, log=folder / "migrate.log", folder=folder, env=PATH) as program:
        assert program.wait(START_SECONDS) == 0, program.output
        assert "studio-" not in program.output
    command = of_guide("Start it", port)
    environment = {**PATH, "INTERNAL_PORT": "0"}
    with Program(command, log=folder / "server.log", folder=folder, env=environment) as program:
        program.wait_for(lambda: is_open(port), "audiocast", START_SECONDS)
        yield port
        assert program.exit_code is None
        assert "studio-" not in program.output


def is_open(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def test_the_same_commands_work_with_icecast_and_with_what_was_migrated() -> None:
    with ExitStack() as stack:
        folders = [stack.enter_context(ordinary_folder()) for _ in range(2)]
        servers = zip((icecast, audiocast), folders, strict=True)
        ports = [stack.enter_context(start(folder)) for start, folder in servers]
        make_music(folders[0] / "music.mp3")
        (folders[1] / "music.mp3").symlink_to(folders[0] / "music.mp3")
        senders = [
            run(stack, of_guide("What is sent", port), folder)
            for port, folder in zip(ports, folders, strict=True)
        ]
        for port, folder, sender in zip(ports, folders, senders, strict=True):
            sender.wait_for(partial(is_on, port), "the stream", START_SECONDS)
            run(stack, f"exec {PREFIX}{of_guide('What is heard', port).strip()} {VLC_TO_FILE}", folder)
        sounds = [folder / "sound.wav" for folder in folders]
        for sound, sender in zip(sounds, senders, strict=True):
            sender.wait_for(partial(is_heard, sound), "VLC's sound", WAIT_SECONDS)
        assert [sender.exit_code for sender in senders] == [None, None]
        heard = [sound.read_bytes() for sound in sounds]
    for body in heard:
        check_tone(body, TONE_HZ, seconds=SECONDS - 0.5)


def run(stack: ExitStack, command: str, folder: Path) -> Program:
    """Start one of the guide's commands until the test ends."""
    name = "vlc" if "vlc" in command else "ffmpeg"
    return stack.enter_context(Program(command, log=folder / f"{name}.log", folder=folder))


def make_music(path: Path) -> None:
    source = f"-f lavfi -i sine={TONE_HZ}:duration={MUSIC_SECONDS}:sample_rate=48000"
    subprocess.run(
        ["ffmpeg", "-v", "error", *source.split(), "-b:a", "192k", str(path)], check=True, timeout=60
    )


VLC_TO_FILE = "--no-color --aout=afile --audiofile-file=sound.wav"

# 48 kHz, two channels, 16 bits.
MOST_BYTES_A_SECOND = 48_000 * 4


def is_heard(sound: Path) -> bool:
    """Return whether VLC's recording is long enough, at any rate of samples."""
    return sound.exists() and sound.stat().st_size - WAV_HEAD_BYTES >= SECONDS * MOST_BYTES_A_SECOND


def is_on(port: int) -> bool:
    """Return whether the mount has audio."""
    try:
        with requests.get(f"http://127.0.0.1:{port}{MOUNT}", stream=True, timeout=5) as answer:
            assert answer.headers["Content-Type"] in ("audio/ogg", "application/ogg"), answer.headers
            return answer.status_code == 200 and bool(answer.raw.read(1000))
    except (AssertionError, requests.RequestException):
        return False
