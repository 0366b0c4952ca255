"""The hub: one logical bitstream for listeners, whatever happens to its sources.

Design section 5, points 2 (one logical stream), 3 (joining) and 4 (source lost).
"""

import pytest

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.stream.errors import BadKey, ShuttingDown, SourceStalled, StreamEnded, TakenOver, TooFast
from audiocast.stream.hub_state import HubLimits, HubState
from audiocast.stream.now_playing import NowPlaying
from tests.unit.stream.audio import MONO, STEREO, SURROUND, body
from tests.unit.stream.hub_harness import ACTIVE_SECONDS, GRACE_SECONDS, HubHarness

TICK_SECONDS = 0.1
MIN_SHOWN_SECONDS = 1.0
MAX_DECODER_CHANGES = 5


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


# Neither fits into a bitstream of the other.
NO_MEANING = OpusHead(2, 312, mapping_family=255, stream_count=1, coupled_count=1, mapping=b"\0\1")
ODD_CHANNELS = (STEREO, NO_MEANING)


class TestBeforeTheFirstAudio:
    def test_a_stream_waits(self, harness: HubHarness) -> None:
        hub = harness.hub
        assert (hub.state, hub.is_on, hub.started_at) == (HubState.WAITING, False, None)
        assert (
            hub.listeners,
            hub.describe().channels,
            hub.describe().bitrate_bps,
            hub.describe().backlog_seconds,
        ) == (0, None, None, 0)

    def test_nobody_can_join(self, harness: HubHarness) -> None:
        with pytest.raises(RuntimeError, match="got one that is waiting"):
            harness.listen()

    def test_headers_alone_change_nothing(self, harness: HubHarness) -> None:
        harness.broadcaster().send(body([]))
        assert harness.hub.state is HubState.WAITING
        assert harness.changes == 0

    def test_a_source_that_leaves_was_never_here(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster()
        broadcaster.send(body([]))
        broadcaster.leave()
        assert harness.hub.state is HubState.WAITING
        assert harness.counters.sources == 0
        assert harness.clock.due == 0


class TestLive:
    def test_the_first_audio_puts_it_on(self, harness: HubHarness) -> None:
        harness.live(range(100))
        hub = harness.hub
        assert (hub.state, hub.is_on, hub.describe().channels) == (HubState.LIVE, True, 2)
        assert hub.describe().backlog_seconds == 2
        assert hub.started_at is not None
        assert harness.counters.sources == 1
        assert harness.changes >= 1

    def test_the_rate_is_what_a_listener_gets(self, harness: HubHarness) -> None:
        harness.live(range(50))
        sink = harness.listen()
        audio_bytes = sum(len(page.encode()) for page in harness.heard(sink).pages)
        assert harness.hub.describe().bitrate_bps == round(audio_bytes * 8 / 1.0)

    def test_a_listener_gets_head_header_pages_backlog_and_then_what_comes(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(100))
        sink = harness.listen(preroll_seconds=1)
        assert harness.hub.listeners == 1
        broadcaster.go_on(range(100, 150))
        assert harness.heard(sink).numbers == list(range(50, 150))
        assert harness.heard(sink).head == STEREO

    def test_the_jitter_of_a_steady_source_is_nothing(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        before = harness.counters.jitter.sum
        broadcaster.go_on(range(1, 101))
        assert harness.counters.jitter.sum == pytest.approx(before, abs=1e-9)

    def test_one_timer_watches_over_a_stream_whatever_its_page_rate(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        broadcaster.go_on(range(1, 1000))
        assert harness.clock.due == 1
        assert harness.hub.state is HubState.LIVE

    def test_a_live_stream_that_goes_on_tells_nobody_of_a_change(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        before = harness.changes
        broadcaster.go_on(range(1, 1000))
        assert harness.changes == before


class TestSplices:
    @pytest.mark.parametrize("pause_seconds", [0.0, 0.5, 10.0])
    def test_a_source_that_comes_back_goes_on_in_the_same_bitstream(
        self, harness: HubHarness, pause_seconds: float
    ) -> None:
        broadcaster = harness.live(range(10))
        sink = harness.listen()
        for at in range(1, 4):
            broadcaster.leave()
            harness.clock.advance(pause_seconds)
            broadcaster = harness.broadcaster()
            broadcaster.begin(range(10 * at, 10 * at + 10))
        assert harness.heard(sink).numbers == list(range(40))
        assert not sink.closed
        assert harness.counters.splices == 3
        assert harness.counters.sources == 1
        assert harness.counters.takeovers == 0

    def test_another_encoder_with_other_comments_and_pre_skip_is_spliced(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        sink = harness.listen()
        harness.broadcaster().begin(range(5, 9), OpusHead(2, 3840, 16_000), OpusTags("another one"))
        got = harness.heard(sink)
        assert got.numbers == list(range(9))
        assert (got.head, got.tags.vendor) == (STEREO, "test encoder")

    def test_mono_goes_into_a_stereo_bitstream(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        sink = harness.listen()
        harness.broadcaster().begin(range(5, 9), MONO)
        assert harness.heard(sink).numbers == list(range(9))
        assert harness.hub.describe().channels == 2

    @pytest.mark.parametrize("head", [NO_MEANING, STEREO])
    def test_one_that_cannot_be_spliced_ends_the_bitstream_properly(
        self, harness: HubHarness, head: OpusHead
    ) -> None:
        harness.broadcaster().begin(range(5), MONO)
        sink = harness.listen()
        harness.broadcaster().begin(range(5, 9), head)
        got = harness.heard(sink)
        assert sink.closed
        assert got.ended
        assert got.numbers == list(range(5))
        assert len(got.packets) == 6, "20 ms of silence carry the end"
        again = harness.listen()
        assert harness.heard(again).head == head
        assert harness.heard(again).numbers == list(range(5, 9))
        assert harness.counters.splices == 0

    def test_a_source_makes_listeners_begin_anew_a_few_times_and_then_no_more(
        self, harness: HubHarness
    ) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        numbers = range(1 + MAX_DECODER_CHANGES)
        for number in numbers:
            broadcaster.begin([number], ODD_CHANNELS[number % 2])
        sink, changes = harness.listen(), harness.changes
        with pytest.raises(TooFast, match="5 changes of channels"):
            broadcaster.begin([100], ODD_CHANNELS[len(numbers) % 2])
        assert harness.changes == changes
        assert harness.heard(sink).numbers == [numbers[-1]]
        broadcaster.leave()
        harness.clock.advance(0.5)
        assert not sink.closed, "the listeners are held, as for any source that is lost"

    def test_one_change_a_second_goes_on_for_ever(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        for second in range(100):
            broadcaster.begin([second], ODD_CHANNELS[second % 2])
            harness.clock.advance(1)
        assert broadcaster.told == []

    def test_bitstreams_that_follow_each_other_have_serial_numbers_of_their_own(
        self, harness: HubHarness
    ) -> None:
        serials = set()
        for _ in range(5):
            harness.live()
            serials.add(harness.heard(harness.listen()).pages[0].serial)
            harness.hub.end(StreamEnded("over"))
        assert len(serials) == 5

    def test_a_chained_source_is_one_logical_stream_for_listeners(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster()
        broadcaster.send(body(range(5), eos=True))
        sink = harness.listen()
        broadcaster.send(body(range(5, 10), serial=8, tags=OpusTags("v", ("TITLE=Next",))))
        assert harness.heard(sink).numbers == list(range(10))
        assert harness.hub.titles.now_playing == NowPlaying("Next", "")
        assert (harness.counters.sources, harness.counters.takeovers, harness.counters.splices) == (1, 0, 1)
        assert broadcaster.told == []


class TestTakeover:
    def test_the_newest_source_wins_at_once_and_the_old_one_is_told(self, harness: HubHarness) -> None:
        old = harness.live(range(5))
        sink = harness.listen()
        new = harness.broadcaster()
        new.begin(range(5, 10))
        old.go_on([999])
        harness.clock.settle()
        assert harness.heard(sink).numbers == list(range(10))
        assert [type(error) for error in old.told] == [TakenOver]
        assert new.told == []
        assert harness.counters.takeovers == 1

    def test_the_old_one_is_not_told_from_within_the_call_of_the_new_one(self, harness: HubHarness) -> None:
        old = harness.live()
        harness.live()
        assert old.told == []

    def test_the_old_one_may_leave_without_anyone_noticing(self, harness: HubHarness) -> None:
        old = harness.live()
        new = harness.live()
        old.leave()
        assert harness.counters.sources == 1
        assert harness.hub.state is HubState.LIVE
        new.leave()
        assert harness.counters.sources == 0

    def test_a_source_that_has_only_sent_headers_takes_nothing_over(self, harness: HubHarness) -> None:
        old = harness.live()
        harness.broadcaster().send(body([]))
        harness.clock.settle()
        assert old.told == []

    def test_a_key_that_was_replaced_is_refused_and_changes_nothing(self, harness: HubHarness) -> None:
        newer = harness.broadcaster(generation=2)
        newer.begin([0])
        sink = harness.listen()
        older = harness.broadcaster(generation=1)
        with pytest.raises(BadKey, match="replaced by a newer one"):
            older.begin([1])
        newer.go_on([2])
        assert harness.heard(sink).numbers == [0, 2]
        assert newer.told == []

    def test_the_same_key_may_come_again(self, harness: HubHarness) -> None:
        harness.broadcaster(generation=2).begin([0])
        harness.hub.admit(2)
        harness.hub.admit(3)


class TestSourceLost:
    def test_listeners_get_silence_in_real_time(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(50))
        sink = harness.listen()
        broadcaster.leave()
        harness.clock.advance(10)
        got = harness.heard(sink)
        silence = len(got.packets) - 50
        assert len(got.packets) * 0.02 == pytest.approx(10, abs=TICK_SECONDS)
        assert harness.counters.silence_seconds == pytest.approx(silence * 0.02)
        assert not sink.closed

    def test_silence_keeps_as_many_bytes_flowing_as_there_were(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(50))
        sink = harness.listen()
        before_bytes = (harness.hub.describe().bitrate_bps or 0) / 8
        broadcaster.leave()
        harness.clock.advance(0.05)
        start_bytes = len(sink.received)
        harness.clock.advance(10)
        assert (len(sink.received) - start_bytes) / 10 == pytest.approx(before_bytes, rel=0.15)

    def test_it_is_live_until_the_threshold_and_held_after_it(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        broadcaster.leave()
        harness.clock.advance(ACTIVE_SECONDS - 0.1)
        assert harness.hub.state is HubState.LIVE
        before = harness.changes
        harness.clock.advance(0.2)
        assert harness.hub.state is HubState.HELD
        assert harness.hub.is_on
        assert harness.changes == before + 1

    def test_one_who_comes_meanwhile_gets_silence(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        harness.clock.advance(5)
        sink = harness.listen(preroll_seconds=1)
        assert harness.heard(sink).numbers == []
        assert len(harness.heard(sink).packets) == pytest.approx(50, abs=5)

    def test_a_source_within_the_grace_ends_the_silence_at_once(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        sink = harness.listen()
        harness.clock.advance(GRACE_SECONDS - 1)
        harness.live(range(5, 10))
        assert harness.hub.state is HubState.LIVE
        silence = len(harness.heard(sink).packets) - 10
        harness.clock.advance(1)
        assert len(harness.heard(sink).packets) == silence + 10
        assert harness.heard(sink).numbers == list(range(10))

    def test_the_return_of_a_source_is_one_change(self, harness: HubHarness) -> None:
        harness.live().leave()
        harness.clock.advance(10)
        before = harness.changes
        harness.live([1])
        assert harness.changes == before + 1

    def test_after_the_grace_the_stream_ends_properly(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        sink = harness.listen()
        harness.clock.advance(GRACE_SECONDS - TICK_SECONDS)
        assert not sink.closed
        harness.clock.advance(2 * TICK_SECONDS)
        assert sink.closed
        assert harness.heard(sink).ended
        hub = harness.hub
        assert (hub.state, hub.is_on, hub.listeners, hub.started_at) == (HubState.ENDED, False, 0, None)

    def test_nothing_is_left_running_after_the_end(self, harness: HubHarness) -> None:
        harness.live().leave()
        harness.clock.advance(GRACE_SECONDS + 10)
        assert harness.clock.due == 0

    def test_without_any_grace_the_end_comes_at_once(self) -> None:
        harness = HubHarness(HubLimits(grace_seconds=0))
        harness.live().leave()
        harness.clock.advance(TICK_SECONDS)
        assert harness.hub.state is HubState.ENDED

    def test_after_the_end_a_source_begins_a_new_bitstream(self, harness: HubHarness) -> None:
        harness.live(range(5)).leave()
        harness.clock.advance(GRACE_SECONDS + 1)
        harness.live([7])
        assert harness.hub.state is HubState.LIVE
        assert harness.heard(harness.listen()).numbers == [7]

    def test_a_lost_source_is_counted_once(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        broadcaster.leave()
        broadcaster.leave()
        assert harness.counters.sources == 0


class TestSourceQuiet:
    def test_a_connected_source_that_sends_nothing_is_bridged_with_silence(self, harness: HubHarness) -> None:
        harness.live(range(5))
        sink = harness.listen()
        harness.clock.advance(ACTIVE_SECONDS + 5)
        assert harness.hub.state is HubState.HELD
        assert harness.counters.source_gaps == 1
        assert len(harness.heard(sink).packets) - 5 == pytest.approx(5 / 0.02, abs=10)

    def test_it_goes_on_when_audio_comes_again(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(5))
        sink = harness.listen()
        harness.clock.advance(ACTIVE_SECONDS + 5)
        before = harness.changes
        broadcaster.go_on(range(5, 10))
        assert harness.hub.state is HubState.LIVE
        assert harness.changes == before + 1
        assert harness.heard(sink).numbers == list(range(10))
        assert harness.counters.splices == 0

    def test_each_gap_is_counted(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        for number in range(1, 4):
            harness.clock.advance(ACTIVE_SECONDS + 1)
            broadcaster.go_on([number])
        assert harness.counters.source_gaps == 3

    def test_audio_now_and_then_is_no_gap(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        for number in range(1, 10):
            harness.clock.advance(ACTIVE_SECONDS - 0.1)
            broadcaster.go_on([number])
        assert harness.counters.source_gaps == 0
        assert harness.counters.silence_seconds == 0

    def test_a_quiet_source_that_then_leaves_starts_no_second_silence(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        sink = harness.listen()
        harness.clock.advance(ACTIVE_SECONDS + 2)
        broadcaster.leave()
        harness.clock.advance(10)
        assert len(harness.heard(sink).packets) * 0.02 == pytest.approx(12, abs=0.2)

    def test_the_grace_counts_from_the_first_silence_whenever_the_connection_goes(
        self, harness: HubHarness
    ) -> None:
        broadcaster = harness.live()
        harness.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS - 5)
        broadcaster.leave()
        harness.clock.advance(5.2)
        assert harness.hub.state is HubState.ENDED

    def test_after_the_grace_it_is_told_why_the_stream_has_ended(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        harness.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS + 1)
        assert [type(error) for error in broadcaster.told] == [SourceStalled]
        assert str(broadcaster.told[0]) in [
            f"expected audio, got none for {seconds} s" for seconds in (32, 33)
        ]
        assert (harness.hub.state, harness.counters.sources) == (HubState.ENDED, 0)

    def test_one_that_was_told_leaves_without_a_trace(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        harness.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS + 1)
        broadcaster.leave()
        assert harness.counters.sources == 0
        assert harness.clock.due == 0


class TestTheEnd:
    def test_listeners_get_an_end_page_and_the_source_is_told(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(5))
        sink = harness.listen()
        harness.hub.end(ShuttingDown("the server stops"))
        assert broadcaster.told == []
        assert harness.heard(sink).ended
        assert sink.closed
        assert [type(error) for error in broadcaster.told] == [ShuttingDown]
        assert (harness.counters.sources, harness.counters.listeners) == (0, 0)

    def test_a_server_that_stops_does_not_say_that_the_broadcast_has_ended(self, harness: HubHarness) -> None:
        harness.live(range(5))
        harness.hub.end(ShuttingDown("the server stops"))
        assert harness.hub.state is HubState.WAITING

    def test_what_the_source_still_sends_goes_nowhere(self, harness: HubHarness) -> None:
        broadcaster = harness.live(range(5))
        harness.hub.end(ShuttingDown("the server stops"))
        broadcaster.go_on([5])
        assert harness.hub.state is HubState.WAITING
        assert harness.clock.due == 0

    def test_a_stream_that_was_closed_takes_no_source_again(self, harness: HubHarness) -> None:
        broadcaster = harness.live()
        harness.hub.close()
        harness.clock.settle()
        assert [type(error) for error in broadcaster.told] == [StreamEnded]
        with pytest.raises(StreamEnded, match="start a new one"):
            harness.hub.admit(9)
        with pytest.raises(StreamEnded):
            harness.broadcaster().begin([0])
        assert harness.hub.state is HubState.ENDED

    def test_a_stream_that_never_began_can_be_closed(self, harness: HubHarness) -> None:
        harness.hub.close()
        assert harness.hub.state is HubState.ENDED
        assert harness.changes == 1

    def test_reopened_it_waits_for_its_source_under_the_new_title(self, harness: HubHarness) -> None:
        harness.live()
        harness.hub.close()
        harness.hub.reopen("Another title")
        assert (harness.hub.title, harness.hub.state) == ("Another title", HubState.WAITING)
        harness.live([3])
        assert harness.hub.state is HubState.LIVE
        assert harness.heard(harness.listen()).numbers == [3]

    def test_reopened_without_a_title_it_keeps_the_old_one(self, harness: HubHarness) -> None:
        harness.hub.reopen("")
        assert harness.hub.title == "A title"

    def test_reopened_while_live_it_stays_live(self, harness: HubHarness) -> None:
        harness.live()
        harness.hub.reopen("Another title")
        assert harness.hub.state is HubState.LIVE

    def test_a_source_that_was_dismissed_does_not_come_back_with_its_next_chain_link(
        self, harness: HubHarness
    ) -> None:
        old = harness.live(range(5))
        new = harness.live(range(5, 10))
        sink = harness.listen()
        old.send(body([99], serial=8))
        new.go_on([10])
        assert 99 not in harness.heard(sink).numbers
        assert harness.heard(sink).numbers == list(range(11))
        assert new.told == []


class TestPageLength:
    def test_there_is_none_without_a_source(self, harness: HubHarness) -> None:
        assert harness.hub.describe().page_seconds is None
        broadcaster = harness.live(range(5))
        assert harness.hub.describe().page_seconds == 0.02
        broadcaster.leave()
        assert harness.hub.describe().page_seconds is None

    def test_it_is_the_sources_and_not_that_of_the_pages_made_of_it(self, harness: HubHarness) -> None:
        harness.broadcaster().send(body(range(100), packets_a_page=50))
        assert harness.hub.describe().page_seconds == 1.0
        assert len(harness.heard(harness.listen()).pages) == 20

    def test_the_short_page_at_the_end_of_a_track_does_not_count(self, harness: HubHarness) -> None:
        harness.broadcaster().send(body(range(60), packets_a_page=50))
        assert harness.hub.describe().page_seconds == 1.0

    def test_it_follows_a_source_that_changes_its_mind(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster()
        broadcaster.send(body(range(100), packets_a_page=50))
        broadcaster.send(body(range(100, 102), serial=8))
        assert harness.hub.describe().page_seconds == 0.02

    def test_a_new_source_is_not_judged_by_the_old_one(self, harness: HubHarness) -> None:
        harness.broadcaster().send(body(range(100), packets_a_page=50))
        harness.live(range(1))
        assert harness.hub.describe().page_seconds == 0.02


class TestListenerPeak:
    def test_it_stays_when_listeners_go(self, harness: HubHarness) -> None:
        assert harness.hub.describe().listener_peak == 0
        broadcaster = harness.live(range(5))
        for sink in [harness.listen() for _ in range(3)]:
            sink.error = BrokenPipeError()
        broadcaster.go_on([5])
        harness.clock.settle()
        harness.listen()
        assert (harness.hub.listeners, harness.hub.describe().listener_peak) == (1, 3)

    def test_it_ends_with_the_stream(self, harness: HubHarness) -> None:
        harness.live(range(5))
        harness.listen()
        harness.hub.end(StreamEnded("over"))
        assert harness.hub.describe().listener_peak == 0
        harness.live(range(5))
        assert harness.hub.describe().listener_peak == 0


class TestNowPlaying:
    def test_it_is_shown_at_once_and_the_bitstream_stays_as_it_is(self, harness: HubHarness) -> None:
        harness.live(range(5))
        sink = harness.listen()
        before_bytes, before_changes = len(sink.received), harness.changes
        harness.hub.set_now_playing(NowPlaying("Song", "Singer"))
        assert harness.hub.titles.now_playing == NowPlaying("Song", "Singer")
        assert harness.changes == before_changes + 1
        harness.heard(sink)
        assert len(sink.received) == before_bytes

    def test_the_comments_of_a_source_say_it_too(self, harness: HubHarness) -> None:
        harness.broadcaster().begin([0], tags=OpusTags("v", ("TITLE=Song", "ARTIST=Singer")))
        assert harness.hub.titles.now_playing == NowPlaying("Song", "Singer")

    def test_a_source_that_says_nothing_takes_nothing_back(self, harness: HubHarness) -> None:
        harness.live()
        harness.hub.set_now_playing(NowPlaying("Song", "Singer"))
        harness.live([1])
        assert harness.hub.titles.now_playing == NowPlaying("Song", "Singer")

    def test_the_next_track_of_a_chain_ends_what_the_last_ones_tags_said(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster()
        broadcaster.begin([0], tags=OpusTags("v", ("TITLE=Song",)))
        broadcaster.begin([1])
        harness.clock.advance(MIN_SHOWN_SECONDS)
        assert harness.hub.titles.now_playing is None

    def test_but_not_what_was_told_beside_the_audio(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster()
        broadcaster.begin([0], tags=OpusTags("v", ("TITLE=Song",)))
        harness.hub.set_now_playing(NowPlaying("Told", ""))
        broadcaster.begin([1])
        harness.clock.advance(MIN_SHOWN_SECONDS)
        assert harness.hub.titles.now_playing == NowPlaying("Told", "")

    def test_it_is_forgotten_at_the_end(self, harness: HubHarness) -> None:
        harness.live()
        harness.hub.set_now_playing(NowPlaying("Song", "Singer"))
        harness.hub.end(StreamEnded("over"))
        assert harness.hub.titles.now_playing is None

    def test_what_was_on_is_remembered_past_the_end_and_until_the_stream_begins_anew(
        self, harness: HubHarness
    ) -> None:
        broadcaster = harness.broadcaster()
        for packet, title in enumerate(["First", "Second"]):
            broadcaster.begin([packet], tags=OpusTags("v", (f"TITLE={title}",)))
            harness.clock.advance(MIN_SHOWN_SECONDS)
        harness.hub.set_now_playing(NowPlaying("Told", ""))
        harness.hub.end(StreamEnded("over"))
        titles = [track.playing.title for track in harness.hub.titles.history.tracks]
        assert titles == ["Told", "Second", "First"]
        harness.hub.reopen("")
        assert harness.hub.titles.history.tracks == []

    def test_one_who_listens_for_changes_may_stop_in_the_middle_of_one(self, harness: HubHarness) -> None:
        def once() -> None:
            harness.hub.on_change.discard(once)

        harness.hub.on_change.add(once)
        harness.hub.set_now_playing(NowPlaying("Song", ""))
        assert once not in harness.hub.on_change


def test_surround_is_relayed_with_its_mapping() -> None:
    harness = HubHarness()
    harness.hub.attach_source(harness.broadcaster().source, SURROUND, OpusTags("v"), [], harness.clock.time())
    assert harness.hub.describe().channels == 6
    assert harness.heard(harness.listen()).head == SURROUND
