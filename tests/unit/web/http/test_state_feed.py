"""The state of a stream is described and serialised once for all pages that watch it."""

import asyncio
import json
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from audiocast.stream.counters import Counters
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.now_playing import NowPlaying
from audiocast.web.http import state_feed
from audiocast.web.http.json_text import encode_json
from audiocast.web.http.state_feed import (
    HEARTBEAT,
    HEARTBEAT_SECONDS,
    MIN_CHANGE_SECONDS,
    MIN_PAUSE_SECONDS,
    PAGES_PER_SECOND,
    SLICE_PAGES,
    StateFeeds,
    Watchers,
)
from tests.support.clock.jumping_loop import run

STALL_SECONDS = 20.0
LIMIT = 100_000


class FakePage:
    """A page's connection.

    Attributes:
        events: What was written.
        is_writing: Set by a test whose page does not read.
        is_closed: The feed has closed it.
    """

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.is_writing = False
        self.is_closed = False

    def write_event(self, event: bytes) -> None:
        self.events.append(event)

    def close_connection(self) -> None:
        self.is_closed = True

    @property
    def states(self) -> list[dict[str, Any]]:
        """The states that were written, without heartbeats."""
        lines = [event.decode() for event in self.events if event != HEARTBEAT]
        assert all(line.startswith("event: state\ndata: ") and line.endswith("\n\n") for line in lines)
        return [json.loads(line.removeprefix("event: state\ndata: ")) for line in lines]


