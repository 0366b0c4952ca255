"""Programs that send what a microphone hears, run as docs/encoders/ says: DarkIce and OBS Studio."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.programs.broadcast import Broadcast, Heard
from tests.programs.desktop import MICROPHONE, SPEAKER, Desktop
from tests.programs.documents import block
from tests.programs.heard import check_tone
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SECONDS = 10.0
# More than what decoders drop of the beginning (RFC 7845 section 4.2).
PRE_SKIP_SECONDS = 0.1

TONE_HZ = 440
REFUSED_SECONDS = 40.0
PACTL_SECONDS = 20.0
# Of 200: a sound card that is a program misses its time when others keep the processor.
LOST_WINDOWS = 40

WRONG_KEY = "a-wrong-key"

OBS_FOLDER = ".config/obs-studio"
# Else OBS opens its wizard for those who start it for the first time; 0x1d000002 is 29.0.2.
OBS_WAS_HERE_BEFORE = """\
[General]
FirstRun=true
LastVersion=486539266

[Basic]
Profile=audiocast
ProfileDir=audiocast
SceneCollection=Untitled
SceneCollectionFile=Untitled
ConfigOnNewProfile=false
"""

# What OBS makes itself on its first start, after which it forgets what it was told to begin with.
OBS_SCENES = json.dumps(
    {
        "name": "Untitled",
        "current_scene": "Scene",
        "scene_order": [{"name": "Scene"}],
        "sources": [{"id": "scene", "name": "Scene"}],
        "AuxAudioDevice1": {
            "id": "pulse_input_capture",
            "name": "Mic/Aux",
            "mixers": 1,
            "settings": {"device_id": f"{SPEAKER}.monitor"},
        },
    }
)

# OBS would ask its makers for news over HTTPS; this is where it finds nobody. Port 9: discard.
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Sender:
    """A program of the documents.

    Attributes:
        command: For bash.
        files: Its configuration, by name.
        refusal: What it says when the key is wrong: a pattern.
        page_ms: What the document says of its pages: least and most.
    """

    command: str
    files: dict[str, str]
    refusal: str
    page_ms: tuple[int, int]


SENDERS = {
    "darkice": Sender(
        command=block("encoders/darkice.md", "DarkIce"),
        files={"darkice.cfg": block("encoders/darkice.md", "DarkIce", "ini")},
        refusal="Unexpected response from server",
        page_ms=(300, 360),
    ),
    "obs": Sender(
        command="obs --startrecording --multi --profile audiocast",
        files={
            f"{OBS_FOLDER}/global.ini": OBS_WAS_HERE_BEFORE,
            f"{OBS_FOLDER}/basic/scenes/Untitled.json": OBS_SCENES,
            f"{OBS_FOLDER}/basic/profiles/audiocast/basic.ini": block(
                "encoders/obs.md", "As a profile", "ini"
            ),
        },
        refusal=r"Server returned 401 Unauthorized \(authorization failed\)",
        page_ms=(20, 20),
    ),
}


@dataclass(frozen=True)
class Evening:
    """What was on the air.

    Attributes:
        heard: By sender.
        refused: Broadcasts with the wrong key, by sender.
    """

    heard: dict[str, Heard]
    refused: dict[str, Broadcast]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("cards")
    settings = AudiocastServer(folder / "server.log", HEADER_WAIT_TIMEOUT=60)
    with settings as server, Desktop(tone_hz=TONE_HZ) as desktop, ExitStack() as stack:
        _play_the_microphone(desktop)

        def broadcast(name: str, key: str = "") -> Broadcast:
            own = folder / (f"{name}-refused" if key else name)
            own.mkdir(mode=0o700)
            env = {
                **desktop.environment,
                "HOME": str(own),
                "XDG_CONFIG_HOME": str(own / ".config"),
                "XDG_RUNTIME_DIR": str(own),
                "LIBGL_ALWAYS_SOFTWARE": "1",
                "https_proxy": NOBODY,
            }
            sender = SENDERS[name]
            on_air = Broadcast(server, sender.command, folder=own, files=sender.files, key=key, env=env)
            return stack.enter_context(on_air)

        on_air = {name: broadcast(name) for name in SENDERS}
        refused = {name: broadcast(name, WRONG_KEY) for name in SENDERS}
        yield Evening({name: each.hear(SECONDS + PRE_SKIP_SECONDS) for name, each in on_air.items()}, refused)


@pytest.mark.parametrize("name", SENDERS)
def test_a_listener_hears_it_as_one_stream(evening: Evening, name: str) -> None:
    heard = evening.heard[name]
    heard.capture.check_one_stream()
    check_tone(heard.body, TONE_HZ, seconds=SECONDS, spoiled_windows=LOST_WINDOWS)


@pytest.mark.parametrize("name", SENDERS)
def test_its_pages_are_as_long_as_the_document_says(evening: Evening, name: str) -> None:
    state = evening.heard[name].state
    least_ms, most_ms = SENDERS[name].page_ms
    assert state["state"] == "live"
    assert least_ms <= state["page_ms"] <= most_ms


@pytest.mark.parametrize("name", SENDERS)
def test_with_a_wrong_key_it_says_so(evening: Evening, name: str) -> None:
    refused = evening.refused[name]
    refused.program.wait_for(
        lambda: re.search(SENDERS[name].refusal, refused.program.output) is not None,
        SENDERS[name].refusal,
        REFUSED_SECONDS,
    )
    assert refused.requests()
    assert {status for _, status in refused.requests()} == {401}


def _play_the_microphone(desktop: Desktop) -> None:
    """Let the speaker play what the microphone hears: of a source that is a module OBS hears nothing."""
    arguments = ["module-loopback", f"source={MICROPHONE}", f"sink={SPEAKER}", "adjust_time=0"]
    done = subprocess.run(
        ["pactl", "load-module", *arguments],
        env={**os.environ, **desktop.environment},
        capture_output=True,
        text=True,
        timeout=PACTL_SECONDS,
    )
    assert done.returncode == 0, done.stderr
