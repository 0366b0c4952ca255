"""A source over a WebSocket in a cluster: all members have it, and one that leaves says so."""

from pathlib import Path

import pytest

from tests.cluster.heard import check_every_page_once, path_of
from tests.cluster.members import Members
from tests.support.http.listener import Listener
from tests.support.http.socket_source import SocketSource, numbered_messages
from tests.support.processes.server import Started

pytestmark = pytest.mark.realtime


def test_it_is_forwarded_relayed_and_moved_to_another_member(tmp_path: Path) -> None:
    with Members(tmp_path, DRAIN_SECONDS=2) as members:
        started = members.start_stream(owner="m0", at="m1")
        with (
            source_at(members, started, "m1", first_number=0) as source,
            Listener(members["m2"].port, path_of(started)) as listener,
        ):
            members.wait_for_owner(started.stream_id, "m0", seconds=10)
            listener.wait_for_audio(1)
            check_every_page_once(listener)
            members.call("m1", "POST", "/internal/drain").raise_for_status()
            code, reason = source.wait_until_closed()
            assert (code, reason.partition(":")[0]) == (4503, "shutting_down")
            with source_at(members, started, "m2", first_number=10_000):
                listener.wait_for_audio(listener.capture().seconds + 1)
                listener.capture().check_one_stream()
        assert members.complaints() == []


def source_at(members: Members, started: Started, name: str, *, first_number: int) -> SocketSource:
    return SocketSource(members[name].base, started, numbered_messages(60, first_number=first_number))
