"""Programs that send what they read, run as docs/encoders/ says: ten seconds of one tone, and a wrong key.

All of them are on the air at the same time, each in a stream of its own; so are those with the wrong key.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.programs.broadcast import Broadcast, Heard
from tests.programs.documents import block
from tests.programs.heard import check_tone
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SECONDS = 10.0
# More than what decoders drop of the beginning (RFC 7845 section 4.2).
PRE_SKIP_SECONDS = 0.1

TONE_HZ = 440
MUSIC_SECONDS = 60
FIRST_TRACK_SECONDS = 6
# In which a program with a wrong key has to end; each needs below three, alone on a machine.
END_SECONDS = 30.0

WRONG_KEY = "a-wrong-key"
SONG = {"title": "Song", "artist": "Band"}
SECOND_TRACK = {"title": "Zwölf", "artist": "Band"}
UNAUTHORIZED = r"Server returned 401 Unauthorized \(authorization failed\)"


@dataclass(frozen=True)
class Sender:
    """A command of the documents.

    Attributes:
        page: Below docs/encoders/.
        heading: Under which the command stands.
        refusal: What the program says when the key is wrong: a pattern.
        method: Of the request that is refused for it.
        unframed: The body ends with the connection.
        config: File that the configuration under the heading is saved as; empty: there is none.
        now_playing: What the server learns from the audio.
        spoiled_windows: Of 50 ms, that may hold something else than the tone.
    """

    page: str
    heading: str
    refusal: str
    method: str = "PUT"
    unframed: bool = True
    config: str = ""
    now_playing: Mapping[str, str] | None = field(default_factory=SONG.copy)
    spoiled_windows: int = 0

    @property
    def command(self) -> str:
        """For bash."""
        return block(f"encoders/{self.page}", self.heading)

    @property
    def files(self) -> dict[str, str]:
        """The configuration, by the name that the document gives it."""
        return {self.config: block(f"encoders/{self.page}", self.heading, "xml")} if self.config else {}


SENDERS = {
    "ffmpeg-http": Sender("ffmpeg.md", "HTTP", UNAUTHORIZED, method="POST", unframed=False),
    "ffmpeg-icecast": Sender("ffmpeg.md", "Icecast", UNAUTHORIZED),
    "ffmpeg-legacy-icecast": Sender(
        "ffmpeg.md", "Icecast before 2.4", "Broken pipe|Connection reset", method="SOURCE"
    ),
    "oggfwd": Sender("oggfwd.md", "oggfwd", "oggfwd: Error connecting: Login failed"),
    "shout": Sender("oggfwd.md", "shout", "Error connecting: Login failed"),
    "opusenc": Sender("oggfwd.md", "From opusenc", "Login failed", now_playing=None),
    "ezstream": Sender(
        "ezstream.md", "A stream from another program", "error -3: Login failed", config="audiocast.xml"
    ),
    "ezstream-playlist": Sender(
        "ezstream.md",
        "A playlist",
        "error -3: Login failed",
        config="audiocast.xml",
        now_playing=SECOND_TRACK,
        # opusenc fills the last packet of a track with silence, and begins the next one softly.
        spoiled_windows=2,
    ),
    "shout2send": Sender("gstreamer.md", "Icecast", r"shout_open\(\) failed: err=Login failed"),
    "curlhttpsink": Sender(
        "gstreamer.md", "HTTP", r"HTTP response error: \(received: 401\)", method="POST", unframed=False
    ),
}


@dataclass(frozen=True)
class Evening:
    """What was on the air.

    Attributes:
        heard: By sender.
        refused: Broadcasts with the wrong key, by sender.
        server: Its log tells the rest.
    """

    heard: dict[str, Heard]
    refused: dict[str, Broadcast]
    server: AudiocastServer


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("senders")
    music = _music(folder / "music.mp3", MUSIC_SECONDS, "Song")
    first = _music(folder / "first.mp3", FIRST_TRACK_SECONDS, "Eins")
    second = _music(folder / "second.mp3", MUSIC_SECONDS, SECOND_TRACK["title"])

    def broadcast(name: str, key: str = "") -> Broadcast:
        sender = SENDERS[name]
        own = folder / (f"{name}-refused" if key else name)
        own.mkdir()
        (own / music.name).symlink_to(music)
        (own / "playlist.m3u").write_text(f"{first}\n{second}\n")
        return Broadcast(server, sender.command, folder=own, files=sender.files, key=key)

    settings = AudiocastServer(folder / "server.log", HEADER_WAIT_TIMEOUT=60, LOG_LEVEL="debug")
    with settings as server, ExitStack() as stack:
        on_air = {name: stack.enter_context(broadcast(name)) for name in SENDERS}
        refused = {name: stack.enter_context(broadcast(name, WRONG_KEY)) for name in SENDERS}
        yield Evening(
            {name: each.hear(SECONDS + PRE_SKIP_SECONDS) for name, each in on_air.items()}, refused, server
        )


@pytest.mark.parametrize("name", SENDERS)
def test_a_listener_hears_it_as_one_stream(evening: Evening, name: str) -> None:
    heard, sender = evening.heard[name], SENDERS[name]
    heard.capture.check_one_stream()
    check_tone(heard.body, TONE_HZ, seconds=SECONDS, spoiled_windows=sender.spoiled_windows)


@pytest.mark.parametrize("name", SENDERS)
def test_the_server_sees_short_pages_and_the_song(evening: Evening, name: str) -> None:
    state = evening.heard[name].state
    assert (state["state"], state["page_ms"]) == ("live", 20)
    assert state["now_playing"] == SENDERS[name].now_playing


@pytest.mark.parametrize("name", SENDERS)
def test_it_frames_its_body_as_the_document_says(evening: Evening, name: str) -> None:
    stream_id = evening.heard[name].state["stream_id"]
    connected = [
        event["unframed"]
        for event in evening.server.events()
        if event["event"] == "source_connected" and event["stream_id"] == stream_id
    ]
    assert connected == [SENDERS[name].unframed]


@pytest.mark.parametrize("name", SENDERS)
def test_with_a_wrong_key_it_says_so_and_ends(evening: Evening, name: str) -> None:
    refused, sender = evening.refused[name], SENDERS[name]
    assert refused.program.wait(END_SECONDS) != 0
    assert re.search(sender.refusal, refused.program.output), refused.program.output
    asked = refused.requests()
    assert asked
    assert set(asked) == {(sender.method, 401)}
    assert evening.server.state(refused.stream.stream_id)["state"] == "waiting"


def _music(path: Path, seconds: int, title: str) -> Path:
    """Make an MP3 with tags."""
    command = f"ffmpeg -v error -f lavfi -i sine={TONE_HZ}:duration={seconds}:sample_rate=48000"
    tags = ["-metadata", f"title={title}", "-metadata", "artist=Band"]
    subprocess.run([*command.split(), *tags, "-b:a", "192k", str(path)], check=True, timeout=60)
    return path
