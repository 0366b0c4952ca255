"""HlsMuxers: what they take from a hub, who waits, and that they end when nobody asks."""

import asyncio
import re
from datetime import UTC, datetime
from functools import partial
from unittest.mock import Mock

import pytest

from audiocast.hls import muxer as module
from audiocast.hls.muxer import HlsMuxers
from audiocast.ogg.headers import OpusHead
from audiocast.stream.errors import ServerFull, ShuttingDown, StreamEnded
from audiocast.stream.hub import Hub
from audiocast.stream.registry import Registry
from tests.support.audio.hls_rules import Playlist
from tests.support.audio.mp4_boxes import fragments
from tests.unit.stream.audio import MONO, is_numbered, number_of, timed
from tests.unit.stream.hub_harness import GRACE_SECONDS, LIMITS, HubHarness

UNIX_SECONDS = 1_800_000_000.0
IDLE_SECONDS = 30.0
# Five target durations.
ABANDONED_SECONDS = 10.0


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


@pytest.fixture
def hls_muxers(harness: HubHarness) -> HlsMuxers:
    offset = UNIX_SECONDS - harness.clock.time()
    return HlsMuxers(harness.clock, lambda: harness.clock.time() + offset)


def heard(muxer: module.HlsMuxer) -> list[bytes]:
    timeline = muxer.timeline
    parts = [part for segment in (*timeline.segments, timeline.open_segment) for part in segment.parts]
    return [packet for part in parts for packet, _ in fragments(part.data)[0].packets]


def numbers(muxer: module.HlsMuxer) -> list[int]:
    return [number_of(packet) for packet in heard(muxer) if is_numbered(packet)]


def parsed(muxer: module.HlsMuxer) -> Playlist:
    return Playlist.parse(muxer.playlist.decode())


