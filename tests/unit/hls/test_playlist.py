"""The playlist keeps the rules of RFC 8216 and of its second edition, at every moment of a stream."""

import pytest

from audiocast.hls.playlist import media_playlist
from tests.support.audio.hls_rules import Playlist, attributes
from tests.unit.hls.feed import BEGAN_AT, FIRST, FIRST_CUT, MONO, Feed

LISTED_SEGMENTS = 10


class Watcher:
    """Reads the playlist whenever it may have changed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.last: Playlist | None = None
        self.seen = 0

    def seconds(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            if self.feed.packets(1):
                self.look()

    def look(self) -> Playlist:
        playlist = Playlist.parse(media_playlist(self.feed.timeline))
        if self.last is not None:
            playlist.check_follows(self.last)
        for uri in playlist.uris:
            assert self.feed.timeline.media(uri.removeprefix("abc/")), uri
        self.last = playlist
        self.seen += 1
        return playlist


@pytest.fixture
def watcher() -> Watcher:
    return Watcher(Feed())


def test_it_keeps_the_rules_for_a_minute(watcher: Watcher) -> None:
    watcher.seconds(60)
    assert watcher.seen == 150
    playlist = watcher.look()
    assert len(playlist.whole) == LISTED_SEGMENTS
    assert playlist.whole[-1].number == FIRST + 29
    assert sum(segment.seconds for segment in playlist.whole) == pytest.approx(20)


def test_the_hint_is_what_comes_next(watcher: Watcher) -> None:
    for _ in range(40):
        watcher.seconds(0.4)
        assert watcher.last is not None
        hint, position = watcher.last.hint, watcher.last.next_position
        assert hint == "abc/{}.{}.m4s".format(*position)
        watcher.seconds(0.4)
        assert hint in watcher.last.uris


def test_a_cut_is_a_discontinuity_as_long_as_it_is_listed_and_is_counted_after_that(watcher: Watcher) -> None:
    watcher.seconds(3)
    watcher.feed.timeline.start_bitstream(MONO)
    watcher.seconds(30)
    playlist = watcher.look()
    assert {segment.discontinuity for segment in playlist.segments} == {FIRST_CUT + 1}
    assert {segment.init for segment in playlist.segments} == {"abc/init1.mp4"}


def test_a_map_is_said_again_only_when_it_is_another(watcher: Watcher) -> None:
    watcher.seconds(3)
    watcher.feed.timeline.start_bitstream(MONO)
    watcher.seconds(3)
    text = media_playlist(watcher.feed.timeline)
    assert text.count("#EXT-X-MAP:") == 2
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1


def test_the_end_is_said_and_nothing_is_hinted(watcher: Watcher) -> None:
    watcher.seconds(3)
    watcher.feed.timeline.end()
    playlist = watcher.look()
    assert playlist.is_ended
    assert [segment.seconds for segment in playlist.whole] == [2, 1]
    watcher.look()


def test_players_stay_as_near_as_is_recommended(watcher: Watcher) -> None:
    watcher.seconds(3)
    control = attributes(watcher.look().header["SERVER-CONTROL"])
    assert control == {"CAN-BLOCK-RELOAD": "YES", "HOLD-BACK": "6.0", "PART-HOLD-BACK": "1.2"}


def test_times_of_day_are_of_the_first_sample(watcher: Watcher) -> None:
    watcher.seconds(4)
    playlist = watcher.look()
    assert [segment.at for segment in playlist.segments] == [1_800_000_000.0, 1_800_000_002.0]


def test_times_of_day_are_rounded_to_milliseconds(watcher: Watcher) -> None:
    watcher.feed.now += 0.0006
    watcher.seconds(2)
    assert [segment.at for segment in watcher.look().segments] == [BEGAN_AT + 0.001]


def test_the_head_says_what_a_player_must_know_before_it_plays(watcher: Watcher) -> None:
    watcher.seconds(3)
    assert watcher.look().header == {
        # EXT-X-MAP without I-frames needs it (RFC 8216 section 7); a higher one turns old players away.
        "VERSION": "6",
        "TARGETDURATION": "2",
        "PART-INF": "PART-TARGET=0.40000",
        "SERVER-CONTROL": "CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.0,PART-HOLD-BACK=1.2",
        "MEDIA-SEQUENCE": str(FIRST),
        "DISCONTINUITY-SEQUENCE": str(FIRST_CUT),
    }


def test_parts_are_listed_for_the_last_three_segments_and_the_one_that_is_made(watcher: Watcher) -> None:
    watcher.seconds(13)
    assert [len(segment.parts) for segment in watcher.look().segments] == [0, 0, 0, 5, 5, 5, 2]
