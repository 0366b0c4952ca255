"""The registry: streams by id, bounded, and those who wait for one that is not on yet."""

import asyncio
import json
import time

import pytest

from audiocast.cluster.protocol import StreamListAnswer
from audiocast.stream.errors import (
    BadKey,
    ServerFull,
    ShuttingDown,
    SourceStalled,
    StreamEnded,
    StreamSuspended,
)
from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import MAX_ENDS, Ends, HubLimits, HubState, Rule, StreamEnd
from audiocast.stream.keys import Claims
from audiocast.stream.now_playing import NowPlaying
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.registry import Registry
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import body, feed
from tests.unit.stream.fake_sink import FakeSink

# Longer than any test runs: a wait with it ends because of what it waits for.
LONG_SECONDS = 60.0

PROBED_HUBS = 64


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def streams(clock: FakeClock) -> Registry:
    return Registry(clock=clock, limits=HubLimits(), max_streams=2)


def put_on(hub: Hub, clock: FakeClock, *, generation: int = 0) -> list[Exception]:
    """Bring a stream its first audio; give what the source will be told."""
    told: list[Exception] = []
    rate_limit = RateLimit(max_kbps=0, lead_seconds=1, now=0)
    source = Source(
        hub, source_id=SourceId.new(), rate_limit=rate_limit, generation=generation, dismiss=told.append
    )
    feed(source, body([0]), clock.time())
    return told


async def begun(streams: Registry, stream_id: str, seconds: float = LONG_SECONDS) -> asyncio.Task[Hub | None]:
    """Begin to wait for a stream, and come back when the wait is under way."""
    task = asyncio.create_task(streams.wait(stream_id, seconds))
    await asyncio.sleep(0)
    return task


class TestOpening:
    def test_a_stream_is_made_once_with_the_title_that_was_given(self, streams: Registry) -> None:
        hub = streams.open("abc", "A title")
        assert (hub.stream_id, hub.title, hub.state) == ("abc", "A title", HubState.WAITING)
        assert streams.open("abc", "Another") is hub
        assert streams.get("abc") is hub
        assert hub.title == "A title"

    def test_a_stream_that_nobody_opened_is_unknown(self, streams: Registry) -> None:
        assert streams.get("abc") is None
        assert list(streams) == []

    def test_one_that_nobody_opened_can_be_looked_at_and_is_not_kept(self, streams: Registry) -> None:
        hub = streams.get_or_waiting("abc")
        assert (hub.stream_id, hub.title, hub.state) == ("abc", "", HubState.WAITING)
        assert streams.get("abc") is None
        assert streams.open("abc", "A title") is not hub
        assert streams.get_or_waiting("abc").title == "A title"

    def test_only_those_that_are_on_are_live(self, streams: Registry, clock: FakeClock) -> None:
        hub = streams.open("on")
        put_on(hub, clock)
        streams.open("waiting")
        assert streams.live() == [hub]
        assert len(list(streams)) == 2

    def test_all_count_into_the_same_numbers(self, streams: Registry, clock: FakeClock) -> None:
        for stream_id in ("a", "b"):
            put_on(streams.open(stream_id), clock)
        assert streams.counters.sources == 2

    def test_streams_may_be_opened_while_one_walks_over_them(self, streams: Registry) -> None:
        streams.open("a")
        for _ in streams:
            streams.open("b")
        assert len(list(streams)) == 2


