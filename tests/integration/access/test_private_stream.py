"""A private stream is there for those who have a listen token; for all others it is as an unknown one."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from audiocast.stream.keys import Claims, Keys, Visibility
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

SECRET = "a-secret-of-this-test-server"
# As long as an id of ours, and of nobody.
UNKNOWN = "zzzzzzzzzz"
TITLE = "Members only"
SECONDS = 600

# By name: how to ask, and what of a good answer shows that it is the stream's. {id} is the stream's.
WAYS: dict[str, tuple[str, str]] = {
    "state": ("/api/streams/{id}", TITLE),
    "history": ("/api/streams/{id}/history", '"tracks"'),
    "m3u": ("/stream/{id}.m3u", TITLE),
    "pls": ("/stream/{id}.pls", TITLE),
    "hls": ("/stream/{id}/hls/index.m3u8", "#EXT-X-PART"),
    "embed": ("/embed/{id}", TITLE),
    "drawn cover": ("/listen/{id}/cover.svg", "<svg"),
    "square cover": ("/listen/{id}/cover-square.png", ""),
    "calendar": ("/listen/{id}/calendar.ics", TITLE),
    "oembed": ("/oembed?url={base}/listen/{id}", TITLE),
    "icecast status": ("/status-json.xsl?mount=/stream/{id}", TITLE),
    "qr": ("/listen/{id}/qr.svg", ""),
}
# What strangers get is drawn from the id alone, known or not: nobody learns by it who is there.
DRAWN_FROM_THE_ID = {"drawn cover", "square cover", "qr"}


@dataclass
class Private:
    """A private stream that is on."""

    server: AudiocastServer
    started: Started

    @property
    def stream_id(self) -> str:
        return self.started.stream_id

    def get(self, path: str, *, stream_id: str = "", **options: Any) -> requests.Response:
        url = self.server.base + path.format(id=stream_id or self.stream_id, base=self.server.base)
        return requests.get(url, timeout=15, **options)

    def links(self, **asked: Any) -> list[dict[str, Any]]:
        url = f"{self.server.base}/api/streams/{self.stream_id}/listen-links?key={self.started.ingest_key}"
        answer = requests.post(url, json=asked, timeout=15)
        assert answer.status_code == 200, answer.text
        links: list[dict[str, Any]] = answer.json()["links"]
        return links

    def token(self, **asked: Any) -> str:
        return str(self.links(**asked)[0]["token"])

    def revoke(self) -> None:
        path = f"/api/streams/{self.stream_id}/listen-links/revoke?key={self.started.ingest_key}"
        assert requests.post(self.server.base + path, timeout=15).status_code == 204


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Private]:
    with ExitStack() as stack:
        log = tmp_path_factory.mktemp("server") / "server.log"
        settings: dict[str, str | float] = {
            "SECRET_KEYS": SECRET,
            "HEADER_WAIT_TIMEOUT": 0.5,
            "MAX_UNKNOWN_IDS_PER_CLIENT": 0,
        }
        server = stack.enter_context(AudiocastServer(log, **settings))
        starts_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        started = server.start_stream(
            title=TITLE, visibility="private", access_code="auto", starts_at=starts_at
        )
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=SECONDS)))
        server.wait_until_live(started)
        yield Private(server, started)


def bad_tokens(private: Private) -> dict[str, str]:
    """Give tokens that let nobody in, by what is wrong with them."""
    tokens, now = ListenTokens([SECRET]), int(time.time())
    made_at_ms = now * 1000
    good = tokens.make(private.stream_id, ListenClaims(made_at_ms))
    return {
        "none": "",
        "wrong": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "no token": "al1..",
        "of another server": ListenTokens(["x" * 20]).make(private.stream_id, ListenClaims(made_at_ms)),
        "of another stream": tokens.make("another", ListenClaims(made_at_ms)),
        "expired": tokens.make(private.stream_id, ListenClaims(made_at_ms, expires_at=now - 1)),
        "a session that is over": tokens.make(
            private.stream_id, ListenClaims(made_at_ms, expires_at=now - 1, is_session=True)
        ),
        "another key": private.started.ingest_key,
    }


def shown(answer: requests.Response, stream_id: str) -> tuple[int, dict[str, str], str]:
    """Give what an answer tells, without the id of the stream, and the version that is a hash of it."""
    ours = ("Date", "Etag", "Content-Length", "Content-Disposition")
    headers = {name: value for name, value in answer.headers.items() if name not in ours}
    text = re.sub(r"(v=|cover_version[^:]*: ?[^0-9a-f]*)[0-9a-f]+", r"\1", answer.text)
    return answer.status_code, headers, text.replace(stream_id, "ID")


@pytest.mark.parametrize("is_waited_for", [False, True], ids=["not waited for", "waited for"])
@pytest.mark.parametrize("way", WAYS)
def test_strangers_get_what_they_get_of_an_unknown_stream(
    private: Private, way: str, *, is_waited_for: bool
) -> None:
    path, _ = WAYS[way]
    if is_waited_for:
        # Whoever waits for an unknown stream makes it one that is known to be waited for.
        for stream_id in (UNKNOWN, private.stream_id):
            assert private.get("/stream/{id}", stream_id=stream_id).status_code == 404
    unknown = shown(private.get(path, stream_id=UNKNOWN), UNKNOWN)
    for name, token in bad_tokens(private).items():
        join = "&" if "?" in path else "?"
        answer = private.get(path + (f"{join}token={token}" if token else ""))
        assert TITLE not in answer.text, name
        if way in DRAWN_FROM_THE_ID:
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, unknown[1]["Content-Type"])
        else:
            assert shown(answer, private.stream_id) == unknown, name


@pytest.mark.parametrize("way", [way for way in WAYS if way != "qr"])
@pytest.mark.parametrize("place", ["query", "bearer", "cookie"])
def test_a_token_opens_every_way(private: Private, way: str, place: str) -> None:
    path, sign = WAYS[way]
    token = private.token()
    options: dict[str, Any] = {}
    if place == "query":
        path += ("&" if "?" in path else "?") + f"token={token}"
    elif place == "bearer":
        options["headers"] = {"Authorization": f"Bearer {token}"}
    else:
        options["cookies"] = {f"audiocast_listen_{private.stream_id}": token}
    answer = private.get(path, **options)
    assert answer.status_code == 200, answer.text
    assert sign in answer.text
    assert "public" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_audio_is_for_those_who_have_a_token(private: Private, method: str) -> None:
    path = f"{private.server.base}/stream/{private.stream_id}"
    unknown = f"{private.server.base}/stream/{UNKNOWN}"
    refused = requests.request(method, unknown, timeout=15)
    for name, token in bad_tokens(private).items():
        answer = requests.request(method, path, params={"token": token}, timeout=15)
        assert (answer.status_code, answer.text) == (404, refused.text), name
        # As long as for one that may come: nobody sees by the time that it is there.
        assert abs(answer.elapsed.total_seconds() - refused.elapsed.total_seconds()) < 0.4, name
    with requests.request(method, path, params={"token": private.token()}, timeout=15, stream=True) as answer:
        assert answer.status_code == 200


def test_a_session_ends_at_its_end_with_a_last_page(private: Private) -> None:
    token = private.token(session_seconds=2)
    with (
        Listener(private.server.port, f"/stream/{private.stream_id}?token={private.token()}") as other,
        Listener(private.server.port, f"/stream/{private.stream_id}?token={token}&preroll=0") as listener,
    ):
        listener.wait_for_end(15)
        assert listener.end == "closed"
        capture = listener.capture()
        capture.check_one_stream()
        assert capture.pages[-1].is_eos
        assert 1.5 < capture.seconds < 5
        assert other.end is None


def test_revoking_ends_what_older_links_have_opened_and_newer_ones_go_on(private: Private) -> None:
    old = private.token()
    path = f"/stream/{private.stream_id}?token="
    with Listener(private.server.port, path + old) as listener:
        listener.wait_for_audio(0.5)
        private.revoke()
        listener.wait_for_end(5)
        assert listener.capture().pages[-1].is_eos
    assert private.get("/api/streams/{id}?token=" + old).status_code == 404
    new = private.token()
    assert private.get("/api/streams/{id}?token=" + new).status_code == 200
    # Once more at once: what was made in between is revoked too.
    private.revoke()
    assert private.get("/api/streams/{id}?token=" + new).status_code == 404
    assert private.get("/api/streams/{id}?token=" + private.token()).status_code == 200


def test_an_event_stream_ends_with_its_session(private: Private) -> None:
    token = private.token(session_seconds=1)
    path = "/api/streams/{id}/events?token=" + token
    began_at = time.monotonic()
    with private.get(path, stream=True) as events:
        assert b"event: state" in next(events.iter_content(4096))
        assert list(events.iter_content(4096)) is not None
    assert time.monotonic() - began_at < 15


def test_hls_goes_on_by_a_session_of_its_own(private: Private) -> None:
    link = private.token(session_seconds=60)
    playlist = private.get("/stream/{id}/hls/index.m3u8?token=" + link)
    assert playlist.status_code == 200
    assert [each.status_code for each in playlist.history] == [302]
    assert link not in playlist.url
    assert "/hls/al1." in playlist.url
    uri = re.findall(r'URI="([^"]+)"', playlist.text)[0]
    media = requests.get(playlist.url.replace("index.m3u8", uri), timeout=15)
    assert media.status_code == 200
    assert media.headers["Cache-Control"].startswith("private, ")
    assert private.get("/stream/{id}/hls/" + uri).status_code == 404
    log = private.server.log.read_text()
    assert "al1..." in log or "/hls/al1" not in log
    assert link not in log
    assert playlist.url.split("/hls/")[1].split("/")[0] not in log


def test_a_link_lets_a_browser_in_and_leaves_no_token_in_its_history(private: Private) -> None:
    link = private.links(label="Anna")[0]["url"]
    browser = requests.Session()
    page = browser.get(link, timeout=15)
    assert page.status_code == 200
    assert TITLE in page.text
    assert page.url == private.started.listen_url
    assert "al1." not in page.text
    cookie = page.history[0].headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"].startswith("private")
    state = browser.get(f"{private.server.base}/api/streams/{private.stream_id}", timeout=15)
    assert state.json()["title"] == TITLE
    assert "access_code" not in state.json()


def test_a_visitor_without_a_link_is_asked_for_the_code(private: Private) -> None:
    url = private.started.listen_url
    page = requests.get(url, headers={"Accept": "text/html"}, timeout=15)
    assert page.status_code == 401
    assert TITLE not in page.text
    refused = requests.get(url, timeout=15)
    assert (refused.status_code, refused.json()["error"]) == (401, "listen_token_needed")
    browser = requests.Session()
    wrong = browser.post(
        f"{url}/code", data={"code": "wrong-code"}, headers={"Accept": "text/html"}, timeout=15
    )
    assert wrong.status_code == 401
    code = private.started.access_code
    assert code is not None
    typed = code.upper().replace("-", "  ")
    let_in = browser.post(f"{url}/code", data={"code": typed}, timeout=15)
    assert (let_in.status_code, let_in.url) == (200, url)
    assert TITLE in let_in.text


def test_tries_of_codes_are_bounded(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", MAX_WRONG_PASSWORDS_PER_CLIENT=3) as server:
        started = server.start_stream(visibility="private", access_code="open sesame")
        url = f"{started.listen_url}/code"
        # A proxy on this machine is no client itself.
        client = {"X-Forwarded-For": "192.0.2.1"}
        tried = [
            requests.post(url, data={"code": code}, headers=client, timeout=15).status_code
            for code in ("no", "no", "no", "no", "open sesame")
        ]
        assert tried == [401, 401, 401, 429, 429]
        other = requests.post(
            url, data={"code": "open sesame"}, headers={"X-Forwarded-For": "192.0.2.2"}, timeout=15
        )
        assert other.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"access_code": "short", "visibility": "private"},
        {"access_code": "long enough"},
        {"access_code": "long enough", "visibility": "unlisted"},
    ],
)
def test_a_code_is_long_enough_and_of_a_private_stream(private: Private, body: dict[str, str]) -> None:
    answer = requests.post(f"{private.server.base}/api/start", json=body, timeout=15)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_the_capture_of_a_token_is_whole(private: Private) -> None:
    path = f"/stream/{private.stream_id}?token={private.token()}"
    with Listener(private.server.port, path) as listener:
        listener.wait_for_audio(1).check_one_stream()


def test_a_stream_that_becomes_private_keeps_none_who_came_before(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET, HEADER_WAIT_TIMEOUT=0.3) as server:
        started = server.start_stream(title="Open")
        key = Keys([SECRET]).make(started.stream_id, Claims("Closed", visibility=Visibility.PRIVATE))
        with (
            PacedSource(started.keyed_url, numbered_audio(seconds=60)),
            Listener(server.port, f"/stream/{started.stream_id}") as listener,
        ):
            listener.wait_for_audio(0.5)
            watching = requests.get(
                f"{server.base}/api/streams/{started.stream_id}/events", timeout=15, stream=True
            )
            events = watching.iter_content(8192)
            assert b'"Open"' in next(events)
            with PacedSource(f"{started.ingest_url}?key={key}", numbered_audio(seconds=60)):
                with pytest.raises(requests.RequestException):
                    assert b"private" not in b"".join(events)
                assert listener.wait_for_end(15).pages[-1].is_eos
                answer = requests.get(started.stream_url, timeout=15)
                assert (answer.status_code, answer.json()["error"]) == (404, "stream_not_live")