class TestAudio:
    def test_it_begins_with_the_backlog_and_goes_on(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        broadcaster.go_on(range(100, 160))
        assert numbers(muxer) == list(range(160))

    def test_whoever_comes_later_gets_the_same(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        assert hls_muxers.open(harness.hub) is muxer
        before = muxer.playlist
        assert muxer.playlist is before
        broadcaster.go_on(range(20))
        assert muxer.playlist != before

    def test_the_playlist_dates_what_has_just_come_with_the_time_of_day(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        broadcaster = harness.live(range(10))
        muxer = hls_muxers.open(harness.hub)
        broadcaster.go_on(range(10, 400))
        made_seconds = sum(segment.seconds for segment in parsed(muxer).segments)
        # The clock of the tests stood at its begin, UNIX_SECONDS, when the muxer was made.
        assert parsed(muxer).segments[0].at == pytest.approx(UNIX_SECONDS, abs=made_seconds)

    def test_what_came_at_once_before_the_first_request_was_made_before_it_came(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        broadcaster = harness.live()
        for burst in range(3):
            harness.clock.advance(6)
            burst_packets = timed(range(burst * 300, burst * 300 + 300))
            harness.hub.publish(broadcaster.source, None, burst_packets, harness.clock.time())
        muxer = hls_muxers.open(harness.hub)
        last = muxer.timeline.segments[-1]
        ends_at = last.began_at + sum(part.samples for part in last.parts) / 48_000
        # What is left is less than a segment.
        assert ends_at == pytest.approx(UNIX_SECONDS + 18, abs=2)
        assert ends_at <= UNIX_SECONDS + 18

    def test_a_stream_without_one_is_wanted_by_nobody(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        harness.live(range(100))
        assert not harness.hub.is_wanted
        hls_muxers.open(harness.hub)
        assert harness.hub.is_wanted
        assert harness.hub.listeners == 0

    def test_a_lost_source_is_silence_and_no_cut(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        broadcaster.leave()
        harness.clock.advance(6)
        harness.live(range(200, 300))
        assert numbers(muxer) == [*range(100), *range(200, 300)]
        # Two of the six seconds were in hand.
        assert 3.8 < sum(not is_numbered(packet) for packet in heard(muxer)) * 0.02 <= 4.1
        playlist = parsed(muxer)
        assert len({segment.discontinuity for segment in playlist.segments}) == 1

    def test_stereo_behind_mono_is_a_cut(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        harness.broadcaster().begin(range(100), head=MONO)
        muxer = hls_muxers.open(harness.hub)
        harness.broadcaster().begin(range(100, 200))
        assert numbers(muxer) == list(range(200))
        assert [segment.init[-5] for segment in parsed(muxer).segments] == ["0", "0", "1"]

    def test_another_gain_is_no_cut(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        harness.live(range(50))
        muxer = hls_muxers.open(harness.hub)
        harness.broadcaster().begin(range(50), head=OpusHead(2, 312, output_gain=-512))
        assert not muxer.timeline.open_segment.is_cut


class TestNumbers:
    def test_a_later_one_has_larger_numbers(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(1000))
        first = hls_muxers.open(harness.hub)
        broadcaster.go_on(range(1000, 1500))
        last = first.timeline.open_segment.number
        harness.hub.end(StreamEnded("by the test"))
        harness.live()
        second = hls_muxers.open(harness.hub)
        assert second is not first
        assert second.timeline.first_number > last
        assert second.timeline.run != first.timeline.run

    def test_they_are_the_quarter_seconds_and_the_ten_minutes_since_2025(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        harness.live()
        seconds = UNIX_SECONDS - datetime(2025, 1, 1, tzinfo=UTC).timestamp()
        timeline = hls_muxers.open(harness.hub).timeline
        assert (timeline.first_number, timeline.open_segment.cuts) == (4 * seconds, seconds // 600)

    def test_they_fit_31_bits_until_2042(self, harness: HubHarness) -> None:
        harness.live()
        muxers = HlsMuxers(harness.clock, datetime(2042, 1, 1, tzinfo=UTC).timestamp)
        assert muxers.open(harness.hub).timeline.first_number < 2**31

    def test_names_hold_a_word_of_ten_hexadecimal_digits_that_no_other_has(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        harness.live()
        run = hls_muxers.open(harness.hub).timeline.run
        assert re.fullmatch("[0-9a-f]{10}", run)
        assert HlsMuxers(harness.clock).open(harness.hub).timeline.run != run

    def test_a_clock_that_is_years_behind_does_no_harm(self, harness: HubHarness) -> None:
        harness.live(range(100))
        muxer = HlsMuxers(harness.clock, lambda: 1000.0).open(harness.hub)
        assert muxer.timeline.first_number == 0
        assert parsed(muxer).whole

    def test_discontinuities_are_few_enough_for_an_array_of_all(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        harness.live(range(50))
        (segment,) = parsed(hls_muxers.open(harness.hub)).segments
        assert 0 < segment.discontinuity < 1_000_000

    def test_those_that_go_on_are_told(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        harness.live()
        muxer = hls_muxers.open(harness.hub)
        assert hls_muxers.first_numbers() == {"abc": muxer.timeline.first_number}
        harness.hub.end(StreamEnded("by the test"))
        assert hls_muxers.first_numbers() == {}


class TestEnd:
    def test_the_end_of_the_stream_is_the_playlists(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        broadcaster.leave()
        harness.clock.advance(GRACE_SECONDS / 2)
        hls_muxers.get("abc")
        # Two seconds of audio were in hand when the source left.
        harness.clock.advance(GRACE_SECONDS / 2 + 3)
        assert parsed(muxer).is_ended
        assert hls_muxers.get("abc") is muxer

    def test_a_server_that_stops_is_no_end(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        harness.hub.end(ShuttingDown("by the test"))
        assert not parsed(muxer).is_ended

    def test_it_ends_when_nobody_asks(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        hls_muxers.open(harness.hub)
        broadcaster.go_on(range(round(IDLE_SECONDS * 50) - 1))
        assert hls_muxers.get("abc") is not None
        broadcaster.go_on(range(round(IDLE_SECONDS * 50) - 1))
        assert (len(hls_muxers), harness.hub.is_wanted) == (1, True)
        broadcaster.go_on(range(2))
        assert (len(hls_muxers), harness.hub.is_wanted) == (0, False)

    def test_there_are_two_hundred_at_most(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        streams = Registry(clock=harness.clock, limits=LIMITS, max_streams=201)
        *fitting, one_more = [streams.open(f"stream{number}") for number in range(201)]
        opened = [hls_muxers.open(hub) for hub in fitting]
        with pytest.raises(ServerFull, match="at most 200 streams"):
            hls_muxers.open(one_more)
        assert [hls_muxers.open(hub) for hub in fitting] == opened, "those that are there are still given"

    def test_the_muxer_of_a_broadcast_that_is_over_makes_way_for_that_of_the_next(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        closed: list[str] = []
        harness.live()
        hls_muxers.open(harness.hub, on_close=partial(closed.append, "first"))
        harness.hub.end(StreamEnded("by the test"))
        harness.live()
        second = hls_muxers.open(harness.hub, on_close=partial(closed.append, "second"))
        assert closed == ["first"]
        assert hls_muxers.get("abc") is second
        harness.clock.advance(IDLE_SECONDS)
        assert (closed, harness.hub.is_wanted) == (["first", "second"], False)


class TestWaiting:
    async def test_who_waits_is_woken_by_the_part(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        broadcaster = harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        position = muxer.timeline.hinted
        waits = [asyncio.ensure_future(muxer.wait(*position)) for _ in range(3)]
        await asyncio.sleep(0)
        broadcaster.go_on(range(10))
        await asyncio.sleep(0)
        assert [task.done() for task in waits] == [False] * 3
        broadcaster.go_on(range(10))
        assert await asyncio.gather(*waits) == [True] * 3

    async def test_who_waits_is_woken_by_the_end(self, harness: HubHarness, hls_muxers: HlsMuxers) -> None:
        harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        number, _ = muxer.timeline.hinted
        wait = asyncio.ensure_future(muxer.wait(number + 1, 0))
        await asyncio.sleep(0)
        harness.hub.end(StreamEnded("by the test"))
        assert await wait

    async def test_who_waits_is_woken_by_what_a_cut_leaves_behind(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        # Less than a part, and then packets for another decoder.
        harness.broadcaster().begin(range(10), head=MONO)
        muxer = hls_muxers.open(harness.hub)
        assert parsed(muxer).segments == []
        wait = asyncio.ensure_future(muxer.wait(muxer.timeline.open_segment.number, None))
        await asyncio.sleep(0)
        harness.broadcaster().begin([10])
        assert await asyncio.wait_for(wait, 5)
        assert [segment.seconds for segment in parsed(muxer).whole] == [pytest.approx(0.22)]

    async def test_a_wait_lasts_three_target_durations(
        self, harness: HubHarness, hls_muxers: HlsMuxers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        timeout = Mock(side_effect=lambda _: asyncio.timeout_at(0))
        monkeypatch.setattr(asyncio, "timeout", timeout)
        harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        assert not await muxer.wait(*muxer.timeline.hinted)
        # draft-pantos-hls-rfc8216bis section 6.2.5.2.
        timeout.assert_called_once_with(3 * parsed(muxer).target_seconds)

    async def test_nobody_waits_for_ever(
        self, harness: HubHarness, hls_muxers: HlsMuxers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
        harness.live(range(100))
        muxer = hls_muxers.open(harness.hub)
        assert not await muxer.wait(*muxer.timeline.hinted)


class TestShares:
    """When all muxers are taken, one that is worth less makes room."""

    @pytest.fixture(autouse=True)
    def four(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_HLS_MUXERS", 4)

    def hubs(self, harness: HubHarness, count: int = 5) -> list[Hub]:
        streams = Registry(clock=harness.clock, limits=LIMITS, max_streams=count)
        return [streams.open(f"stream{number}") for number in range(count)]

    def test_the_client_with_the_most_gives_up_the_one_that_was_asked_longest_ago(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        closed: list[str] = []
        *taken, wanted = self.hubs(harness)
        for hub, client in zip(taken, (b"modest", b"greedy", b"greedy", b"greedy"), strict=True):
            hls_muxers.open(hub, client=client, on_close=partial(closed.append, hub.stream_id))
            harness.clock.advance(0.1)
        hls_muxers.get("stream1")
        hls_muxers.open(wanted, client=b"new")
        assert closed == ["stream2"]
        assert len(hls_muxers) == 4

    def test_clients_that_have_as_many_take_nothing_from_each_other(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        *taken, wanted = self.hubs(harness)
        for hub in taken:
            hls_muxers.open(hub, client=hub.stream_id.encode())
        with pytest.raises(ServerFull):
            hls_muxers.open(wanted, client=b"new")
        assert len(hls_muxers) == 4

    @pytest.mark.parametrize(
        ("clients", "asking", "makes_room"),
        [
            (["asking", "greedy", "greedy", "greedy"], "asking", True),
            (["asking", "other", "greedy", "greedy"], "asking", False),
            (["one", "other", "greedy", "greedy"], "new", True),
            # Nobody is counted there: all that is known is that they are played.
            (["", "", "", ""], "new", False),
            (["", "", "greedy", "greedy"], "", True),
        ],
    )
    def test_who_has_two_more_than_the_asking_one_gives_one_up_and_nobody_else_does(
        self, harness: HubHarness, hls_muxers: HlsMuxers, clients: list[str], asking: str, makes_room: bool
    ) -> None:
        *taken, wanted = self.hubs(harness)
        opened = [
            hls_muxers.open(hub, client=client.encode()) for hub, client in zip(taken, clients, strict=True)
        ]
        if makes_room:
            hls_muxers.open(wanted, client=asking.encode())
        else:
            with pytest.raises(ServerFull):
                hls_muxers.open(wanted, client=asking.encode())
        left = [muxer.client.decode() for muxer in opened if hls_muxers.current(muxer.hub) is not muxer]
        assert left == ["greedy"] * makes_room

    def test_one_that_nobody_asks_for_any_more_makes_room(
        self, harness: HubHarness, hls_muxers: HlsMuxers
    ) -> None:
        *taken, wanted = self.hubs(harness)
        for hub in taken:
            hls_muxers.open(hub)
        harness.clock.advance(ABANDONED_SECONDS - 0.1)
        for hub in taken[1:]:
            assert hls_muxers.get(hub.stream_id) is not None
        with pytest.raises(ServerFull):
            hls_muxers.open(wanted)
        harness.clock.advance(0.1)
        hls_muxers.open(wanted)
        assert hls_muxers.get(taken[0].stream_id) is None
        assert len(hls_muxers) == 4
