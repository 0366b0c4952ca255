"""Who is no member, or speaks like none, is refused on the internal port, and nobody else hears of it."""

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from audiocast.cluster.peer_stream import MAX_FRAME_BYTES
from audiocast.cluster.protocol import (
    AGE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    SOURCE_ID_HEADER,
    PeerRequest,
)
from audiocast.cluster.signature.frame_macs import FRAME_MAC_BYTES, FrameMacs
from tests.cluster.heard import check_every_page_once, path_of
from tests.cluster.hostile.member_link import frame, member_link
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

CLOSE_SECONDS = 10.0
AUDIO = numbered_audio(seconds=1)
PAGES = b"P"
ORIGIN = b"O"
END = b"E"


class Air:
    """A stream on the air of two members, and its listener at the one that is attacked."""

    def __init__(self, members: Members, started: Started, listener: Listener) -> None:
        self.members = members
        self.started = started
        self.listener = listener
        self._complaints = 0

    def check_unharmed(self) -> None:
        """The stream goes on, the members see each other, nothing was logged as an error."""
        self.listener.wait_for_audio(self.listener.capture().seconds + 0.2)
        check_every_page_once(self.listener)
        for name in self.members.names:
            assert self.members.ring(name) == self.members.names
        complaints = self.members.complaints()
        new, self._complaints = complaints[self._complaints :], len(complaints)
        assert new == []


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Air]:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path_factory.mktemp("members"), 2))
        started = members.start_stream(owner="m0", at="m1")
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        members["m1"].wait_for_state(started.stream_id, "live")
        listener = stack.enter_context(Listener(members["m0"].port, path_of(started)))
        listener.wait_for_audio(0.5)
        yield Air(members, started, listener)


ROUTES = [
    ("POST", "/internal/hello"),
    ("POST", "/internal/goodbye"),
    ("GET", "/internal/changes?list=owned"),
    ("GET", "/internal/hls/{id}?path=index.m3u8"),
    ("POST", "/internal/drain"),
    ("DELETE", "/internal/drain"),
    ("GET", "/internal/streams"),
    ("GET", "/internal/streams/{id}"),
    ("DELETE", "/internal/streams/{id}"),
    ("POST", "/internal/streams/{id}/playing"),
    ("POST", "/internal/streams/{id}/reopen"),
    ("POST", "/internal/relay/{id}"),
    ("POST", "/internal/forward/{id}"),
]


GREETING = {"protocol": 2, "internal_port": 9, "draining": False, "view": "", "lists": {}}


def test_who_has_another_secret_is_no_member(air: Air) -> None:
    target = "/internal/streams"
    before = air.members["m0"].metric("audiocast_bad_signatures_total")
    answer = air.members.call("m0", "GET", target, secret="another-secret-of-others")
    assert (answer.status_code, answer.json()["error"]) == (403, "bad_signature")
    assert air.members["m0"].metric("audiocast_bad_signatures_total") == before + 1
    assert air.members.call("m0", "GET", target).status_code == 200


