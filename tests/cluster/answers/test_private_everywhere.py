"""A private stream at three members: each keeps strangers out, lets tokens in, and hears of a revocation."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from audiocast.stream.keys import Claims, Keys, Visibility
from tests.cluster.members import SECRET, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

TITLE = "Members only"
PATHS = (
    "/api/streams/{id}",
    "/api/streams/{id}/history",
    "/oembed?url={base}/listen/{id}",
    # Last: each request for audio leaves a stream behind that waits for its source, of an unknown id too.
    "/stream/{id}/hls/index.m3u8",
)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    folder: Path = tmp_path_factory.mktemp("members")
    with Members(folder, HEADER_WAIT_TIMEOUT=1.0) as members:
        yield members


@pytest.fixture
def started(members: Members) -> Iterator[Started]:
    """A private stream whose encoder is at m0, whose owner is m1: m2 has neither."""
    started = members.start_stream(owner="m1", at="m0", visibility="private")
    with ExitStack() as stack:
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        deadline = time.monotonic() + 30
        for name in members.names:
            while owner_at(members, name, started) != "m1":
                assert time.monotonic() < deadline, name
                time.sleep(0.05)
        yield started


def owner_at(members: Members, name: str, started: Started) -> str | None:
    """Give whom a member takes for the owner, as it tells the broadcaster."""
    path = "/api/streams/{id}?key=" + started.ingest_key
    owner: str | None = get(members, name, path, started).json().get("owner")
    return owner


def get(members: Members, name: str, path: str, started: Started) -> requests.Response:
    base = members[name].base
    return requests.get(base + path.format(id=started.stream_id, base=base), timeout=15)


def told(answer: requests.Response, stream_id: str) -> str:
    """Give a body without the stream's id, and without the version that is a hash of it."""
    return re.sub(r"v=[0-9a-f]+", "v=", answer.text.replace(stream_id, "ID"))


def token(members: Members, started: Started, *, at: str, **asked: int) -> str:
    url = f"{members[at].base}/api/streams/{started.stream_id}/listen-links?key={started.ingest_key}"
    return str(requests.post(url, json=asked, timeout=15).json()["links"][0]["token"])


def test_no_member_tells_strangers_of_it(members: Members, started: Started) -> None:
    for path in PATHS:
        for name in members.names:
            answer = get(members, name, path, started)
            unknown = get(members, name, path.replace("{id}", "zzzzzzzzzz"), started)
            assert answer.status_code == unknown.status_code, (name, path)
            assert told(answer, started.stream_id) == told(unknown, "zzzzzzzzzz"), (name, path)
    for name in members.names:
        audio = get(members, name, "/stream/{id}", started)
        assert (audio.status_code, audio.json()["error"]) == (404, "stream_not_live")
        head = requests.head(f"{members[name].base}/stream/{started.stream_id}", timeout=15)
        assert head.status_code == 404
        assert get(members, name, "/listen/{id}", started).status_code == 401
        assert TITLE not in get(members, name, "/embed/{id}", started).text


def test_a_token_of_one_member_is_good_at_each(members: Members, started: Started) -> None:
    for number, name in enumerate(members.names):
        good = token(members, started, at=members.names[number - 1])
        for path in PATHS:
            join = "&" if "?" in path else "?"
            assert get(members, name, f"{path}{join}token={good}", started).status_code == 200, (name, path)
        with Listener(members[name].port, f"/stream/{started.stream_id}?token={good}") as listener:
            listener.wait_for_audio(0.5)


@pytest.mark.realtime
def test_a_revocation_is_heard_at_each_member_within_a_second(members: Members, started: Started) -> None:
    tokens = {name: token(members, started, at=name) for name in members.names}
    with ExitStack() as stack:
        listeners = {
            name: stack.enter_context(
                Listener(members[name].port, f"/stream/{started.stream_id}?token={tokens[name]}")
            )
            for name in members.names
        }
        for listener in listeners.values():
            listener.wait_for_audio(0.5)
        url = f"{members['m2'].base}/api/streams/{started.stream_id}/listen-links/revoke"
        asked_at = time.monotonic()
        answer = requests.post(url, params={"key": started.ingest_key}, timeout=15)
        assert answer.status_code == 204
        with ThreadPoolExecutor(len(listeners)) as pool:
            list(pool.map(lambda each: each.wait_for_end(15), listeners.values()))
        assert time.monotonic() - asked_at < 1.0
        for name, listener in listeners.items():
            assert listener.capture().pages[-1].is_eos, name
            assert get(members, name, "/api/streams/{id}?token=" + tokens[name], started).status_code == 404
            new = token(members, started, at=name)
            assert get(members, name, "/api/streams/{id}?token=" + new, started).status_code == 200


def test_it_is_private_at_each_member_before_it_is_on(members: Members) -> None:
    started = members["m0"].start_stream(title=TITLE, visibility="private")
    deadline = time.monotonic() + 15
    for name in members.names:
        while get(members, name, "/listen/{id}", started).status_code != 401:
            assert time.monotonic() < deadline, name
            time.sleep(0.05)


def test_one_that_is_started_anew_as_unlisted_is_there_for_all(members: Members, started: Started) -> None:
    # A second key of the same stream, as a broadcaster has that asks for another visibility.
    key = Keys([SECRET]).make(started.stream_id, Claims("Open", visibility=Visibility.UNLISTED))
    with PacedSource(f"{started.ingest_url}?key={key}", numbered_audio(seconds=60)):
        deadline = time.monotonic() + 15
        for name in members.names:
            while get(members, name, "/api/streams/{id}", started).status_code != 200:
                assert time.monotonic() < deadline, name
                time.sleep(0.05)
