"""Mixxx with the settings of its document: it is let in, or told that its key is wrong; its audio is heard.

Debian's Mixxx 2.3.3 sends no Opus to any server: its encoder keeps all for itself, which 2.3.5 has mended.
So the audio is that of another encoder here, in packets and pages as Mixxx's encoder makes them, behind the
requests that the real Mixxx was recorded with.
"""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client.sound import SAMPLE_RATE
from tests.programs.desktop import Desktop
from tests.programs.documents import block, filled
from tests.programs.heard import check_steady, decoded
from tests.programs.program import Program
from tests.support.audio.media import opus_file
from tests.support.http.exchange import connect, read_answer
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

PAGE = "encoders/mixxx.md"
TONE_HZ = 440
SECONDS = 10.0
WAIT_SECONDS = 90.0

PACKET_MS = 60
# What Mixxx's encoder makes of 96 kbit/s: packets of 720 bytes on pages of 4 KiB and a little.
PAGE_MS = 360

# Recorded from Mixxx 2.3.3, which has its own copy of libshout inside, by a relay between it and the
# server.
#
# The first request is without credentials. Refused with 401, it comes again with them, on a new connection.
RECORDED_HEAD = (
    "SOURCE /ingest/{stream_id} HTTP/1.0\r\n"
    "{authorization}"
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: libshout/2.4.1\r\n"
    "Content-Type: application/ogg\r\n"
    "ice-public: 0\r\n"
    "ice-name: \r\nice-description: \r\nice-genre: \r\nice-url: \r\nice-irc: \r\nice-aim: \r\nice-icq: \r\n"
    "ice-audio-info: bitrate=96\r\n"
    "\r\n"
)

CONFIGURATION = """
[Config]
Version 2.3.3
"""

SOUND_HARDWARE = """<!DOCTYPE SoundManagerConfig>
<SoundManagerConfig api="ALSA" samplerate="48000" latency="5" sync_buffers="2" deck_count="2">
  <SoundDevice name="default" portAudioIndex="0" alsaHwDevice="">
    <output type="Master" index="0" channel="0" channel_count="2"/>
  </SoundDevice>
</SoundManagerConfig>
"""


@dataclass(frozen=True)
class Run:
    """One Mixxx with two connections.

    Attributes:
        server: Where it connects to.
        admitted: The stream with the right key.
        refused: The stream with a wrong one.
        mixxx: The program.
    """

    server: AudiocastServer
    admitted: Started
    refused: Started
    mixxx: Program


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("server") / "server.log") as server:
        yield server


@pytest.fixture(scope="module")
def run(server: AudiocastServer) -> Iterator[Run]:
    with ExitStack() as stack:
        desktop = stack.enter_context(Desktop(tone_hz=TONE_HZ))
        admitted, refused = server.start_stream(), server.start_stream()
        settings = desktop.home / "settings"
        profiles = settings / "broadcast_profiles"
        profiles.mkdir(parents=True)
        (settings / "mixxx.cfg").write_text(CONFIGURATION)
        (settings / "soundconfig.xml").write_text(SOUND_HARDWARE)
        write_profile(profiles, "admitted", server, admitted)
        write_profile(profiles, "refused", server, refused, key="a-wrong-key")
        command = f"exec mixxx --settingsPath {settings}/ --safeMode --logLevel debug"
        mixxx = stack.enter_context(
            Program(command, log=desktop.home / "mixxx.log", folder=desktop.home, env=desktop.environment)
        )
        desktop.press("Escape", title="Choose music library directory")
        mixxx.wait_for(lambda: "Running Mixxx" in mixxx.output, "it runs", WAIT_SECONDS)
        desktop.press("ctrl+l", title="^Mixxx$")
        yield Run(server, admitted, refused, mixxx)


def write_profile(
    profiles: Path, name: str, server: AudiocastServer, stream: Started, *, key: str = ""
) -> None:
    """Write a connection, as the document has it, under a name of its own."""
    profile = filled(block(PAGE, "As a file", "xml"), server, stream, key=key)
    (profiles / f"{name}.bcp.xml").write_text(
        profile.replace("<ProfileName>audiocast", f"<ProfileName>{name}")
    )


def test_it_is_let_in(run: Run) -> None:
    stream_id = run.admitted.stream_id
    run.mixxx.wait_for(
        lambda: any(
            event["event"] == "source_connected" and event["stream_id"] == stream_id
            for event in run.server.events()
        ),
        "the server has let it in",
        WAIT_SECONDS,
    )
    connected = "[ShoutOutput 'admitted']: ShoutConnection - ***********Connected to streaming server..."
    run.mixxx.wait_for(lambda: connected in run.mixxx.output, "it knows", WAIT_SECONDS)
    assert "ShoutOutput 'admitted']: Streaming error" not in run.mixxx.output


def test_a_wrong_key_is_said(run: Run) -> None:
    run.mixxx.wait_for(
        lambda: "[ShoutOutput 'refused']: Streaming error" in run.mixxx.output, "an error", WAIT_SECONDS
    )
    error = next(line for line in run.mixxx.output.splitlines() if "'refused']: Streaming error" in line)
    assert "verify that your username and password are correct" in error


def test_the_recording_is_of_this_mixxx(run: Run) -> None:
    run.mixxx.wait_for(lambda: "Using server URL" in run.mixxx.output, "a connection", WAIT_SECONDS)
    assert "libshout: 2.4.1" in run.mixxx.output


def test_what_it_sends_is_heard(server: AudiocastServer, tmp_path: Path) -> None:
    stream = server.start_stream()
    audio = opus_file(tmp_path, seconds=SECONDS + 2, frame_ms=PACKET_MS, page_ms=PAGE_MS, tone_hz=TONE_HZ)
    with connect(server.port) as probe:
        probe.sendall(recorded(server, stream, with_key=False))
        answer = read_answer(probe)
        assert answer.status == 401
        assert "SOURCE" in answer.headers["allow"]
    # All at once: a source may be 20 s ahead of real time. What comes after it is the server's silence.
    path = f"/stream/{stream.stream_id}?preroll=20"
    with Listener(server.port, path) as listener, connect(server.port) as mixxx:
        mixxx.sendall(recorded(server, stream, with_key=True))
        assert mixxx.recv(1000).split(b" ")[1] == b"200"
        mixxx.sendall(audio.read_bytes())
        listener.wait_for_audio(SECONDS + 1).check_one_stream()
        assert server.state(stream.stream_id)["page_ms"] == PAGE_MS
    check_steady(decoded(listener.body)[SAMPLE_RATE // 2 : round(SECONDS * SAMPLE_RATE)], TONE_HZ)


def recorded(server: AudiocastServer, stream: Started, *, with_key: bool) -> bytes:
    """Give a recorded request, for this server and stream."""
    login = base64.b64encode(f"source:{stream.ingest_key}".encode()).decode()
    return RECORDED_HEAD.format(
        stream_id=stream.stream_id,
        authorization=f"Authorization: Basic {login}\r\n" if with_key else "",
        port=server.port,
    ).encode()