@pytest.mark.parametrize("value", ["", "1 a-test x", "nonsense", "9" * 5000 + " a x", "\xff"], ids=ascii)
def test_who_has_no_signature_is_nobody(air: Air, value: str) -> None:
    server = air.members["m0"]
    before = server.metric("audiocast_bad_signatures_total")
    for method, target in ROUTES:
        url = f"http://127.0.0.1:{server.internal_port}{target.format(id=air.started.stream_id)}"
        headers = {SIGNATURE_HEADER: value.encode("latin-1")} if value else {}
        answer = requests.request(method, url, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (403, "bad_signature")
    assert server.metric("audiocast_bad_signatures_total") == before + len(ROUTES)
    air.check_unharmed()


@pytest.mark.parametrize(
    ("target", "status", "request_"),
    [
        ("/internal/hello", 400, {"data": b"\xff"}),
        ("/internal/hello", 400, {"json": []}),
        ("/internal/hello", 400, {"json": {}}),
        ("/internal/hello", 400, {"json": {"name": "x", "instance": "y", "internal_port": 99_999}}),
        ("/internal/hello", 400, {"data": "[" * 10_000}),
        ("/internal/hello", 400, {"json": {**GREETING, "internal_port": 0}}),
        ("/internal/hello", 400, {"json": {**GREETING, "lists": {"owned": {"abc": "1-1"}}}}),
        ("/internal/hello", 200, {"json": {**GREETING, "lists": {"of the future": 5}, "more": None}}),
        ("/internal/goodbye", 200, {"json": [1]}),
        ("/internal/goodbye", 200, {"data": b"\xff"}),
        ("/internal/streams/{id}/playing", 400, {"data": b"{"}),
        ("/internal/streams/{id}/reopen", 400, {"data": b"null"}),
        ("/internal/relay/{id}?origin=x&had=1.1", 400, {}),
        ("/internal/relay/{id}?origin=1-1&had=x", 400, {}),
        ("/internal/relay/{id}?origin=1-1&had=" + "9" * 5000 + ".1", 400, {}),
        ("/internal/relay/nobody-knows-it", 404, {}),
        ("/internal/forward/{id}", 400, {}),
        ("/internal/forward/" + "x" * 5000, 404, {"headers": {SOURCE_ID_HEADER: "1-1"}}),
        ("/internal/forward/%00", 404, {"headers": {SOURCE_ID_HEADER: "1-1"}}),
        ("/internal/forward/{id}", 400, {"headers": {SOURCE_ID_HEADER: "1-x"}}),
        ("/internal/forward/{id}", 400, {"headers": {SOURCE_ID_HEADER: "1-1", GENERATION_HEADER: "x"}}),
        ("/internal/forward/{id}", 400, {"headers": {SOURCE_ID_HEADER: "1-1", AGE_HEADER: "x"}}),
        ("/internal/forward/{id}", 409, {"headers": {SOURCE_ID_HEADER: "1-1"}}),
    ],
)
def test_a_member_that_speaks_nonsense_is_told(
    air: Air, target: str, status: int, request_: dict[str, Any]
) -> None:
    answer = air.members.call("m0", "POST", target.format(id=air.started.stream_id), **request_)
    assert answer.status_code == status, answer.text
    air.check_unharmed()


HALF = AUDIO[: len(AUDIO) // 2 + 100]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([b"P\xff\xff\xff\xff"], id="4 GB are announced"),
        pytest.param([struct.pack(">cI", PAGES, MAX_FRAME_BYTES + 1)], id="a byte too much is announced"),
        pytest.param([frame(b"Z", b"what is this")], id="a kind that is none"),
        pytest.param([frame(ORIGIN, b"\xff\xfe")], id="an origin that is no text"),
        pytest.param([frame(ORIGIN, b"no origin at all")], id="an origin that is none"),
        pytest.param([frame(ORIGIN, b"1-1 x")], id="a generation that is none"),
        pytest.param([frame(END, b"{")], id="an end that is no JSON"),
        pytest.param([frame(END, json.dumps({"error": 1, "message": None}).encode())], id="an odd end"),
        pytest.param([frame(PAGES, b"ID3" + bytes(3000))], id="no Ogg"),
        pytest.param([frame(PAGES, HALF), frame(PAGES, HALF)], id="half a page, then another one"),
        pytest.param([frame(PAGES, HALF)], id="half a page, then silence"),
        pytest.param([b"GET / HTTP/1.1\r\n\r\n"], id="HTTP"),
        pytest.param([], id="silence"),
    ],
)
def test_a_link_that_brings_nonsense_is_closed(air: Air, sent: list[bytes]) -> None:
    other = air.members["m0"].start_stream()
    with member_link(air.members, "m0", forward(other)) as link:
        link.connection.sendall(b"".join(link.sign(each) for each in sent))
        wait_for_close(link.connection)
    air.check_unharmed()


