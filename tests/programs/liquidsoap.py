"""Liquidsoap's scripts, out of docs/encoders/liquidsoap.md, and the music that they play."""

import subprocess
from pathlib import Path

from tests.programs.documents import block, filled
from tests.support.audio.media import wav_file
from tests.support.processes.server import AudiocastServer, Started

PAGE = "encoders/liquidsoap.md"
TONE_HZ = 440
TRACK_TONES_HZ = (500, 700, 900)
TRACK_SECONDS = 4.0
TRACK_ARTIST = "Band"

# It checks its whole library before it begins: 2 s of processor time here, more where others need it too.
START_SECONDS = 90.0

# Tests run as root in containers; Liquidsoap wants to be told that this is meant.
ROOT_MAY_RUN_IT = "init.allow_root.set(true)\n"


def command() -> str:
    """Give the document's command, which runs `radio.liq` in the working directory."""
    return f"exec {block(PAGE, 'Liquidsoap').strip()}"


def script(
    section: str, server: AudiocastServer, stream: Started, *, key: str = "", tracks: bool = False
) -> str:
    """Give the script of a section for a stream; several of them may stand in one file.

    Args:
        section: Of the document.
        server: Where the stream is.
        stream: Where to send to.
        key: Another key than the stream's: a wrong one.
        tracks: Play the short tracks one after the other, not the long tone.
    """
    text = filled(block(PAGE, section, "liquidsoap"), server, stream, key=key)
    if not tracks:
        return text
    changed = text.replace('playlist("music")', 'playlist("tracks", mode="normal")')
    assert changed != text
    return changed


def make_music(folder: Path) -> None:
    """Put `music`, one long tone, and `tracks`, three short ones with tags, into a folder.

    The tracks are "Song 1" to "Song 3" of `TRACK_ARTIST`.
    """
    (folder / "music").mkdir()
    wav_file(folder / "music", seconds=90, tone_hz=TONE_HZ)
    (folder / "tracks").mkdir()
    for number, tone_hz in enumerate(TRACK_TONES_HZ, 1):
        source = wav_file(folder, seconds=TRACK_SECONDS, tone_hz=tone_hz)
        tags = [f"--tag=TITLE=Song {number}", f"--tag=ARTIST={TRACK_ARTIST}"]
        track = folder / "tracks" / f"{number}.flac"
        subprocess.run(["flac", "--silent", *tags, "-o", str(track), str(source)], check=True, timeout=60)
