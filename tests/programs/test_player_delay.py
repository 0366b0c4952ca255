"""How far behind the server each player is, with the documents' commands: printed, and little where promised.

A source with another tone takes the stream over; the delay ends when the sound card plays that tone.
"""

import time
from array import array
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.client.sound import LEAST_SHARE, SAMPLE_RATE, power_share
from tests.programs.documents import block, filled
from tests.programs.heard import decoded
from tests.programs.ordinary_user import PREFIX, ordinary_folder
from tests.programs.program import Program
from tests.programs.sound_card import SoundCard
from tests.support.audio.media import opus_file
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

TONE_HZ = 440
NEW_HZ = 880
BACKLOG_SECONDS = 5.0
SETTLE_SECONDS = 3.0
WATCH_SECONDS = 9.0
START_SECONDS = 30.0
WINDOW = SAMPLE_RATE // 50

PLAYERS = {
    "mpv": "--no-config --really-quiet --ao=pulse",
    "VLC": "--quiet --aout=pulse",
    "ffplay": "-loglevel error",
    "GStreamer": "",
}


@pytest.fixture(scope="module")
def delays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Delay of each command, by its heading; seconds."""
    folder: Path = tmp_path_factory.mktemp("delays")
    old, new = (
        opus_file(folder, seconds=120, tone_hz=tone, vbr=False).read_bytes() for tone in (TONE_HZ, NEW_HZ)
    )
    recordings: dict[str, Path] = {}
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log"))
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, old, lead_seconds=BACKLOG_SECONDS))
        server.wait_for_state(started.stream_id, "live")
        card = stack.enter_context(SoundCard())
        for player, options in PLAYERS.items():
            for heading in (player, f"{player} with little delay"):
                command = filled(block("listening-programs.md", heading), server, started).strip()
                command = f"exec {PREFIX if player == 'VLC' else ''}{command} {options}"
                others = card.sounds()
                home = stack.enter_context(ordinary_folder())
                env = {
                    **card.environment,
                    "SDL_AUDIODRIVER": "pulse",
                    "HOME": str(home),
                    "XDG_RUNTIME_DIR": str(home),
                }
                log = folder / f"{heading}.log"
                program = stack.enter_context(Program(command, log=log, folder=home, env=env))
                program.wait_for(partial(_is_new_sound, card, others), "its sound", START_SECONDS)
                (sound,) = card.sounds() - others
                recordings[heading] = folder / f"{len(recordings)}.wav"
                stack.enter_context(card.recorded(sound, recordings[heading]))
        time.sleep(SETTLE_SECONDS)
        stack.enter_context(PacedSource(started.keyed_url, new))
        time.sleep(WATCH_SECONDS)
        heard = {heading: path.read_bytes() for heading, path in recordings.items()}
    return {heading: WATCH_SECONDS - _seconds_since_new(decoded(sound)) for heading, sound in heard.items()}


@pytest.mark.parametrize("player", PLAYERS)
def test_the_command_for_little_delay_has_less(delays: dict[str, float], player: str) -> None:
    usual, little = delays[player], delays[f"{player} with little delay"]
    print(f"{player}: {usual:.2f} s, with little delay {little:.2f} s")
    assert 0 < little < usual < WATCH_SECONDS


def _is_new_sound(card: SoundCard, others: set[int]) -> bool:
    return bool(card.sounds() - others)


def _seconds_since_new(samples: "array[int]") -> float:
    """Give for how long the new tone has been there at the end of a recording."""
    for start in range(0, len(samples) - WINDOW, WINDOW):
        if power_share(samples[start : start + WINDOW], NEW_HZ) > LEAST_SHARE:
            return (len(samples) - start) / SAMPLE_RATE
    return 0.0