@pytest.mark.parametrize("forged", ["no MAC", "another key", "repeated", "of the member itself"])
def test_a_frame_that_the_other_member_has_not_sent_is_counted_and_ends_the_link(
    air: Air, forged: str
) -> None:
    other = air.members["m0"].start_stream()
    before = air.members["m0"].metric("audiocast_forged_frames_total")
    with member_link(air.members, "m0", forward(other)) as link:
        received = link.receive_signed()
        beat = link.sign(frame(b"B", b""))
        pages = frame(PAGES, AUDIO[:1000])
        other_keys = FrameMacs(bytes(32), bytes(32), lambda: None)
        sent = {
            "no MAC": pages + bytes(FRAME_MAC_BYTES),
            "another key": pages + other_keys.sign(pages),
            "repeated": beat + beat,
            "of the member itself": received,
        }
        link.connection.sendall(sent[forged])
        wait_for_close(link.connection)
    assert air.members["m0"].metric("audiocast_forged_frames_total") == before + 1
    air.check_unharmed()


def forward(started: Started) -> PeerRequest:
    """Give what a front would ask for a source of its own."""
    headers = {SOURCE_ID_HEADER: "1-1"}
    return PeerRequest("POST", f"/internal/forward/{started.stream_id}", headers)


def wait_for_close(connection: socket.socket) -> None:
    """Wait until the other side has closed; until then it sends beats, and maybe a reason."""
    deadline = time.monotonic() + CLOSE_SECONDS
    with suppress(ConnectionResetError):
        while connection.recv(4096):
            assert time.monotonic() < deadline, "the link is still open"


@pytest.mark.parametrize("request_", ["playing", "reopen"])
@pytest.mark.parametrize("title", [rb"\ud800", rb"\u0000\u001b[2J", rb"\udbff\udbff"])
def test_text_of_an_older_member_harms_nobody(air: Air, request_: str, title: bytes) -> None:
    body = b'{"title": "%s", "artist": "%s"}' % (title, title)
    target = f"/internal/streams/{air.started.stream_id}/{request_}"
    assert air.members.call("m0", "POST", target, data=body).status_code == 200
    of_stream = f"/api/streams/{air.started.stream_id}"
    for name in air.members.names:
        for path in ("/api/streams", "/status-json.xsl", of_stream, f"{of_stream}/history"):
            answer = requests.get(air.members[name].base + path, timeout=10)
            assert answer.status_code == 200, f"{name} {path}: {answer.text[:200]}"
    air.check_unharmed()


def test_titles_that_come_fast_are_one_request_a_second_to_a_member(air: Air) -> None:
    url = f"{air.members['m1'].base}/api/streams/{air.started.stream_id}/metadata"
    headers = {"Authorization": f"Bearer {air.started.ingest_key}"}

    def set_title(number: int) -> int:
        answer = requests.put(url, json={"title": f"Fast {number}"}, headers=headers, timeout=30)
        return answer.status_code

    requests_before = playing_requests(air)
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(set_title, range(100))) == {204}
    assert set_title(100) == 204
    deadline = time.monotonic() + 10
    while (air.members["m0"].state(air.started.stream_id)["now_playing"] or {}).get("title") != "Fast 100":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # One more at the begin, and the last one.
    seconds = time.monotonic() - began
    assert 2 <= playing_requests(air) - requests_before <= seconds + 2
    air.check_unharmed()


def playing_requests(air: Air) -> float:
    """Give how often m0 was told by m1 what is on."""
    text = requests.get(f"http://127.0.0.1:{air.members['m0'].internal_port}/metrics", timeout=10).text
    found = re.search(
        r'^audiocast_http_requests_total\{handler="MemberPlaying".*status="200"\} (\S+)$', text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0
