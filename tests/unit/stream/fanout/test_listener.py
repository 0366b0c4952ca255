"""A listener's place: all that it costs is this object."""

import socket

import pytest

from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS as LOW
from audiocast.stream.fanout.listener import Listener
from tests.unit.stream.fake_sink import FakeSink


@pytest.fixture
def listener() -> Listener:
    return Listener(FakeSink(), cursor=7, granule=960, unsent=b"head", aim_seconds=LOW)


def test_it_begins_open_with_nothing_missed(listener: Listener) -> None:
    assert listener.is_open
    assert (listener.cursor, listener.next_granule, listener.unsent, listener.aim_seconds) == (
        7,
        960,
        b"head",
        LOW,
    )
    assert (listener.blocked_since, listener.skipped_pages, listener.skipped_samples) == (None, 0, 0)


def test_it_cannot_grow_a_queue(listener: Listener) -> None:
    with pytest.raises(AttributeError):
        listener.queue = []  # type: ignore[attr-defined]


def test_a_real_socket_has_what_a_sink_needs() -> None:
    assert callable(socket.socket.send)
    assert callable(socket.socket.close)