class Harness:
    """A stream and its feeds, in a running loop whose time jumps.

    Attributes:
        fields: What a description of the stream holds beside its track.
        described: How often the stream was described.
        serialised: How often JSON was made of it.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.hub = Hub("abc", title="", clock=self.loop, counters=Counters(), limits=HubLimits())
        self.watchers = Watchers(LIMIT)
        self.feeds = StateFeeds(self._describe, self.watchers, stall_seconds=STALL_SECONDS)
        self.fields: dict[str, Any] = {"listeners": 0, "bitrate_bps": 1}
        self.described = 0
        self.serialised = 0
        self.stack = ExitStack()

    def __enter__(self) -> "Harness":
        self.stack.enter_context(patch.object(state_feed, "encode_json", self._encode))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def open_page(self) -> FakePage:
        page = FakePage()
        self.stack.enter_context(self.feeds.watched(self.hub, page))
        return page

    async def _describe(self, hub: Hub) -> dict[str, Any]:
        self.described += 1
        await asyncio.sleep(0)
        playing = hub.titles.now_playing
        return {**self.fields, "title": playing.title if playing else None}

    def _encode(self, value: object) -> bytes:
        self.serialised += 1
        return encode_json(value)


def titles(page: FakePage) -> list[str | None]:
    return [state["title"] for state in page.states]


def test_one_change_is_described_and_serialised_once_for_all_pages() -> None:
    async def test() -> None:
        with Harness() as harness:
            pages = [harness.open_page() for _ in range(1000)]
            await asyncio.sleep(0.01)
            assert (harness.described, harness.serialised) == (1, 1)
            harness.hub.set_now_playing(NowPlaying("Song", ""))
            await asyncio.sleep(0.01)
            assert (harness.described, harness.serialised) == (2, 2)
            assert {tuple(titles(page)) for page in pages} == {(None, "Song")}
            assert len({id(page.events[-1]) for page in pages}) == 1

    run(test())


def test_ten_titles_a_second_are_one_event_a_second() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            await asyncio.sleep(0.01)
            for number in range(100):
                harness.hub.set_now_playing(NowPlaying(f"{number}", ""))
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            shown = titles(page)
            assert (shown[0], shown[1], shown[-1]) == (None, "0", "99")
            assert len(shown) <= 2 + 10 + 1
            # The looks at changed numbers come on top.
            assert harness.described <= len(shown) + 12 / MIN_PAUSE_SECONDS + 1
            assert harness.serialised == len(shown)

    run(test())


def test_changes_of_state_are_sent_at_once_and_four_times_a_second_at_most() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            await asyncio.sleep(1)
            for number in range(1000):
                harness.fields["state"] = number
                for notify in harness.hub.on_change:
                    notify()
                await asyncio.sleep(0.001)
                if number == 2:
                    assert page.states[1]["state"] in (0, 1)
            await asyncio.sleep(MIN_CHANGE_SECONDS)
            assert page.states[-1]["state"] == 999
            assert len(page.states) <= 2 + 1 / MIN_CHANGE_SECONDS + 1
            assert harness.described <= 2 + 1 / MIN_CHANGE_SECONDS + 2

    run(test())


def test_changed_numbers_come_after_a_pause_that_grows_with_the_pages() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            harness.watchers.count += 10 * PAGES_PER_SECOND
            await asyncio.sleep(0.1)
            harness.fields["listeners"] = 5
            await asyncio.sleep(9)
            assert len(page.states) == 1
            await asyncio.sleep(1)
            assert page.states[-1]["listeners"] == 5
            harness.watchers.count -= 10 * PAGES_PER_SECOND

    run(test())


def test_another_bit_rate_is_no_event_and_is_in_the_next_one() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            await asyncio.sleep(0.1)
            harness.fields["bitrate_bps"] = 2
            await asyncio.sleep(2 * MIN_PAUSE_SECONDS)
            assert len(page.events) == 1
            assert harness.open_page().states == [{"listeners": 0, "bitrate_bps": 2, "title": None}]

    run(test())


def test_a_page_that_comes_gets_the_state_without_another_description() -> None:
    async def test() -> None:
        with Harness() as harness:
            harness.open_page()
            await asyncio.sleep(0.1)
            for _ in range(100):
                assert len(harness.open_page().states) == 1
            assert (harness.described, harness.serialised) == (1, 1)

    run(test())


def test_a_page_that_comes_with_a_change_gets_the_new_state_only() -> None:
    async def test() -> None:
        with Harness() as harness:
            harness.open_page()
            await asyncio.sleep(0.1)
            harness.hub.set_now_playing(NowPlaying("Song", ""))
            page = harness.open_page()
            await asyncio.sleep(0.1)
            assert titles(page) == ["Song"]

    run(test())


def test_a_page_that_reads_slowly_is_sent_the_newest_state_only() -> None:
    async def test() -> None:
        with Harness() as harness:
            slow, quick = harness.open_page(), harness.open_page()
            await asyncio.sleep(0.1)
            slow.is_writing = True
            for number in range(5):
                harness.hub.set_now_playing(NowPlaying(f"{number}", ""))
                await asyncio.sleep(1)
            slow.is_writing = False
            await asyncio.sleep(MIN_PAUSE_SECONDS)
            assert titles(quick) == [None, "0", "1", "2", "3", "4"]
            assert titles(slow) == [None, "4"]

    run(test())


def test_a_page_that_takes_nothing_is_closed_and_no_other() -> None:
    async def test() -> None:
        with Harness() as harness:
            stalled, other = harness.open_page(), harness.open_page()
            await asyncio.sleep(0.1)
            stalled.is_writing = True
            await asyncio.sleep(STALL_SECONDS - 1)
            assert not stalled.is_closed
            await asyncio.sleep(1 + MIN_PAUSE_SECONDS)
            assert (stalled.is_closed, other.is_closed) == (True, False)
            assert (len(stalled.events), len(other.events)) == (1, 2)

    run(test())


def test_a_comment_shows_that_the_stream_of_events_goes_on() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            await asyncio.sleep(HEARTBEAT_SECONDS - 1)
            assert HEARTBEAT not in page.events
            await asyncio.sleep(1 + MIN_PAUSE_SECONDS)
            assert page.events[1:] == [HEARTBEAT]
            await asyncio.sleep(10 * HEARTBEAT_SECONDS)
            assert 9 <= page.events.count(HEARTBEAT) <= 11
            assert harness.serialised == 1

    run(test())


def test_the_loop_has_its_turn_between_slices_of_pages() -> None:
    async def test() -> None:
        with Harness() as harness:
            pages = [harness.open_page() for _ in range(10 * SLICE_PAGES)]
            await asyncio.sleep(0.1)
            harness.hub.set_now_playing(NowPlaying("Song", ""))
            most, before = 0, len(pages)
            while before < 2 * len(pages):
                await asyncio.sleep(0)
                written = sum(len(page.events) for page in pages)
                most, before = max(most, written - before), written
            assert most == SLICE_PAGES

    run(test())


def test_a_page_that_leaves_while_others_are_written_to_is_left_alone() -> None:
    async def test() -> None:
        with Harness() as harness:
            first = [harness.open_page() for _ in range(SLICE_PAGES)]
            leaving = FakePage()
            with harness.feeds.watched(harness.hub, leaving):
                await asyncio.sleep(0.1)
                harness.hub.set_now_playing(NowPlaying("Song", ""))
                while len(first[-1].events) == 1:
                    await asyncio.sleep(0)
            await asyncio.sleep(0.1)
            assert len(leaving.events) == 1

    run(test())


def test_a_feed_ends_with_its_last_page() -> None:
    async def test() -> None:
        with Harness() as harness:
            with harness.feeds.watched(harness.hub, FakePage()):
                await asyncio.sleep(0.1)
                assert (harness.watchers.count, len(harness.hub.on_change)) == (1, 1)
            described = harness.described
            assert (harness.watchers.count, len(harness.hub.on_change)) == (0, 0)
            await asyncio.sleep(60)
            assert harness.described == described
            harness.open_page()
            await asyncio.sleep(0.1)
            assert harness.described == described + 1

    run(test())


def test_pages_are_bounded() -> None:
    watchers = Watchers(2)
    with watchers.counted():
        assert not watchers.is_full
        with watchers.counted():
            assert watchers.is_full
        assert not watchers.is_full


def test_a_state_that_cannot_be_described_keeps_the_pages_and_is_described_again() -> None:
    async def test() -> None:
        with Harness() as harness:
            page = harness.open_page()
            await asyncio.sleep(0.1)
            good, harness.fields = harness.fields, None  # type: ignore[assignment]
            await asyncio.sleep(MIN_PAUSE_SECONDS)
            harness.fields = {**good, "listeners": 9}
            await asyncio.sleep(MIN_PAUSE_SECONDS)
            assert [state["listeners"] for state in page.states] == [0, 9]

    run(test())
