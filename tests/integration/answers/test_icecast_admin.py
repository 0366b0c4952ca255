"""What panels ask an Icecast server, with a key or an API token, and what they are answered."""

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

TOKEN = "a-token-of-the-station"
OTHER_TOKEN = "a-token-of-another-station"

READ_PATHS = ["/admin/stats", "/admin/listmounts", "/admin/listclients"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("admin") / "server.log"
    with AudiocastServer(log, API_TOKENS=f"{TOKEN},{OTHER_TOKEN}", HEADER_WAIT_TIMEOUT=0) as server:
        yield server


def start(server: AudiocastServer, title: str = "", token: str = TOKEN) -> Started:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{server.base}/api/start", json={"title": title}, headers=headers, timeout=10)
    return Started(**answer.json())


@pytest.fixture(scope="module")
def streams(server: AudiocastServer) -> Iterator[list[Started]]:
    first, second = start(server, "One & <two>"), start(server, "Three")
    with (
        PacedSource(first.keyed_url, numbered_audio(seconds=300), lead_seconds=5),
        PacedSource(second.keyed_url, numbered_audio(seconds=300), lead_seconds=5),
    ):
        for each in (first, second):
            server.wait_for_state(each.stream_id, "live")
        yield [first, second]


def ask(server: AudiocastServer, path: str, password: str = "", mount: str = "") -> requests.Response:
    """Ask as panels do: with Basic credentials, whose user name says nothing."""
    auth = ("admin", password) if password else None
    params = {"mount": mount} if mount else {}
    return requests.get(server.base + path, params=params, auth=auth, timeout=10)


def document(answer: requests.Response) -> ElementTree.Element:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=UTF-8")
    assert answer.headers["Cache-Control"] == "no-store"
    return ElementTree.fromstring(answer.content)


def mounts(root: ElementTree.Element) -> list[str | None]:
    return [source.get("mount") for source in root.iter("source")]


def test_stats_show_the_server_and_all_streams_to_an_api_token(
    server: AudiocastServer, streams: list[Started]
) -> None:
    with Listener(server.port, f"/stream/{streams[0].stream_id}") as listener:
        listener.wait_for_audio(0.1)
        root = document(ask(server, "/admin/stats", TOKEN))
    assert mounts(root) == [f"/stream/{each.stream_id}" for each in streams]
    said = {element.tag: element.text for element in root if element.tag != "source"}
    assert (said["sources"], said["listeners"], said["clients"]) == ("2", "1", "3")
    assert said["server_id"] == "audiocast 0.1.0"
    assert said["host"] == "127.0.0.1"
    first = {element.tag: element.text for element in next(root.iter("source"))}
    assert first["server_name"] == "One & <two>"
    assert first["listenurl"] == streams[0].stream_url
    assert (first["listeners"], first["subtype"], first["channels"]) == ("1", "Opus", "1")
    assert "source_ip" not in first


def test_a_key_shows_its_own_stream(server: AudiocastServer, streams: list[Started]) -> None:
    first, second = streams
    for path in READ_PATHS:
        for form in (f"/stream/{first.stream_id}.opus", f"/ingest/{first.stream_id}"):
            root = document(ask(server, path, first.ingest_key, form))
            assert mounts(root) == [f"/stream/{first.stream_id}"], path
        for mount, password, status, code in (
            (f"/stream/{second.stream_id}", first.ingest_key, 401, "bad_key"),
            (f"/stream/{first.stream_id}", "wrong", 401, "bad_key"),
            (f"/stream/{first.stream_id}", "", 401, "key_missing"),
            ("/elsewhere", first.ingest_key, 400, "bad_mount"),
            ("/stream/-", first.ingest_key, 404, "bad_stream_id"),
        ):
            answer = ask(server, path, password, mount)
            assert (answer.status_code, answer.json()["error"]) == (status, code), path
            if status == 401:
                assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_without_a_mount_it_takes_an_api_token(server: AudiocastServer, streams: list[Started]) -> None:
    for path in READ_PATHS[:2]:
        for password in ("", streams[0].ingest_key, "wrong"):
            answer = ask(server, path, password)
            assert (answer.status_code, answer.json()["error"]) == (401, "token_needed")
    answer = ask(server, "/admin/listclients", TOKEN)
    assert (answer.status_code, answer.json()["error"]) == (400, "argument_missing")


def test_mounts_have_their_listeners_and_how_long_they_are_on(
    server: AudiocastServer, streams: list[Started]
) -> None:
    root = document(ask(server, "/admin/listmounts", TOKEN))
    assert mounts(root) == [f"/stream/{each.stream_id}" for each in streams]
    for source in root.iter("source"):
        assert [element.tag for element in source] == ["fallback", "listeners", "Connected", "content-type"]
        assert 0 <= int(source.findtext("Connected", "")) < 300
        assert source.findtext("content-type") == "audio/ogg"


def test_clients_are_counted_and_have_no_addresses(server: AudiocastServer, streams: list[Started]) -> None:
    path = f"/stream/{streams[1].stream_id}"
    with Listener(server.port, path) as listener:
        listener.wait_for_audio(0.1)
        answer = ask(server, "/admin/listclients", streams[1].ingest_key, path)
    root = document(answer)
    assert root.findtext("source/Listeners") == "1"
    assert root.find("source/listener") is None
    assert "127.0.0.1" not in answer.text


def test_a_stream_that_is_not_on_is_not_there(server: AudiocastServer) -> None:
    waiting = start(server)
    for path in READ_PATHS:
        for password in (waiting.ingest_key, TOKEN):
            answer = ask(server, path, password, f"/stream/{waiting.stream_id}")
            assert (answer.status_code, answer.json()["error"]) == (404, "stream_not_live")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_killsource_ends_the_stream_as_delete_does(server: AudiocastServer, method: str) -> None:
    started, other = start(server), start(server)
    path, mount = "/admin/killsource", f"/stream/{started.stream_id}"
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        for password, code in (
            ("", "key_missing"),
            (TOKEN, "bad_key"),
            (other.ingest_key, "bad_key"),
            ("wrong", "bad_key"),
        ):
            answer = ask(server, path, password, mount)
            assert (answer.status_code, answer.json()["error"]) == (401, code)
        head = f"HEAD {path}?mount={mount}&key={started.ingest_key} HTTP/1.1\r\nHost: x\r\n"
        assert exchange(server.port, f"{head}Connection: close\r\n\r\n".encode()).status == 200
        assert server.state(started.stream_id)["state"] == "live"
        asked = {"mount": mount}
        in_query, in_form = (asked, None) if method == "GET" else (None, asked)
        auth = ("admin", started.ingest_key)
        url = server.base + path
        answer = requests.request(method, url, params=in_query, data=in_form, auth=auth, timeout=10)
        root = document(answer)
        assert (root.findtext("message"), root.findtext("return")) == ("Source Removed", "1")
    assert server.state(started.stream_id)["state"] == "ended"
    again = requests.put(started.keyed_url, data=numbered_audio(seconds=1), timeout=10)
    assert (again.status_code, again.json()["error"]) == (410, "stream_ended")
    # It may be ended again, and is not shown any more.
    assert ask(server, path, started.ingest_key, mount).status_code == 200
    assert ask(server, "/admin/stats", started.ingest_key, mount).status_code == 410


@pytest.mark.parametrize("path", ["/status.xsl", "/7.html"])
def test_pages_that_are_not_here_say_where_the_numbers_are(server: AudiocastServer, path: str) -> None:
    answer = ask(server, path)
    assert (answer.status_code, answer.json()["error"]) == (404, "use_status_json")
    assert "/status-json.xsl" in answer.json()["message"]


@pytest.mark.parametrize(
    "form",
    ["%2Eopus", "%2eogg", ".opus/", "/", "%2Em3u", ".pls/", ";", "/;", ".opus;"],
)
def test_an_address_is_found_in_each_form(server: AudiocastServer, streams: list[Started], form: str) -> None:
    stream_id = streams[0].stream_id
    if "m3u" in form or "pls" in form:
        answer = requests.get(f"{server.base}/stream/{stream_id}{form}", timeout=10)
        assert (answer.status_code, streams[0].stream_url in answer.text) == (200, True)
        return
    escaped = "".join(f"%{ord(each):02X}" for each in stream_id)
    for written in (stream_id, escaped):
        with Listener(server.port, f"/stream/{written}{form}?preroll=0") as listener:
            listener.wait_for_audio(0.1).check_one_stream()


def test_slashes_at_the_start_are_one(server: AudiocastServer, streams: list[Started]) -> None:
    stream_id = streams[0].stream_id
    with Listener(server.port, f"//stream/{stream_id}?preroll=0") as listener:
        listener.wait_for_audio(0.1).check_one_stream()
    for path in (f"//listen/{stream_id}", f"///stream/{stream_id}.m3u", "//api/streams"):
        assert requests.get(server.base + path, allow_redirects=False, timeout=10).status_code == 200
    # In the middle they are not.
    assert requests.get(f"{server.base}/stream//{stream_id}", timeout=10).status_code == 404


@pytest.mark.parametrize("path", ["/listen/{}/", "/embed/{}/", "/listen/{}", "/broadcast/"])
def test_a_slash_at_the_end_of_a_page_is_none(
    server: AudiocastServer, streams: list[Started], path: str
) -> None:
    url = server.base + path.format(streams[0].stream_id)
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")


def test_what_is_reserved_stays_escaped(server: AudiocastServer, streams: list[Started]) -> None:
    stream_id = streams[0].stream_id
    for path in (f"/stream%2F{stream_id}", f"/stream/{stream_id}%3Fpreroll=0", f"/stream/{stream_id}%"):
        assert requests.get(server.base + path, timeout=10).status_code == 404
    # In a query nothing is touched: there "%2B" and "+" are two things.
    url = f"{server.base}/admin/metadata?mount=%2Fingest%2F{stream_id}&song=a%2Eb%2Bc+d"
    assert requests.get(url, auth=("source", streams[0].ingest_key), timeout=10).status_code == 200
    assert server.state(stream_id)["now_playing"] == {"title": "a.b+c d", "artist": ""}
