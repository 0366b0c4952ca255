"""What was promised to a stream's keys holds at each member, whichever of them has the stream."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from audiocast.stream.keys import Claims, Keys
from tests.cluster.members import SECRET, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

NAMES = ["m0", "m1", "m2"]
SECONDS = 10.0


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with Members(tmp_path_factory.mktemp("members"), len(NAMES)) as members:
        yield members


def key_of(stream_id: str, generation: int) -> str:
    return Keys([SECRET]).make(stream_id, Claims(generation=generation))


def wait_until_known(server: AudiocastServer, stream_id: str, replaced_key: str) -> None:
    """Wait until a member has the owner's list, with the generation; a GET asks and changes nothing."""
    deadline = time.monotonic() + SECONDS
    while True:
        answer = requests.get(
            f"{server.base}/ingest/{stream_id}/ws", params={"key": replaced_key}, timeout=10
        )
        if answer.status_code == 401:
            return
        assert answer.status_code == 426
        assert time.monotonic() < deadline
        time.sleep(0.05)


def attempts(server: AudiocastServer, stream_id: str, key: str) -> list[tuple[int, str]]:
    """Try all that a key may do; return status and error of each answer."""
    api = f"{server.base}/api/streams/{stream_id}"
    icecast = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/{stream_id}&song=old"
    headers = {"Authorization": f"Bearer {key}"}
    answers = [
        requests.put(f"{api}/metadata", json={"title": "old"}, headers=headers, timeout=10),
        requests.get(icecast, headers=headers, timeout=10),
        requests.post(f"{server.base}/ingest/{stream_id}", data=b"-", headers=headers, timeout=10),
        requests.delete(api, headers=headers, timeout=10),
    ]
    return [(answer.status_code, answer.json()["error"]) for answer in answers]


def test_a_replaced_key_does_nothing_at_any_member(members: Members) -> None:
    old, new = key_of("news", 1), key_of("news", 2)
    with PacedSource(f"{members['m0'].base}/ingest/news?key={new}", numbered_audio(seconds=60)):
        for name in NAMES:
            members[name].wait_for_state("news", "live")
            wait_until_known(members[name], "news", old)
        for name in NAMES:
            assert attempts(members[name], "news", old) == [(401, "bad_key")] * 4, name
        for name in NAMES:
            state = members[name].state("news")
            assert (state["state"], state["now_playing"]) == ("live", None), name
        answer = requests.put(
            f"{members['m2'].base}/api/streams/news/metadata",
            json={"title": "new"},
            headers={"Authorization": f"Bearer {new}"},
            timeout=10,
        )
        assert answer.status_code == 204


def test_lists_have_the_same_fields_at_each_member(members: Members) -> None:
    started = members.start_stream(owner="m0", at="m1")
    hidden = members.start_stream(owner="m0", at="m1", visibility="unlisted")
    audio = numbered_audio(seconds=60)
    with PacedSource(started.keyed_url, audio), PacedSource(hidden.keyed_url, audio):
        for name in NAMES:
            assert members[name].wait_for_state(started.stream_id, "live")["visibility"] == "public"
            assert members[name].wait_for_state(hidden.stream_id, "live")["visibility"] == "unlisted"
        shown = []
        for name in NAMES:
            streams = requests.get(f"{members[name].base}/api/streams", timeout=10).json()["streams"]
            assert hidden.stream_id not in [each["stream_id"] for each in streams]
            shown += [set(each) for each in streams if each["stream_id"] == started.stream_id]
        assert len(shown) == len(NAMES)
        assert shown[0] == shown[1] == shown[2], "what members tell each other is not the public's"


def test_ended_is_ended_at_members_that_never_had_the_stream(members: Members) -> None:
    started = members.start_stream(owner="m0", at="m0")
    with PacedSource(started.keyed_url, numbered_audio(seconds=1)) as source:
        members["m0"].wait_for_state(started.stream_id, "live")
        headers = {"Authorization": f"Bearer {started.ingest_key}"}
        url = f"{members['m1'].base}/api/streams/{started.stream_id}"
        assert requests.delete(url, headers=headers, timeout=10).status_code == 204
        assert source.answer().status == 410
    for name in NAMES:
        answer = requests.post(
            f"{members[name].base}/ingest/{started.stream_id}", data=b"-", headers=headers, timeout=10
        )
        assert (answer.status_code, answer.json()["error"]) == (410, "stream_ended"), name


def test_an_id_on_the_air_is_its_tokens_alone_at_each_member(tmp_path: Path) -> None:
    own, foreign = "token-of-the-station", "token-of-somebody-else"

    def start(
        server: AudiocastServer, token: str, title: str, stream_id: str = "evening"
    ) -> requests.Response:
        return requests.post(
            f"{server.base}/api/start",
            json={"id": stream_id, "title": title},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

    with Members(tmp_path, len(NAMES), API_TOKENS=f"{own},{foreign}") as members:
        started = Started(**start(members["m0"], own, "Ours").json())
        for front in NAMES:
            url = f"{members[front].base}/ingest/evening?key={started.ingest_key}"
            with ExitStack() as stack:
                stack.enter_context(PacedSource(url, numbered_audio(seconds=60)))
                for name in NAMES:
                    # A listener at each: the members that relay the stream know nothing of its token.
                    path = "/stream/evening?preroll=0"
                    stack.enter_context(Listener(members[name].port, path)).wait_for_audio(0.5)
                for name in NAMES:
                    answer = start(members[name], foreign, "Theirs")
                    assert (answer.status_code, answer.json()["error"]) == (409, "stream_live"), (front, name)
                    assert members[name].state("evening")["title"] == "Ours"
                for name in NAMES:
                    assert start(members[name], own, "Ours").status_code == 201, (front, name)
        # Begun anew at one of them, a stream may begin at each, also where it was never on and is not known.
        key = start(members["m0"], own, "Late", "late").json()["ingest_key"]
        headers = {"Authorization": f"Bearer {key}"}
        assert requests.delete(f"{members['m1'].base}/api/streams/late", headers=headers, timeout=10).ok
        errors = []
        for _ in range(2):
            for name in NAMES:
                url = f"{members[name].base}/ingest/late"
                errors.append(requests.post(url, data=b"", headers=headers, timeout=10).json()["error"])
            assert start(members["m0"], own, "Late", "late").status_code == 201
        assert errors == ["stream_ended"] * 3 + ["no_audio"] * 3
