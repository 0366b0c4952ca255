"""What a hub keeps and learns for the other nodes of a cluster, and how its bitstreams are told apart."""

import secrets
from dataclasses import replace

import pytest

from audiocast.stream.errors import BadKey, StreamEnded
from audiocast.stream.hub_state import HubState, Promise
from audiocast.stream.source_log import Position
from tests.unit.stream.audio import body, page
from tests.unit.stream.hub_harness import LIMITS, HubHarness


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness(replace(LIMITS, log_sources=True))


def logged(harness: HubHarness) -> bytes:
    log = harness.hub.source_log
    assert log is not None
    return b"".join(log.pages(log.first))


def test_without_other_nodes_no_pages_of_sources_are_kept() -> None:
    harness = HubHarness()
    harness.live(range(5))
    assert harness.hub.source_log is None


def test_the_pages_of_a_source_are_kept_as_they_came_with_all_segments_of_its_chain(
    harness: HubHarness,
) -> None:
    broadcaster = harness.broadcaster()
    sent = body(range(3)) + body(range(3, 6), serial=8)
    broadcaster.send(sent)
    assert logged(harness) == sent
    log = harness.hub.source_log
    assert log is not None
    assert log.last == Position(8, 4)


def test_a_page_on_which_nothing_ends_is_kept_too(harness: HubHarness) -> None:
    broadcaster = harness.broadcaster()
    sent = body(range(3)) + page(sequence=5)
    broadcaster.send(sent)
    assert logged(harness) == sent


def test_only_the_newest_source_is_kept(harness: HubHarness) -> None:
    harness.broadcaster().send(body(range(3)))
    newer = body(range(3, 6), serial=9)
    harness.broadcaster().send(newer)
    assert logged(harness) == newer


def test_as_much_is_kept_as_listeners_get(harness: HubHarness) -> None:
    harness.broadcaster().send(body(range(2000)))
    log = harness.hub.source_log
    assert log is not None
    assert len(log.pages(log.first)) == LIMITS.backlog_seconds / 0.02


def test_what_another_node_knows_of_the_keys_is_told_and_holds(harness: HubHarness) -> None:
    harness.hub.learn(Promise(generation=3, is_closed=False))
    assert (harness.hub.promise, harness.changes) == (Promise(3, False), 1)
    with pytest.raises(BadKey):
        harness.hub.admit(2)
    harness.hub.admit(3)
    harness.hub.learn(Promise(generation=3, is_closed=True))
    assert (harness.hub.state, harness.changes) == (HubState.ENDED, 2)
    with pytest.raises(StreamEnded):
        harness.hub.admit(3)
    harness.hub.reopen("")
    assert (harness.hub.state, harness.changes) == (HubState.WAITING, 3)


def test_a_bitstream_has_a_random_serial_number_of_thirty_two_bits(
    harness: HubHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    harness.live(range(3))
    assert {each.serial for each in harness.heard(harness.listen()).pages} == {0xFFFF_FFFF}


def test_no_more_listeners_are_closed_than_are_there(harness: HubHarness) -> None:
    assert harness.hub.close_listeners(3) == 0
    harness.live(range(3))
    sinks = [harness.listen() for _ in range(3)]
    assert harness.hub.close_listeners(2) == 2
    assert [sink.closed for sink in sinks].count(True) == 2
    assert harness.hub.close_listeners(2) == 1


def test_a_title_is_set_only_where_there_is_none(harness: HubHarness) -> None:
    harness.hub.set_missing_title("Another")
    assert harness.hub.title == "A title"
    harness.hub.title = ""
    harness.hub.set_missing_title(" Another\n")
    assert harness.hub.title == "Another"
