"""A file of rules says who may use the public port: from the first request on, and when it changes."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.socket_source import SocketSource, ask_for_upgrade, numbered_messages, socket_url
from tests.support.http.source import PacedSource
from tests.support.network.certificates import make_pair
from tests.support.processes.server import AudiocastServer

SECRET = "a-secret-for-tests-1"
BANNED = {"X-Forwarded-For": "192.0.2.9"}
FREE = {"X-Forwarded-For": "192.0.2.17"}

# A rule that is written holds a second later, on a machine that has time.
HOLDS_SECONDS = 20.0


def write(path: Path, *rules: str) -> None:
    """Put another file in its place."""
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join([*rules, ""]))
    fresh.replace(path)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HOLDS_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_banned_client_gets_nothing_of_the_public_port(tmp_path: Path) -> None:
    rules = tmp_path / "access.rules"
    write(rules, "allow address 192.0.2.17", "deny address 192.0.2.0/24", "deny agent *BadBot*")
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", ACCESS_RULES_FILE=str(rules)))
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        server.wait_for_state(started.stream_id, "live")
        name = started.stream_id
        asked = 0
        for path in (
            *("/", f"/listen/{name}", f"/embed/{name}", "/broadcast", "/api/streams", f"/api/streams/{name}"),
            *(f"/api/streams/{name}/events", f"/api/streams/{name}/history", f"/stream/{name}", "/no-page"),
            *(f"/stream/{name}/hls/audio.m3u8", f"/stream/{name}.m3u", "/status-json.xsl", "/oembed?url=x"),
        ):
            for headers in (
                BANNED,
                {**FREE, "User-Agent": "Mozilla/5.0 (badbot)"} | {"X-Forwarded-For": "::9"},
            ):
                answer = requests.get(server.base + path, headers=headers, timeout=10, stream=True)
                asked += 1
                assert (path, answer.status_code) == (path, 403)
                if "text/html" not in answer.headers["Content-Type"]:
                    assert answer.json()["error"] == "banned"
                answer.close()
        for method, path in (
            ("POST", "/api/start"),
            ("PATCH", f"/api/streams/{name}"),
            ("DELETE", f"/api/streams/{name}"),
        ):
            asked += 1
            assert requests.request(method, server.base + path, headers=BANNED, timeout=10).status_code == 403
        sent = requests.post(started.keyed_url, headers=BANNED, data=b"OggS", timeout=10)
        upgrade = ask_for_upgrade(
            socket_url(server.base, started).replace("ws:", "http:"),
            X_Forwarded_For=BANNED["X-Forwarded-For"],
        )
        asked += 2
        assert [(each.status_code, each.json()["error"]) for each in (sent, upgrade)] == [(403, "banned")] * 2
        assert requests.get(f"{server.base}/api/streams/{name}", headers=FREE, timeout=10).status_code == 200
        assert server.state(name)["state"] == "live"
        assert server.metric("audiocast_banned_requests_total") == asked
        assert server.metric("audiocast_access_rules") == 3
        # They are counted, and not logged one by one.
        assert "192.0.2.9" not in server.log.read_text()
        assert not [line for line in server.events() if line.get("error") == "banned"]


def test_a_new_rule_ends_what_is_open(tmp_path: Path) -> None:
    rules = tmp_path / "access.rules"
    write(rules)
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", ACCESS_RULES_FILE=str(rules)))
        first, second = server.start_stream(), server.start_stream()
        stack.enter_context(PacedSource(first.keyed_url, numbered_audio(seconds=120)))
        stack.enter_context(SocketSource(server.base, second, numbered_messages(120)))
        for each in (first, second):
            server.wait_for_state(each.stream_id, "live")
        path = f"/stream/{first.stream_id}"
        events = f"/api/streams/{first.stream_id}/events"
        stays = [
            stack.enter_context(Listener(server.port, each, headers=head(FREE))) for each in (path, events)
        ]
        goes = [
            stack.enter_context(Listener(server.port, each, headers=head(BANNED))) for each in (path, events)
        ]
        until(lambda: all(each.arrivals for each in (*stays, *goes)))
        write(rules, "deny address 192.0.2.9")
        until(lambda: all(each.end is not None for each in goes))
        assert [each.end for each in stays] == [None, None]
        before = [len(each.arrivals) for each in stays]
        until(lambda: all(len(each.arrivals) > count for each, count in zip(stays, before, strict=True)))
        assert server.metric("audiocast_banned_connections_total") == 2
        assert server.state(first.stream_id)["state"] == "live"


def test_a_new_rule_ends_listeners_over_tls(tmp_path: Path) -> None:
    rules, pair = tmp_path / "access.rules", make_pair(tmp_path)
    write(rules)
    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(tmp_path / "log", ACCESS_RULES_FILE=str(rules), **pair.settings)
        )
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}"
        stays, goes = (
            stack.enter_context(Listener(server.tls_port, path, headers=head(each), tls=pair.trusting()))
            for each in (FREE, BANNED)
        )
        until(lambda: bool(stays.arrivals and goes.arrivals))
        write(rules, "deny address 192.0.2.9")
        until(lambda: goes.end is not None)
        # Its last page came, and the end of TLS.
        assert (goes.end, stays.end) == ("closed", None)


def test_a_new_rule_ends_sources(tmp_path: Path) -> None:
    rules = tmp_path / "access.rules"
    write(rules)
    # Without a proxy that is trusted, the client is this machine.
    settings = {"ACCESS_RULES_FILE": str(rules), "TRUSTED_PROXIES": ",", "SECRET_KEYS": SECRET}
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", **settings))
        first, second = server.start_stream(), server.start_stream()
        source = stack.enter_context(PacedSource(first.keyed_url, numbered_audio(seconds=120)))
        page = stack.enter_context(SocketSource(server.base, second, numbered_messages(120)))
        for each in (first, second):
            server.wait_for_state(each.stream_id, "live")
        write(rules, "deny address 127.0.0.1")
        until(lambda: server.metric("audiocast_sources") == 0)
        until(lambda: page.closed is not None)
        assert page.closed == (4403, "banned: this address, program or page may not use this server")
        assert source.answer().status == 403
        # What was good before holds until the file is.
        rules.write_text("allow nobody\n")
        until(lambda: server.metric("audiocast_access_rules_refused") == 1)
        assert requests.get(server.base, timeout=10).status_code == 403
        assert "line 1: expected allow or deny" in server.log.read_text()
        write(rules)
        until(lambda: requests.get(server.base, timeout=10).status_code == 200)


def head(headers: dict[str, str]) -> str:
    """Return header lines."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
