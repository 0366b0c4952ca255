"""Why listens as HLS end: what a real server writes of sessions that are over, revoked, banned, heard out."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.integration.listeners.test_audience import records
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

OVER, REVOKED, BANNED, HEARD, STAYS = (f"192.0.2.{number}" for number in range(1, 6))
SESSION_SECONDS = 3


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def play(server: AudiocastServer, started: Started, address: str, token: str = "") -> requests.Response:
    """Ask for a playlist, as a player behind a proxy does."""
    url = f"{server.base}/stream/{started.stream_id}/hls/index.m3u8"
    query = {"token": token} if token else {}
    return requests.get(url, params=query, headers={"X-Forwarded-For": address}, timeout=15)


def token(server: AudiocastServer, started: Started, **wanted: int) -> str:
    url = f"{server.base}/api/streams/{started.stream_id}/listen-links?key={started.ingest_key}"
    return str(requests.post(url, json=wanted, timeout=15).json()["links"][0]["token"])


def test_each_session_tells_why_it_has_ended(tmp_path: Path) -> None:
    rules = tmp_path / "access.rules"
    rules.write_text("")

    def ends() -> dict[str, str]:
        return {each["client"]: each["end"] for each in records(tmp_path)}

    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(
                tmp_path / "server.log",
                AUDIENCE_LOG=str(tmp_path / "audience.log"),
                AUDIENCE_ADDRESS="full",
                ACCESS_RULES_FILE=str(rules),
            )
        )
        secret, public = server.start_stream(visibility="private"), server.start_stream()
        for each in (secret, public):
            stack.enter_context(PacedSource(each.keyed_url, numbered_audio(seconds=120)))
            server.wait_until_live(each)
        revoked = token(server, secret)
        assert play(server, secret, OVER, token(server, secret, session_seconds=SESSION_SECONDS)).ok
        assert play(server, secret, REVOKED, revoked).ok
        for address in (BANNED, HEARD, STAYS):
            assert play(server, public, address).ok
        until(lambda: ends() == {OVER: "session_over"})
        url = f"{server.base}/api/streams/{secret.stream_id}/listen-links/revoke?key={secret.ingest_key}"
        requests.post(url, timeout=15).raise_for_status()
        until(lambda: ends() == {OVER: "session_over", REVOKED: "revoked"})
        assert play(server, secret, REVOKED, revoked).status_code == 404
        rules.write_text(f"deny address {BANNED}\n")
        until(lambda: ends().get(BANNED) == "revoked")
        assert play(server, public, BANNED).status_code == 403
        assert server.metric("audiocast_hls_sessions") == 2
        url = f"{server.base}/api/streams/{public.stream_id}?key={public.ingest_key}"
        requests.delete(url, timeout=15).raise_for_status()
        assert play(server, public, HEARD).text.endswith("#EXT-X-ENDLIST\n")
    assert ends() == {
        OVER: "session_over",
        REVOKED: "revoked",
        BANNED: "revoked",
        HEARD: "stream_ended",
        STAYS: "server_stopped",
    }
