"""Each member tells how a stream shows itself, wherever it was started and wherever its source is."""

import time
from pathlib import Path

import requests

from tests.cluster.members import SETTLE_SECONDS, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource

TOKEN = "a-token-for-this-test"
ASKED = {"description": "Jazz from Vienna", "accent": "#ffee00", "link": "https://radio.example/"}
NOTHING = dict.fromkeys(ASKED, "")


def told(members: Members, stream_id: str) -> list[dict[str, str]]:
    states = [members[name].state(stream_id) for name in members.names]
    return [{name: state[name] for name in ASKED} for state in states]


def wait_until_told(members: Members, stream_id: str, expected: dict[str, str]) -> None:
    """Wait until each member tells it: what others have answered is good for a second."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (last := told(members, stream_id)) != [expected] * 3:
        assert time.monotonic() < deadline, last
        time.sleep(0.1)


def covers(members: Members, stream_id: str) -> int:
    """Return how many different covers the members draw."""
    paths = [f"{members[name].base}/listen/{stream_id}/cover.svg" for name in members.names]
    return len({requests.get(path, timeout=10).content for path in paths})


def test_every_member_tells_it(tmp_path: Path) -> None:
    with Members(tmp_path, 3, API_TOKENS=TOKEN) as members:
        headers = {"Authorization": f"Bearer {TOKEN}"}

        def start(**asked: str) -> str:
            body = {"id": "jazz", "title": "Jazz", **asked}
            answer = requests.post(f"{members['m0'].base}/api/start", json=body, headers=headers, timeout=10)
            assert answer.status_code == 201
            key: str = answer.json()["ingest_key"]
            return key

        key = start(**ASKED)
        assert told(members, "jazz") == [ASKED] * 3
        with PacedSource(f"{members['m1'].base}/ingest/jazz?key={key}", numbered_audio(seconds=60)):
            for name in members.names:
                members[name].wait_for_state("jazz", "live")
            wait_until_told(members, "jazz", ASKED)
            assert covers(members, "jazz") == 1
        # Begun anew without any of it, the stream has nothing of it any more.
        key = start()
        wait_until_told(members, "jazz", NOTHING)
        with PacedSource(f"{members['m1'].base}/ingest/jazz?key={key}", numbered_audio(seconds=60)):
            for name in members.names:
                members[name].wait_for_state("jazz", "live")
            wait_until_told(members, "jazz", NOTHING)
