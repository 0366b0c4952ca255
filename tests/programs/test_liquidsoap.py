"""Liquidsoap with the scripts of its document: every method, both encoders, tracks, a wrong key.

One process holds all the scripts, each with a stream of its own: Liquidsoap's start costs seconds of
processor time, and each script is an output of its own inside it.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.programs import liquidsoap
from tests.programs.heard import check_tone, decoded, tone_runs
from tests.programs.program import Program
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

SECTIONS = ("Short pages", "POST, chunked", "PUT", "SOURCE")
WITH_TRACKS = ("Short pages", "SOURCE")
SECONDS = 10.0
HEAR_SECONDS = 60.0

# How long the sound may be no pure tone: where it joins, and where tracks meet.
CHANGE_SECONDS = 0.5

# A section of the document; whether it plays the short tracks.
Name = tuple[str, bool]

BROADCASTS: tuple[Name, ...] = (
    *((section, False) for section in SECTIONS),
    *((section, True) for section in WITH_TRACKS),
)


@dataclass(frozen=True)
class Run:
    """All scripts at work.

    Attributes:
        heard: What the listener of each broadcast got.
        states: The state of each stream while it was live.
        titles: What was playing on each, in order.
        refused: The stream whose script had a wrong key.
        output: What Liquidsoap said.
    """

    heard: Mapping[Name, Listener]
    states: Mapping[Name, Mapping[str, Any]]
    titles: Mapping[Name, list[str]]
    refused: Started
    output: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("liquidsoap")
    liquidsoap.make_music(folder)
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log"))
        streams = {name: server.start_stream() for name in BROADCASTS}
        refused = server.start_stream()
        scripts = [
            liquidsoap.script(section, server, stream, tracks=tracks)
            for (section, tracks), stream in streams.items()
        ]
        scripts.append(liquidsoap.script("PUT", server, refused, key="a-wrong-key"))
        (folder / "radio.liq").write_text(liquidsoap.ROOT_MAY_RUN_IT + "".join(scripts))
        program = stack.enter_context(
            Program(liquidsoap.command(), log=folder / "liquidsoap.log", folder=folder)
        )
        program.wait_for(
            lambda: all(server.state(stream.stream_id)["live"] for stream in streams.values()),
            "all are live",
            liquidsoap.START_SECONDS,
        )
        heard = {
            name: stack.enter_context(Listener(server.port, f"/stream/{stream.stream_id}?preroll=0"))
            for name, stream in streams.items()
        }
        titles: dict[Name, list[str]] = {name: [] for name in streams}
        deadline = time.monotonic() + HEAR_SECONDS
        while any(listener.capture().seconds < SECONDS + 1 for listener in heard.values()):
            assert time.monotonic() < deadline, program.output[-2000:]
            for name, stream in streams.items():
                note_title(titles[name], server.state(stream.stream_id))
            time.sleep(0.5)  # a track lasts four seconds, and each look takes all bodies apart
        states = {name: server.state(stream.stream_id) for name, stream in streams.items()}
        yield Run(heard, states, titles, refused, program.output)


def note_title(titles: list[str], state: Mapping[str, Any]) -> None:
    """Take down what is playing when it is something new."""
    now = state["now_playing"]
    if now is not None and [now["title"]] != titles[-1:]:
        assert now["artist"] == liquidsoap.TRACK_ARTIST
        titles.append(now["title"])


@pytest.mark.parametrize("section", SECTIONS)
def test_ten_seconds_are_heard(run: Run, section: str) -> None:
    heard = run.heard[section, False]
    heard.capture().check_one_stream()
    check_tone(heard.body, liquidsoap.TONE_HZ, seconds=SECONDS)


def test_pages_are_as_long_as_the_document_says(run: Run) -> None:
    pages_ms = {section: run.states[section, False]["page_ms"] for section in SECTIONS}
    assert pages_ms == {"Short pages": 20, "POST, chunked": 360, "PUT": 360, "SOURCE": 360}


@pytest.mark.parametrize("section", WITH_TRACKS)
def test_every_track_has_its_title(run: Run, section: str) -> None:
    titles = run.titles[section, True]
    assert len(titles) >= 3
    numbers = [int(title.removeprefix("Song ")) for title in titles]
    assert numbers == [(numbers[0] - 1 + step) % 3 + 1 for step in range(len(numbers))]


@pytest.mark.parametrize("section", WITH_TRACKS)
def test_tracks_are_one_stream_for_a_listener_and_follow_each_other_at_once(run: Run, section: str) -> None:
    heard = run.heard[section, True]
    heard.capture().check_one_stream()
    assert heard.end is None
    tones = liquidsoap.TRACK_TONES_HZ
    runs = tone_runs(decoded(heard.body), tones, change_seconds=CHANGE_SECONDS)
    assert len(runs) >= 3
    first = tones.index(runs[0][0])
    assert [tone for tone, _ in runs] == [tones[(first + step) % 3] for step in range(len(runs))]


def test_a_wrong_key_is_said_in_the_log(run: Run) -> None:
    mount = f"[/ingest/{run.refused.stream_id}:"
    said = "".join(line for line in run.output.splitlines(keepends=True) if mount in line)
    assert "Connection failed: 401, Unauthorized (HTTP/1.1)" in said
    assert "Will try again in 3.00 sec." in said
