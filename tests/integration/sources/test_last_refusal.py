"""A broadcaster learns why its encoder was refused: the state tells those who have the key or a token."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from audiocast.stream.keys import Claims, Keys
from tests.support.audio.media import OTHER_FORMATS
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect, read_answer
from tests.support.http.source import PacedSource, ingest_head
from tests.support.processes.server import AudiocastServer, Started

TOKEN = "a-token-for-this-test"
SECRET = "a-secret-of-these-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    folder = tmp_path_factory.mktemp("refusals")
    with AudiocastServer(
        folder / "server.log",
        API_TOKENS=TOKEN,
        SECRET_KEYS=SECRET,
        MAX_INGEST_KBPS=600,
        INGEST_FORMATS="none",
    ) as server:
        yield server


@pytest.fixture
def started(server: AudiocastServer) -> Started:
    return start(server)


def start(server: AudiocastServer) -> Started:
    response = requests.post(f"{server.base}/api/start", headers=HEADERS, timeout=10)
    response.raise_for_status()
    return Started(**response.json())


def state(server: AudiocastServer, started: Started, **headers: str) -> dict[str, Any]:
    url = f"{server.base}/api/streams/{started.stream_id}"
    response = requests.get(url, headers=headers, timeout=10)
    assert response.status_code == 200
    state: dict[str, Any] = response.json()
    return state


def refuse(server: AudiocastServer, started: Started, body: bytes, key: str = "") -> None:
    """Send a body without framing, as Icecast's programs do, and read what they do not."""
    target = f"/ingest/{started.stream_id}?key={key or started.ingest_key}"
    with connect(server.port) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(ingest_head(target, "raw") + body)
        assert read_answer(connection).status >= 400


@pytest.mark.parametrize(("make", "name"), OTHER_FORMATS)
def test_another_format_is_named_to_the_broadcaster(
    server: AudiocastServer, started: Started, tmp_path: Path, make: Callable[[Path], Path], name: str
) -> None:
    refuse(server, started, make(tmp_path).read_bytes())
    refusal = state(server, started, Authorization=f"Bearer {started.ingest_key}")["last_refusal"]
    assert refusal["code"] == "not_ogg_opus"
    assert name.lower() in refusal["message"].lower()


def test_only_those_who_manage_the_stream_are_told(server: AudiocastServer, started: Started) -> None:
    other = start(server)
    refuse(server, started, b"ID3" + bytes(200))
    assert state(server, started, **HEADERS)["last_refusal"]["code"] == "not_ogg_opus"
    for key in (other.ingest_key, "ac1..wrong", TOKEN + "x"):
        assert "last_refusal" not in state(server, started, Authorization=f"Bearer {key}")
    assert "last_refusal" not in state(server, started)
    lists = requests.get(f"{server.base}/api/streams", headers=HEADERS, timeout=10).text
    assert "last_refusal" not in lists


def test_who_has_no_key_leaves_no_trace(server: AudiocastServer, started: Started) -> None:
    refuse(server, started, b"ID3" + bytes(200), key="ac1..wrong")
    # The stream is known to this member only when somebody with a key has come.
    refuse(server, started, b"fLaC" + bytes(200))
    refuse(server, started, b"ID3" + bytes(200), key="ac1..wrong")
    refusal = state(server, started, **HEADERS)["last_refusal"]
    assert "FLAC" in refusal["message"]


def test_there_is_none_of_a_stream_that_is_well(server: AudiocastServer, started: Started) -> None:
    with PacedSource(started.keyed_url, numbered_audio(seconds=20)):
        server.wait_for_state(started.stream_id, "live")
        shown = state(server, started, **HEADERS)
        assert (shown["state"], shown["last_refusal"]) == ("live", None)


def test_a_body_that_breaks_off_is_told_too(server: AudiocastServer, started: Started) -> None:
    with connect(server.port) as connection:
        target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
        connection.sendall(ingest_head(target, "raw") + numbered_audio(seconds=0.2)[:-100])
    deadline = time.monotonic() + 10
    while (refusal := state(server, started, **HEADERS)["last_refusal"]) is None:
        assert time.monotonic() < deadline, "no refusal was kept"
        time.sleep(0.05)
    assert refusal["code"] == "truncated"


def test_a_replaced_key_is_told_nothing(server: AudiocastServer) -> None:
    first, second = (Keys([SECRET]).make("evening", Claims(generation=generation)) for generation in (1, 2))
    url = f"{server.base}/ingest/evening?key="

    def told(key: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {key}"}
        response = requests.get(f"{server.base}/api/streams/evening", headers=headers, timeout=10)
        state: dict[str, Any] = response.json()
        return state

    with PacedSource(f"{url}{first}", numbered_audio(seconds=20)):
        server.wait_for_state("evening", "live")
        assert "last_refusal" in told(first)
    with PacedSource(f"{url}{second}", numbered_audio(seconds=20)):
        deadline = time.monotonic() + 10
        while "last_refusal" in told(first):
            assert time.monotonic() < deadline, "the replaced key is still told of refusals"
            time.sleep(0.05)
        assert "last_refusal" in told(second)
