"""The comments at the start of what a listener gets are those of what is on when it joins."""

import pytest

from audiocast.ogg.headers import OpusTags
from audiocast.stream.now_playing import NowPlaying
from tests.unit.stream.audio import body
from tests.unit.stream.hub_harness import Broadcaster, HubHarness

FIRST = OpusTags("lavf", ("TITLE=First song", "ARTIST=One", "ALBUM=A"))
SECOND = OpusTags("lavf", ("TITLE=Second song", "GENRE=Jazz"))
SAYS_NOTHING = OpusTags("opusenc", ("ENCODER=opusenc",))


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


@pytest.fixture
def broadcaster(harness: HubHarness) -> Broadcaster:
    broadcaster = harness.broadcaster()
    broadcaster.begin([0], tags=FIRST)
    return broadcaster


def next_track(harness: HubHarness, broadcaster: Broadcaster, tags: OpusTags) -> None:
    """Begin the next segment of the chain, after the second for which each title is shown at least."""
    harness.clock.advance(1)
    broadcaster.send(body([1], serial=8, tags=tags))


def tags_now(harness: HubHarness) -> OpusTags:
    """Join, and hold all that comes against the rules of Ogg."""
    return harness.heard(harness.listen()).tags


def test_the_first_track(harness: HubHarness, broadcaster: Broadcaster) -> None:
    assert tags_now(harness) == FIRST


def test_the_next_track_of_a_chain(harness: HubHarness, broadcaster: Broadcaster) -> None:
    earlier = harness.listen()
    next_track(harness, broadcaster, SECOND)
    assert tags_now(harness) == SECOND
    assert harness.heard(earlier).numbers == [0, 1], "who came before notices nothing"
    assert harness.heard(earlier).tags == FIRST


def test_the_track_of_another_source(harness: HubHarness, broadcaster: Broadcaster) -> None:
    harness.clock.advance(1)
    harness.broadcaster().begin([1], tags=SECOND)
    assert tags_now(harness) == SECOND


def test_a_title_that_came_beside_the_audio(harness: HubHarness, broadcaster: Broadcaster) -> None:
    harness.clock.advance(1)
    harness.hub.set_now_playing(NowPlaying("News", "Ann"))
    assert tags_now(harness) == OpusTags("lavf", ("TITLE=News", "ARTIST=Ann"))
    harness.clock.advance(1)
    harness.hub.set_now_playing(NowPlaying("Weather", ""))
    assert tags_now(harness) == OpusTags("lavf", ("TITLE=Weather",))


def test_a_title_beside_the_audio_outlives_a_track_without_one(
    harness: HubHarness, broadcaster: Broadcaster
) -> None:
    harness.clock.advance(1)
    harness.hub.set_now_playing(NowPlaying("News", "Ann"))
    next_track(harness, broadcaster, SAYS_NOTHING)
    assert tags_now(harness) == OpusTags("opusenc", ("TITLE=News", "ARTIST=Ann"))


def test_a_track_that_says_nothing_after_one_that_did(harness: HubHarness, broadcaster: Broadcaster) -> None:
    next_track(harness, broadcaster, SAYS_NOTHING)
    assert tags_now(harness) == SAYS_NOTHING


def test_a_title_that_waits_to_be_shown_is_not_there_yet(
    harness: HubHarness, broadcaster: Broadcaster
) -> None:
    broadcaster.send(body([1], serial=8, tags=SECOND))
    assert tags_now(harness) == OpusTags("lavf", ("TITLE=First song", "ARTIST=One"))
    harness.clock.advance(1)
    assert tags_now(harness) == SECOND
