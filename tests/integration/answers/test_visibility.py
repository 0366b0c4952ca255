"""Who finds a stream: it is listed when its broadcaster asks for that, and whoever runs the server agrees."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

TOKEN = "a-token-for-this-test"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
# What each stream's broadcaster asks for; the names are their titles.
ASKED: dict[str, dict[str, str]] = {
    "silent": {},
    "public": {"visibility": "public"},
    "unlisted": {"visibility": "unlisted"},
}


@contextmanager
def three_on_air(log: Path, list_streams: str) -> Iterator[tuple[AudiocastServer, dict[str, Started]]]:
    """Run a server with a stream of each kind on the air."""
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(log, API_TOKENS=TOKEN, LIST_STREAMS=list_streams))
        streams = {}
        for title, asked in ASKED.items():
            body = {"title": title, **asked}
            answer = requests.post(f"{server.base}/api/start", json=body, headers=HEADERS, timeout=10)
            streams[title] = Started(**answer.json())
            audio = numbered_audio(seconds=60)
            stack.enter_context(PacedSource(streams[title].keyed_url, audio))
            server.wait_for_state(streams[title].stream_id, "live")
        yield server, streams


def titles(server: AudiocastServer, headers: dict[str, str] | None = None) -> set[str]:
    """Return the titles of the streams that are listed, the same in both lists."""
    listed = requests.get(f"{server.base}/api/streams", headers=headers, timeout=10).json()["streams"]
    status = requests.get(f"{server.base}/status-json.xsl", headers=headers, timeout=10).json()["icestats"]
    sources = status.get("source", [])
    named = {each["server_name"] for each in (sources if isinstance(sources, list) else [sources])}
    assert named == {each["title"] for each in listed}
    return named


@pytest.mark.parametrize(
    ("list_streams", "listed"),
    [("opt-in", {"public"}), ("all", {"public", "silent"}), ("none", set())],
)
def test_which_streams_are_listed(tmp_path: Path, list_streams: str, listed: set[str]) -> None:
    with three_on_air(tmp_path / "server.log", list_streams) as (server, streams):
        assert titles(server) == listed
        assert titles(server, {"Authorization": "Bearer another-token-than-that"}) == listed
        assert titles(server, HEADERS) == set(ASKED)
        told = {title: server.state(each.stream_id)["visibility"] for title, each in streams.items()}
        assert {title for title, visibility in told.items() if visibility == "public"} == listed
        # Who has the link sees all of it: the page, the state, and Icecast's word for one mount.
        hidden = streams["unlisted"]
        assert requests.get(hidden.listen_url, timeout=10).status_code == 200
        mount = {"mount": f"/stream/{hidden.stream_id}"}
        status = requests.get(f"{server.base}/status-json.xsl", params=mount, timeout=10).json()
        assert status["icestats"]["source"]["server_name"] == "unlisted"
        for path, found in {"/": listed, "/robots.txt": set[str](), "/broadcast": set[str]()}.items():
            page = requests.get(server.base + path, timeout=10).text
            assert {title for title, each in streams.items() if each.stream_id in page} == found


def test_a_stream_says_what_it_will_be_before_it_is_on(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        for asked, told in [({}, "unlisted"), ({"visibility": "public"}, "public")]:
            started = server.start_stream(**asked)
            assert server.state(started.stream_id)["visibility"] == told


@pytest.mark.parametrize("visibility", ["secret", "", None, 1, ["public"]])
def test_other_words_are_refused(tmp_path: Path, visibility: Any) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        body = {"visibility": visibility}
        answer = requests.post(f"{server.base}/api/start", json=body, timeout=10)
        assert answer.status_code == (201 if visibility is None else 400)
