"""The pictures that were given: bounded in memory, and the last one counts."""

import pytest

from audiocast.stream.broadcaster.given_covers import GivenCover, GivenCovers
from audiocast.stream.broadcaster.picture import Picture
from audiocast.stream.clock import Clock
from audiocast.stream.errors import ServerFull
from audiocast.stream.hub_state import HubLimits, Rule
from audiocast.stream.keys import Claims
from audiocast.stream.registry import Registry
from tests.support.clock.fake_clock import FakeClock


def given(at: float = 1.0, size: int = 10) -> GivenCover:
    return GivenCover(Picture("image/png", 64, 64, bytes(size)), at)


def test_those_that_nobody_asks_for_make_room_unless_their_streams_are_on() -> None:
    on = {"a"}
    covers = GivenCovers(on.__contains__, max_bytes=30)
    for stream_id in "abc":
        covers.keep(stream_id, given())
    assert covers.get("b") is not None
    covers.keep("d", given())
    assert [stream_id for stream_id, _ in covers.items()] == ["a", "b", "d"]
    on |= {"b", "d"}
    with pytest.raises(ServerFull):
        covers.keep("e", given())
    covers.keep("d", given(at=2.0))
    covers.drop("a")
    covers.drop("a")
    covers.keep("e", given(size=10))
    assert len(covers) == 3


def test_of_two_pictures_the_later_one_counts_whenever_it_comes() -> None:
    covers = GivenCovers(lambda _: False)
    covers.keep("a", given(at=2.0))
    covers.keep("a", given(at=1.0))
    kept = covers.get("a")
    assert kept is not None
    assert kept.given_at == 2.0
    covers.drop_older("a", 2.0)
    assert covers.get("a") is not None
    covers.drop_older("a", 2.1)
    assert covers.get("a") is None


@pytest.fixture
def streams() -> Registry:
    clock: Clock = FakeClock()
    return Registry(clock=clock, limits=HubLimits(), max_streams=2)


def test_a_picture_goes_with_its_stream(streams: Registry) -> None:
    for stream_id in ("closed", "suspended", "reopened", "kept"):
        streams.open(stream_id)
        streams.covers.keep(stream_id, given())
    streams.close("closed", 0)
    streams.hold_to("suspended", Rule(is_suspended=True))
    streams.reopen("reopened", Claims())
    assert [stream_id for stream_id, _ in streams.covers.items()] == ["kept"]
    for number in range(4):
        streams.open(f"other{number}")
    assert len(streams.covers) == 0, "the stream is forgotten"
