"""Aliases in a cluster: each member has the file, and any of them takes the source and the listeners."""

from pathlib import Path

import requests

from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

MOUNT = "/live.ogg"
PASSWORD = "old-password"


def test_each_member_answers_an_alias_wherever_the_source_is(tmp_path: Path) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text(f'["{MOUNT}"]\nstream = "live"\npassword = "{PASSWORD}"\ntitle = "Radio"\n')
    with Members(tmp_path, 2, ALIASES_FILE=str(file)) as members:
        servers = [members[name] for name in members.names]
        for source, other in (servers, reversed(servers)):
            audio = numbered_audio(seconds=60)
            with (
                PacedSource(f"{source.base}{MOUNT}?key={PASSWORD}", audio, lead_seconds=5),
                Listener(other.port, MOUNT) as listener,
            ):
                listener.wait_for_audio(1).check_one_stream()
                status = requests.get(f"{other.base}/status-json.xsl?mount={MOUNT}", timeout=10).json()
                assert status["icestats"]["source"]["listenurl"] == other.base + MOUNT
                assert status["icestats"]["source"]["server_name"] == "Radio"
