"""Commands of README.md and docs/ that talk to the server, run as they stand but for address, id and key."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.processes.server import AudiocastServer

ROOT = Path(__file__).parents[2]
ADDRESS = "http://localhost:8000"


def commands(*documents: str) -> list[str]:
    """Give the commands of all sh blocks, continued lines joined."""
    markdown = "".join((ROOT / document).read_text() for document in documents)
    blocks = re.findall(r"```sh\n(.*?)```", markdown, re.DOTALL)
    text = "".join(blocks).replace("\\\n", " ")
    return [line for line in text.splitlines() if ADDRESS in line]


def one(lines: list[str], pattern: str) -> str:
    """Give the command that matches; there must be one."""
    found = [line for line in lines if re.search(pattern, line)]
    assert len(found) == 1, f"expected one command like {pattern!r}, got {found}"
    return found[0]


@pytest.mark.parametrize("start", ["README.md", "docs/first-broadcast.md", "docs/ru/first-broadcast.md"])
def test_the_commands_do_what_the_documents_say(start: str, tmp_path: Path) -> None:
    lines = commands(start, "docs/api.md")
    music = "ffmpeg -loglevel error -f lavfi -i sine=440:duration=20 music.mp3"
    subprocess.run(music.split(), cwd=tmp_path, check=True)
    with AudiocastServer(tmp_path / "server.log") as server:
        words = {ADDRESS: server.base}

        def filled(pattern: str) -> list[str]:
            command = one(lines, pattern)
            for word, value in words.items():
                command = command.replace(word, value)
            return ["bash", "-c", f"exec {command}"]

        def run(pattern: str) -> str:
            # Not checked: curl ends with 28 when it listens for --max-time to an endless stream.
            done = subprocess.run(
                filled(pattern), cwd=tmp_path, stdout=subprocess.PIPE, text=True, timeout=30
            )
            return done.stdout

        started = json.loads(run("/api/start"))
        stream_id = started["stream_id"]
        words |= {"STREAM_ID": stream_id, "INGEST_KEY": started["ingest_key"]}
        with subprocess.Popen(filled("^ffmpeg"), cwd=tmp_path, stderr=subprocess.DEVNULL) as encoder:
            try:
                server.wait_for_state(stream_id, "live")
                streams = json.loads(run(r"curl -s \S+/api/streams$"))["streams"]
                # Nobody has asked for it to be listed.
                assert streams == []
                assert run("/metadata") == ""
                state = json.loads(run(r"curl -s \S+/api/streams/STREAM_ID$"))
                assert state["now_playing"] == {"title": "Song", "artist": "Band"}
                run("live.opus")
                info = subprocess.run(["opusinfo", "live.opus"], cwd=tmp_path, capture_output=True, text=True)
                assert "Playback length: 0m:0" in info.stdout
                assert run("DELETE") == ""
                assert server.state(stream_id)["state"] == "ended"
            finally:
                encoder.terminate()
