"""The tiles of the start page, as the server makes them."""

from typing import Any

from audiocast.web.pages.home import MOST_TILES, LiveTile, live_tiles


def state(stream_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "stream_id": stream_id,
        "title": "Evening",
        "state": "live",
        "started_at": 1_801_422_000.0,
        "listeners": 2,
        "now_playing": {"title": "Song", "artist": "Band"},
        "accent": "",
        "cover": None,
        **fields,
    }


def test_of_a_stream_that_is_on() -> None:
    tile = LiveTile.of(state("abc"))
    assert (tile.stream_id, tile.state, tile.status, tile.title, tile.track, tile.listeners) == (
        "abc",
        "live",
        "Live",
        "Evening",
        "Band — Song",
        "2 listeners",
    )
    assert tile.cover_url.startswith("/listen/abc/cover.svg?v=")


def test_nothing_is_said_of_what_nobody_knows_and_of_nobody() -> None:
    tile = LiveTile.of(state("abc", title="", listeners=None, now_playing=None))
    assert (tile.title, tile.track, tile.listeners) == ("", "", "")


def test_the_newest_comes_first_and_equals_stay_in_their_order() -> None:
    states = [state("a", started_at=1), state("c"), state("b"), state("old", started_at=None)]
    assert [tile.stream_id for tile in live_tiles(states)] == ["b", "c", "a", "old"]
    assert live_tiles(states[::-1]) == live_tiles(states)


def test_many_streams_are_not_all_shown() -> None:
    assert len(live_tiles(state(str(number)) for number in range(MOST_TILES + 5))) == MOST_TILES
