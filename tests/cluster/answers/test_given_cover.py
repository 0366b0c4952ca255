"""A picture is given at any member, is shown by each of them, and outlives the member that leaves."""

import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import requests

from audiocast.cluster.ring import order
from audiocast.stream.broadcaster.picture import Picture
from tests.cluster.members import SETTLE_SECONDS, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.pictures import make_picture
from tests.support.http.source import PacedSource

TOKEN = "a-token-for-this-test"


def shown(members: Members, stream_id: str, names: list[str]) -> list[bytes]:
    urls = [f"{members[name].base}/listen/{stream_id}/cover.svg" for name in names]
    return [requests.get(url, timeout=10).content for url in urls]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait: what another member has answered is good for a second."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_each_member_shows_it_and_the_one_that_leaves_hands_it_over(tmp_path: Path) -> None:
    first, second = (Picture.read(make_picture("image/png", number=number)) for number in range(2))
    with Members(tmp_path, 3, DRAIN_SECONDS=20) as members:
        started = members.start_stream(owner="m1", at="m0")
        key = {"Authorization": f"Bearer {started.ingest_key}"}
        path = f"/api/streams/{started.stream_id}/cover"

        def give(picture: Picture, at: str) -> None:
            answer = requests.put(members[at].base + path, data=picture.data, headers=key, timeout=10)
            assert answer.status_code == 204, answer.text

        def is_shown(picture: Picture, names: list[str]) -> bool:
            return shown(members, started.stream_id, names) == [picture.data] * len(names)

        # Before the stream is on, by the member that was given it.
        give(first, at="m0")
        wait_until(lambda: is_shown(first, members.names), "the first at each member")
        with PacedSource(members.keyed_url(started, at="m2"), numbered_audio(seconds=120)):
            for name in members.names:
                members[name].wait_for_state(started.stream_id, "live")
            wait_until(lambda: is_shown(first, members.names), "the first, on the air")
            # By a member that has neither the source nor owns the stream.
            give(second, at="m0")
            assert is_shown(second, ["m0"])
            wait_until(lambda: is_shown(second, members.names), "the second at each member")
        end = requests.delete(members["m2"].base + path.removesuffix("/cover"), headers=key, timeout=10)
        assert end.status_code == 204
        drawn = shown(members, started.stream_id, ["m0"])[0]
        assert b"<svg" in drawn
        wait_until(lambda: shown(members, started.stream_id, members.names) == [drawn] * 3, "drawn again")


def test_the_owner_has_it_when_the_giver_is_gone_and_the_heir_when_the_owner_leaves(tmp_path: Path) -> None:
    picture = Picture.read(make_picture("image/jpeg"))
    with Members(tmp_path, 3, DRAIN_SECONDS=20) as members:
        started = members.start_stream(owner="m1", at="m0", heir="m2")
        key = {"Authorization": f"Bearer {started.ingest_key}"}
        url = f"{members['m0'].base}/api/streams/{started.stream_id}/cover"
        assert requests.put(url, data=picture.data, headers=key, timeout=10).status_code == 204
        # It has no time to hand anything over.
        members["m0"].stop(signal.SIGKILL)
        with PacedSource(members.keyed_url(started, at="m2"), numbered_audio(seconds=120)):
            members["m2"].wait_for_state(started.stream_id, "live")
            # Nobody has asked for it at m2 yet: only the owner has it, until it leaves.
            assert members.call("m1", "POST", "/internal/drain").status_code == 202
            members.wait_for_owner(started.stream_id, "m2", SETTLE_SECONDS, of=["m2"])
            members["m1"].stop()
            wait_until(
                lambda: shown(members, started.stream_id, ["m2"]) == [picture.data], "the picture at the heir"
            )


def test_a_stream_that_begins_anew_has_none_wherever_one_was(tmp_path: Path) -> None:
    picture = Picture.read(make_picture("image/png"))
    token = {"Authorization": f"Bearer {TOKEN}"}
    with Members(tmp_path, 3, API_TOKENS=TOKEN) as members:
        stream_id = next(f"show{n}" for n in count() if order(f"show{n}", members.names)[0] == "m1")

        def start() -> str:
            url = f"{members['m0'].base}/api/start"
            answer = requests.post(url, json={"id": stream_id}, headers=token, timeout=10)
            return str(answer.json()["ingest_key"])

        key = {"Authorization": f"Bearer {start()}"}
        url = f"{members['m0'].base}/api/streams/{stream_id}/cover"
        # At the member that would own the stream, too, which does not know it yet.
        assert requests.put(url, data=picture.data, headers=key, timeout=10).status_code == 204
        source_url = f"{members['m2'].base}/ingest/{stream_id}?key={start()}"
        with PacedSource(source_url, numbered_audio(seconds=60)):
            members.wait_for_owner(stream_id, "m1", SETTLE_SECONDS)
            for name in members.names:
                members[name].wait_for_state(stream_id, "live")
            assert all(b"<svg" in each for each in shown(members, stream_id, members.names))
