"""The sources of a sound server, by their names: listed, chosen, and never guessed without a server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.broadcast_process import BroadcastProcess
from tests.client.pulse import PulseServer
from tests.client.sound import decode, time_share
from tests.support.audio.media import wav_file
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer
from tk_streamer.audio import pulse_sources
from tk_streamer.audio.pulse_sources import PulseSource, chosen, list_sources

DESK, LINE = "Monitor of Null Output (desk.monitor)", "Monitor of Null Output (line.monitor)"
INFO = "Server String: /run/user/1000/pulse/native\nDefault Source: usb.mono\n"
SOURCES = """Source #1
	State: SUSPENDED
	Name: hdmi.monitor
	Description: Monitor of HDMI
	Monitor of Sink: hdmi
Source #7
	Name: usb.mono
	Description: Микрофон USB
	Monitor of Sink: n/a
Source #9
	Name: desk
	Description: Desk:  a,   b
	Monitor of Sink: n/a
Source #12
	Description: has no name
"""


def test_the_default_is_first_and_the_computers_own_sound_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_sources, "_pactl", lambda *what: INFO if what == ("info",) else SOURCES)
    assert list_sources() == [
        PulseSource("usb.mono", "Микрофон USB", is_default=True),
        PulseSource("desk", "Desk: a, b"),
        PulseSource("hdmi.monitor", "Monitor of HDMI", is_monitor=True),
    ]


def test_without_the_program_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert list_sources() == []


@pytest.mark.parametrize("before", [None, "other"])
def test_a_choice_is_over_with_its_block(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    if before:
        monkeypatch.setenv("PULSE_SOURCE", before)
    with chosen("desk"):
        assert os.environ["PULSE_SOURCE"] == "desk"
    assert os.environ.get("PULSE_SOURCE") == before
    with chosen(""):
        assert os.environ.get("PULSE_SOURCE") == before


@pytest.fixture
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseServer]:
    with PulseServer(tmp_path_factory.mktemp("p"), "desk", "line") as pulse:
        yield pulse


@pytest.mark.realtime
def test_each_source_is_heard_by_its_name(pulse: PulseServer, tmp_path: Path) -> None:
    environment = {**os.environ, **pulse.environment}
    command = [sys.executable, "-m", "tk_streamer", "--list-devices", "--log-format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    inputs: list[dict[str, Any]] = json.loads(done.stdout)
    names = [each["name"] for each in inputs]
    assert {DESK, LINE} <= set(names)
    assert not {"pulse", "default"} & set(names), "each of them is one of the sources"
    assert [each["is_default"] for each in inputs] == [True] + [False] * (len(inputs) - 1)
    tones = {"desk": 440, "line": 700}
    with AudiocastServer(tmp_path / "server.log") as server:
        for name, hz in tones.items():
            (tmp_path / name).mkdir()
            pulse.play(wav_file(tmp_path / name, seconds=60, tone_hz=hz), into=name)
        with BroadcastProcess(server.base, "--device", LINE, environment=environment) as broadcast:
            stream_id = broadcast.stream_id()
            broadcast.wait_for(re.escape(f"ON AIR: {LINE}"))
            with Listener(server.port, f"/stream/{stream_id}?preroll=0&latency=low") as listener:
                listener.wait_for_audio(2.5)
    (tmp_path / "heard.opus").write_bytes(listener.body)
    heard = decode(tmp_path / "heard.opus")[0][-48_000:]
    assert time_share(heard, tones["line"]) > 0.8
    assert time_share(heard, tones["desk"]) < 0.2
