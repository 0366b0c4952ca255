"""A ban holds at each process of a server and at each member of a cluster, of what is open and what comes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.cluster.members import Members
from tests.integration.bounds.test_access_rules import BANNED, FREE, head, until, write
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

# Connections to one port: each of two workers gets some of them, but once in two thousand times.
CONNECTIONS = 12

Servers = Callable[[Path, Path], AbstractContextManager[Sequence[AudiocastServer]]]


@contextmanager
def two_workers(folder: Path, rules: Path) -> Iterator[Sequence[AudiocastServer]]:
    settings: dict[str, str | int] = {"WORKERS": 2, "program": "audiocast", "ACCESS_RULES_FILE": str(rules)}
    with AudiocastServer(folder / "server.log", **settings) as server:
        yield [server] * CONNECTIONS


@contextmanager
def three_members(folder: Path, rules: Path) -> Iterator[Sequence[AudiocastServer]]:
    with Members(folder, ACCESS_RULES_FILE=str(rules)) as members:
        yield [members[name] for name in members.names]


@pytest.mark.parametrize("servers", [two_workers, three_members])
def test_a_ban_holds_everywhere(tmp_path: Path, servers: Servers) -> None:
    rules = tmp_path / "access.rules"
    write(rules)
    with ExitStack() as stack:
        all_of_them = stack.enter_context(servers(tmp_path, rules))
        started = all_of_them[0].start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        all_of_them[0].wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}"
        stays, goes = (
            [stack.enter_context(Listener(each.port, path, headers=head(who))) for each in all_of_them]
            for who in (FREE, BANNED)
        )
        until(lambda: all(each.arrivals for each in (*stays, *goes)))
        write(rules, "deny address 192.0.2.9")
        until(lambda: all(each.end is not None for each in goes))
        for each in goes:
            assert (each.end, each.capture().pages[-1].is_eos) == ("closed", True)
        # Each process has read it by now, since each had some of those that have ended.
        for server in all_of_them:
            for route in (path, f"{path}/hls/index.m3u8", f"/api/streams/{started.stream_id}"):
                url = server.base + route
                answer = requests.get(url, headers={**BANNED, "Connection": "close"}, timeout=10)
                assert (answer.status_code, answer.json()["error"]) == (403, "banned"), route
            url = f"{server.base}/api/streams/{started.stream_id}"
            assert requests.get(url, headers={**FREE, "Connection": "close"}, timeout=10).status_code == 200
        assert [each.end for each in stays] == [None] * len(stays)
        before = [len(each.arrivals) for each in stays]
        until(lambda: all(len(each.arrivals) > count for each, count in zip(stays, before, strict=True)))
        # Who is forgiven may come again, everywhere.
        write(rules)
        for server in dict.fromkeys(all_of_them):
            until(partial(_is_open, f"{server.base}/api/streams/{started.stream_id}"))


def _is_open(url: str) -> bool:
    """Return whether each process that may answer lets in who was banned."""
    headers = {**BANNED, "Connection": "close"}
    answers = [requests.get(url, headers=headers, timeout=10) for _ in range(CONNECTIONS)]
    return {each.status_code for each in answers} == {200}
