"""butt with the configuration of its document: on air, a title, a wrong key, a key too long for it."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs.desktop import Desktop
from tests.programs.documents import block, filled
from tests.programs.heard import check_tone
from tests.programs.program import Program
from tests.support.http.listener import Listener
from tests.support.network.ports import free_port
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

PAGE = "encoders/butt.md"
TONE_HZ = 440
SECONDS = 10.0
WAIT_SECONDS = 60.0

# Windows of 50 ms, of 200: where the machine is busy, samples are lost between the sound daemon and butt.
JUMPS = 40

# As the document says, with the user `source`.
LONGEST_TITLE = "T" * 76


class Butt:
    """One butt in a folder of its own, which goes on air by itself.

    Args:
        desktop: Where it shows its window.
        folder: To be made for it.
        server: Where it sends to.
        stream: Its stream.
        key: Another key than the stream's: a wrong one.
    """

    def __init__(
        self, desktop: Desktop, folder: Path, server: AudiocastServer, stream: Started, *, key: str = ""
    ) -> None:
        folder.mkdir()
        (folder / "butt.conf").write_text(filled(block(PAGE, "As a file", "ini"), server, stream, key=key))
        self.stream = stream
        self._log = folder / "butt.log"
        self._command_port = free_port()
        self.program = Program(
            f"exec butt -c butt.conf -p {self._command_port}",
            log=folder / "output",
            folder=folder,
            env=desktop.environment,
        )

    @property
    def log(self) -> str:
        """What it shows in its window: words, not what ALSA has to say beside it."""
        return self._log.read_text() if self._log.exists() else ""

    def tell(self, *options: str) -> str:
        """Give a command, as a second butt would; give the answer."""
        command = ["butt", *options, "-p", str(self._command_port)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=WAIT_SECONDS
        ).stdout


@dataclass(frozen=True)
class Run:
    """Three butts at work, one of which is let in.

    Attributes:
        on_air: That one; its stream has the longest title that fits.
        heard: What its listener got.
        refused: The others, by what is wrong with their keys.
    """

    server: AudiocastServer
    on_air: Butt
    heard: Listener
    refused: Mapping[str, Butt]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("butt")
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log"))
        desktop = stack.enter_context(Desktop(tone_hz=TONE_HZ))
        on_air = Butt(desktop, folder / "on-air", server, server.start_stream(title=LONGEST_TITLE))
        refused = {
            "wrong": Butt(desktop, folder / "wrong", server, server.start_stream(), key="a-wrong-key"),
            "cut": Butt(desktop, folder / "cut", server, server.start_stream(title=f"{LONGEST_TITLE}T")),
        }
        for butt in (on_air, *refused.values()):
            stack.enter_context(butt.program)
        stream_id = on_air.stream.stream_id
        on_air.program.wait_for(lambda: bool(server.state(stream_id)["live"]), "on air", WAIT_SECONDS)
        heard = stack.enter_context(Listener(server.port, f"/stream/{stream_id}?preroll=0"))
        heard.wait_for_audio(SECONDS + 1, WAIT_SECONDS)
        yield Run(server, on_air, heard, refused)


def test_ten_seconds_are_heard(run: Run) -> None:
    run.heard.capture().check_one_stream()
    check_tone(run.heard.body, TONE_HZ, seconds=SECONDS, spoiled_windows=JUMPS)


def test_it_sends_a_page_for_each_frame(run: Run) -> None:
    state = run.server.state(run.on_air.stream.stream_id)
    assert (state["page_ms"], state["channels"]) == (20, 2)


def test_the_bitrate_is_constant(run: Run) -> None:
    assert {len(packet) for packet in run.heard.capture().packets} == {240}


def test_a_title_is_shown_and_the_stream_goes_on(run: Run) -> None:
    run.on_air.tell("-u", "Band - Song")
    stream_id = run.on_air.stream.stream_id
    run.on_air.program.wait_for(
        lambda: run.server.state(stream_id)["now_playing"] == {"title": "Band - Song", "artist": ""},
        "the title",
        WAIT_SECONDS,
    )
    run.heard.wait_for_audio(run.heard.capture().seconds + 2, WAIT_SECONDS)
    run.heard.capture().check_one_stream()
    assert "connected: 1\n" in run.on_air.tell("-S")


@pytest.mark.parametrize("wrong", ["wrong", "cut"])
def test_a_key_that_does_not_fit_is_said_in_its_log(run: Run, wrong: str) -> None:
    butt = run.refused[wrong]
    butt.program.wait_for(
        lambda: "connect: invalid user/password!" in butt.log, "a word about the key", WAIT_SECONDS
    )
    assert "connected: 0\n" in butt.tell("-S")