class TestBounds:
    def test_more_streams_than_allowed_have_no_room(self, streams: Registry, clock: FakeClock) -> None:
        for stream_id in ("a", "b"):
            put_on(streams.open(stream_id), clock)
        with pytest.raises(ServerFull, match="expected at most 2 streams at a time"):
            streams.check_room("c")
        with pytest.raises(ServerFull):
            put_on(streams.open("c"), clock)
        assert [hub.stream_id for hub in streams.live()] == ["a", "b"]
        assert streams.counters.sources == 2

    def test_one_that_is_on_always_has_room(self, streams: Registry, clock: FakeClock) -> None:
        for stream_id in ("a", "b"):
            put_on(streams.open(stream_id), clock)
        streams.check_room("a")
        put_on(streams.open("a"), clock)

    def test_an_end_makes_room(self, streams: Registry, clock: FakeClock) -> None:
        for stream_id in ("a", "b"):
            put_on(streams.open(stream_id), clock)
        streams.open("a").end(StreamEnded("over"))
        streams.check_room("c")
        put_on(streams.open("c"), clock)
        assert [hub.stream_id for hub in streams.live()] == ["b", "c"]

    def test_one_without_audio_makes_room_for_one_with_audio(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        told = put_on(streams.open("quiet"), clock)
        clock.advance(HubLimits().active_seconds + 1)
        put_on(streams.open("plays"), clock)
        streams.check_room("c")
        put_on(streams.open("c"), clock)
        clock.settle()
        assert [hub.stream_id for hub in streams.live()] == ["plays", "c"]
        assert [type(error) for error in told] == [SourceStalled]

    def test_one_without_audio_that_has_listeners_does_not(self, streams: Registry, clock: FakeClock) -> None:
        for stream_id in ("a", "b"):
            hub = streams.open(stream_id)
            put_on(hub, clock)
            hub.join(FakeSink(), b"", preroll_seconds=1, aim_seconds=LOW_LATENCY_SECONDS)
        clock.advance(HubLimits().active_seconds + 1)
        with pytest.raises(ServerFull):
            put_on(streams.open("c"), clock)
        assert len(streams.live()) == 2

    def test_the_idle_one_that_was_opened_longest_ago_is_forgotten(self, streams: Registry) -> None:
        for stream_id in ("a", "b", "c", "d"):
            streams.open(stream_id)
        streams.open("a")
        streams.open("e")
        assert [hub.stream_id for hub in streams] == ["c", "d", "a", "e"]

    def test_one_that_never_had_audio_goes_before_one_that_has_ended(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        put_on(streams.open("ended"), clock)
        streams.open("ended").end(StreamEnded("over"))
        for stream_id in ("b", "c", "d", "e"):
            streams.open(stream_id)
        assert {hub.stream_id for hub in streams} == {"ended", "c", "d", "e"}

    @pytest.mark.parametrize("use", ["on", "source", "watched"])
    def test_one_in_use_is_never_forgotten(self, streams: Registry, clock: FakeClock, use: str) -> None:
        hub = streams.open("used")
        if use == "on":
            put_on(hub, clock)
        elif use == "source":
            hub.users += 1
        else:
            hub.on_change.add(lambda: None)
        for number in range(20):
            streams.open(f"idle{number}")
        assert streams.get("used") is hub
        assert len(list(streams)) == 4

    def test_the_work_for_a_new_stream_is_to_look_at_sixty_four(self, clock: FakeClock) -> None:
        streams = Registry(clock=clock, limits=HubLimits(), max_streams=35)
        for number in range(70):
            streams.open(f"old{number}").users += number < 64
        streams.open("first")
        assert len(list(streams)) == 71, "the six that are not in use are behind them"
        streams.open("second")
        assert len(list(streams)) == 71
        assert streams.get("old64") is None

    def test_what_is_in_use_is_beyond_the_bound(self, streams: Registry) -> None:
        for number in range(3 * PROBED_HUBS):
            streams.open(f"used{number}").users += 1
        streams.open("idle")
        # So many are looked at for each new one that the idle one is found among all.
        for number in range(5):
            streams.open(f"more{number}").users += 1
        assert streams.get("idle") is None
        assert all(streams.get(f"used{number}") is not None for number in range(3 * PROBED_HUBS))


class TestPromises:
    """What was promised to keys outlives the hub."""

    def flood(self, streams: Registry) -> None:
        for number in range(20):
            streams.announce(f"started{number}", Claims(""))
            streams.open(f"used{number}").users += 1

    def test_what_has_one_is_kept_while_there_are_others(self, streams: Registry) -> None:
        hub = streams.open("abc")
        hub.close()
        for number in range(20):
            streams.open(f"idle{number}")
        assert streams.get("abc") is hub

    def test_a_stream_that_was_ended_stays_ended(self, streams: Registry) -> None:
        streams.open("abc").close()
        self.flood(streams)
        assert streams.get("abc") is None
        shown = streams.get_known("abc")
        assert shown is not None
        assert shown.state is HubState.ENDED
        with pytest.raises(StreamEnded):
            streams.open("abc").admit(0)

    def test_a_key_that_was_replaced_stays_replaced(self, streams: Registry, clock: FakeClock) -> None:
        put_on(streams.open("abc"), clock, generation=2)
        streams.open("abc").end(SourceStalled("gone"))
        self.flood(streams)
        assert streams.get("abc") is None
        with pytest.raises(BadKey):
            streams.open("abc").admit(1)
        with pytest.raises(BadKey):
            streams.close("abc", 1)
        streams.close("abc", 2)
        with pytest.raises(StreamEnded):
            streams.open("abc").admit(2)

    @pytest.mark.parametrize("has_hub", [True, False])
    def test_a_newer_key_that_another_member_has_seen_replaces_older_ones(
        self, streams: Registry, has_hub: bool
    ) -> None:
        hub = streams.open("abc") if has_hub else streams.get_or_waiting("abc")
        streams.learn_generation("abc", 2)
        assert (streams.get("abc") is hub) == has_hub
        for generation in (1, 0):
            streams.learn_generation("abc", generation)
            with pytest.raises(BadKey):
                streams.close("abc", 1)
        streams.close("abc", 2)
        streams.learn_generation("abc", 2)
        with pytest.raises(StreamEnded):
            streams.open("abc").admit(2)

    def test_an_end_by_a_key_that_was_replaced_by_then_was_none(self, streams: Registry) -> None:
        streams.close("abc", 1)
        streams.learn_generation("abc", 2)
        streams.open("abc").admit(2)

    def test_a_key_without_a_generation_is_nothing_to_remember(self, streams: Registry) -> None:
        streams.learn_generation("abc", 0)
        assert "abc" not in streams.promises

    def test_one_without_a_hub_can_be_ended(self, streams: Registry) -> None:
        streams.announce("abc", Claims("A title"))
        streams.close("abc", 0)
        assert list(streams) == []
        with pytest.raises(StreamEnded):
            streams.close("abc", 0)

    def test_reopened_it_takes_sources_but_no_replaced_key(self, streams: Registry, clock: FakeClock) -> None:
        put_on(streams.open("abc"), clock, generation=2)
        streams.open("abc").close()
        self.flood(streams)
        streams.reopen("abc", Claims("Anew"))
        hub = streams.open("abc")
        assert (hub.title, hub.state) == ("Anew", HubState.WAITING)
        hub.admit(2)
        with pytest.raises(BadKey):
            hub.admit(1)


class TestAnnounced:
    """A stream that was started, and whose source has not come."""

    def test_it_is_known_and_has_no_hub(self, streams: Registry) -> None:
        streams.announce("abc", Claims("A title"))
        hub = streams.get_known("abc")
        assert hub is not None
        assert (hub.title, hub.state) == ("A title", HubState.WAITING)
        assert list(streams) == []

    def test_its_hub_gets_the_title(self, streams: Registry) -> None:
        streams.announce("abc", Claims("A title"))
        assert streams.open("abc").title == "A title"

    def test_any_number_of_them_pushes_out_no_hub(self, streams: Registry) -> None:
        hubs = [streams.open(stream_id) for stream_id in ("a", "b", "c", "d")]
        for number in range(100):
            streams.announce(f"started{number}", Claims("x" * 200))
        assert list(streams) == hubs
        assert [number for number in range(100) if streams.get_known(f"started{number}")] == [96, 97, 98, 99]

    def test_the_one_that_was_announced_longest_ago_is_forgotten(self, streams: Registry) -> None:
        for stream_id in ("a", "b", "c", "d"):
            streams.announce(stream_id, Claims("A title"))
        streams.announce("a", Claims("Another title"))
        streams.announce("e", Claims("A title"))
        hubs = {stream_id: streams.get_known(stream_id) for stream_id in "abcde"}
        assert [stream_id for stream_id, hub in hubs.items() if hub is None] == ["b"]
        assert hubs["a"] is not None
        assert hubs["a"].title == "Another title"

    def test_once_it_has_come_it_is_forgotten_with_its_hub(self, streams: Registry) -> None:
        streams.announce("abc", Claims("A title"))
        streams.open("abc")
        for number in range(4):
            streams.open(f"other{number}")
        assert streams.get("abc") is None
        assert streams.get_known("abc") is None

    def test_reopened_it_takes_sources_under_its_new_title(self, streams: Registry) -> None:
        hub = streams.open("abc", "A title")
        streams.close("abc", 0)
        streams.reopen("abc", Claims("Anew"))
        assert streams.get("abc") is hub
        assert (hub.title, hub.state) == ("Anew", HubState.WAITING)
        streams.admit("abc", 0)

    def test_one_that_was_ended_has_no_title_any_more(self, streams: Registry) -> None:
        streams.announce("abc", Claims("A title"))
        streams.close("abc", 0)
        hub = streams.get_known("abc")
        assert hub is not None
        assert (hub.title, hub.state) == ("", HubState.ENDED)
        streams.reopen("abc", Claims("Anew"))
        assert streams.open("abc").title == "Anew"

    def test_what_holds_for_its_keys_is_its_hubs_from_then_on(self, streams: Registry) -> None:
        streams.learn_generation("abc", 2)
        assert len(streams.promises) == 1
        assert streams.open("abc").generation == 2
        assert len(streams.promises) == 0
        streams.announce("abc", Claims("A title"))
        assert streams.get_or_waiting("abc").title == "", "it has a hub, which has its own"


class TestWaiting:
    async def test_for_a_stream_that_is_on_nobody_waits(self, streams: Registry, clock: FakeClock) -> None:
        hub = streams.open("abc")
        put_on(hub, clock)
        assert await streams.wait("abc", 0) is hub

    @pytest.mark.parametrize("known", [True, False])
    async def test_all_who_wait_get_it_when_it_comes(
        self, streams: Registry, clock: FakeClock, known: bool
    ) -> None:
        if known:
            streams.open("abc")
        waits = [await begun(streams, "abc") for _ in range(3)]
        other = await begun(streams, "other")
        hub = streams.open("abc")
        put_on(hub, clock)
        assert await asyncio.gather(*waits) == [hub] * 3
        assert not other.done()
        other.cancel()

    async def test_one_that_does_not_come_in_time_is_none(self, streams: Registry) -> None:
        assert await streams.wait("abc", 0) is None
        assert streams._waiters._waiters == {}

    async def test_one_who_waits_no_more_is_forgotten(self, streams: Registry) -> None:
        task = await begun(streams, "abc")
        stays = await begun(streams, "abc")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(streams._waiters._waiters["abc"]) == 1
        stays.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stays
        assert streams._waiters._waiters == {}

    async def test_a_change_that_puts_nothing_on_ends_no_wait(self, streams: Registry) -> None:
        task = await begun(streams, "abc")
        streams.open("abc").reopen("A title")
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()

    async def test_one_that_came_and_went_in_the_same_moment_is_none(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        task = await begun(streams, "abc")
        hub = streams.open("abc")
        put_on(hub, clock)
        hub.end(StreamEnded("over"))
        assert await task is None

    async def test_who_begins_to_wait_just_after_that_is_not_forgotten(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        hub = streams.open("abc")
        first = await begun(streams, "abc")
        put_on(hub, clock)
        hub.end(StreamEnded("over"))
        # This one begins before the first has woken up from its own wait.
        second = await begun(streams, "abc")
        assert await first is None
        put_on(hub, clock)
        assert await asyncio.wait_for(second, 5) is hub

    async def test_a_wait_that_is_over_in_the_moment_of_the_news_does_no_harm(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        task = await begun(streams, "abc")
        (waiter,) = streams._waiters._waiters["abc"]
        waiter.cancel()
        hub = streams.open("abc")
        put_on(hub, clock)
        with pytest.raises(asyncio.CancelledError):
            await task


class TestTheEndOfAll:
    def test_every_stream_that_is_on_ends_and_its_source_is_told_to_come_again(
        self, streams: Registry, clock: FakeClock
    ) -> None:
        told = [put_on(streams.open(stream_id), clock) for stream_id in ("a", "b")]
        streams.end_all()
        clock.settle()
        assert streams.live() == []
        assert [type(error) for each in told for error in each] == [ShuttingDown, ShuttingDown]
        assert streams.counters.sources == 0

    def test_streams_that_are_not_on_stay_as_they_are(self, streams: Registry) -> None:
        hub = streams.open("abc")
        streams.end_all()
        assert hub.state is HubState.WAITING


def test_a_suspended_stream_is_off_the_air_and_refuses_sources_in_its_own_words(
    streams: Registry, clock: FakeClock
) -> None:
    told = put_on(streams.open("a"), clock)
    streams.hold_to("a", Rule(0, is_suspended=True))
    streams.hold_to("b", Rule(0, is_suspended=True))
    assert streams.live() == []
    clock.settle()
    assert [type(error) for error in told] == [StreamSuspended]
    for stream_id in ("a", "b"):
        with pytest.raises(StreamSuspended, match="suspended by whoever runs the server"):
            streams.admit(stream_id, 1)
    # A key that was replaced is told that first.
    streams.hold_to("a", Rule(2, is_suspended=True))
    with pytest.raises(BadKey):
        streams.admit("a", 1)
    streams.hold_to("a", Rule(2, is_suspended=False))
    streams.hold_to("b", Rule(0, is_suspended=False))
    streams.admit("a", 2)
    streams.admit("b", 1)
    put_on(streams.open("a"), clock, generation=2)
    assert [hub.stream_id for hub in streams.live()] == ["a"]


def test_a_replaced_key_is_refused_where_the_new_one_was_never_used(streams: Registry) -> None:
    streams.hold_to("a", Rule(3, is_suspended=False))
    with pytest.raises(BadKey):
        streams.admit("a", 2)
    streams.admit("a", 3)
    assert streams.open("a").generation == 3


def test_what_a_process_was_told_is_newer_than_what_all_can_read(streams: Registry) -> None:
    streams.hold_to("a", Rule(is_suspended=True), is_told=False)
    with pytest.raises(StreamSuspended):
        streams.admit("a", 1)
    streams.hold_to("a", Rule())
    streams.hold_to("a", Rule(is_suspended=True), is_told=False)
    streams.admit("a", 1)
    streams.hold_to("b", Rule(is_suspended=True), is_told=False)
    streams.hold_to("b", Rule(), is_told=False)
    streams.admit("b", 1)


def test_an_end_that_is_said_holds_until_it_is_said_no_more(streams: Registry, clock: FakeClock) -> None:
    told = put_on(streams.open("a"), clock)
    streams.hold_to("a", Rule(is_ended=True))
    streams.hold_to("b", Rule(2, is_ended=True))
    clock.settle()
    assert [type(error) for error in told] == [StreamEnded]
    for stream_id, generation in (("a", 1), ("b", 2)):
        with pytest.raises(StreamEnded):
            streams.admit(stream_id, generation)
    streams.hold_to("a", Rule())
    streams.hold_to("b", Rule(2))
    streams.admit("a", 1)
    streams.admit("b", 2)
    # It has gone on the air since by a newer key: nothing is reopened, and its titles stay.
    streams.hold_to("a", Rule(is_ended=True))
    streams.learn_generation("a", 2)
    put_on(streams.open("a"), clock, generation=2)
    streams.open("a").set_now_playing(NowPlaying("A song", ""))
    streams.hold_to("a", Rule())
    assert streams.open("a").titles.history.tracks
    assert list(streams.ends) == [], "only broadcasters end streams"


def test_what_a_process_has_seen_of_an_end_is_newer_than_what_is_said(streams: Registry) -> None:
    streams.close("a", 1)
    streams.hold_to("a", Rule())
    with pytest.raises(StreamEnded):
        streams.admit("a", 1)
    streams.reopen("a", Claims())
    # By an operator that does not know yet.
    streams.hold_to("a", Rule(is_ended=True))
    streams.admit("a", 1)
    streams.close("a", 1)
    streams.hold_to("a", Rule(is_ended=True))
    streams.hold_to("a", Rule())
    with pytest.raises(StreamEnded):
        streams.admit("a", 1)
    # A newer key than that which has ended it lets it begin anew.
    streams.hold_to("a", Rule(2))
    streams.admit("a", 2)


def test_ends_by_broadcasters_and_what_was_reopened_are_told(
    streams: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[tuple[str, int, bool]]:
        return [(each.stream_id, each.generation, each.is_reopened) for each in streams.ends]

    monkeypatch.setattr(time, "time", lambda: 1_764_000_000.25)
    streams.close("a", 3)
    streams.close("b", 1)
    assert next(iter(streams.ends)) == StreamEnd("a", 3, 1_764_000_000.25, is_reopened=False)
    # Anybody can make such keys where no token is asked for.
    streams.close("from /api/start", 0)
    streams.hold_to("said", Rule(is_ended=True))
    streams.hold_to("said to the end", Rule(is_ended=True))
    for stream_id in ("a", "said", "not known"):
        streams.reopen(stream_id, Claims())
    assert told() == [("b", 1, False), ("a", 3, True), ("said", 1, True)]


def test_the_ends_that_are_told_are_bounded() -> None:
    ends = Ends(max_ends=2)
    for number in range(5):
        ends.note(f"s{number}", 1)
    ends.note_reopening("s3")
    ends.note("s5", 1)
    assert [each.stream_id for each in ends] == ["s3", "s5"]
    # What a process tells has a bound, too: the longest that an entry can be, as JSON.
    longest = StreamListAnswer([], [StreamEnd("x" * 64, 999_999_999, 1_764_000_000.123456, True)]).as_json()
    assert len(json.dumps(longest["ends"][0])) * MAX_ENDS < 160_000
