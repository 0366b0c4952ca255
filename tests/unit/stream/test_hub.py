"""The hub: one logical bitstream for listeners, whatever happens to its sources.

Design section 5, points 2 (one logical stream), 3 (joining) and 4 (source lost).
"""

import pytest

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.stream.errors import BadKey, ShuttingDown, SourceStalled, StreamEnded, TakenOver
from audiocast.stream.gap import TICK_SECONDS
from audiocast.stream.hub_state import HubLimits, HubState
from audiocast.stream.now_playing import NowPlaying
from tests.unit.stream.audio import MONO, STEREO, SURROUND, body
from tests.unit.stream.stage import ACTIVE_SECONDS, GRACE_SECONDS, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestBeforeTheFirstAudio:
    def test_a_stream_waits(self, stage: Stage) -> None:
        hub = stage.hub
        assert (hub.state, hub.is_on, hub.started_at) == (HubState.WAITING, False, None)
        assert (
            hub.listeners,
            hub.describe().channels,
            hub.describe().bitrate_bps,
            hub.describe().backlog_seconds,
        ) == (0, None, None, 0)

    def test_nobody_can_join(self, stage: Stage) -> None:
        with pytest.raises(RuntimeError, match="got one that is waiting"):
            stage.listen()

    def test_headers_alone_change_nothing(self, stage: Stage) -> None:
        stage.broadcaster().send(body([]))
        assert stage.hub.state is HubState.WAITING
        assert stage.changes == 0

    def test_a_source_that_leaves_was_never_here(self, stage: Stage) -> None:
        broadcaster = stage.broadcaster()
        broadcaster.send(body([]))
        broadcaster.leave()
        assert stage.hub.state is HubState.WAITING
        assert stage.counters.sources == 0
        assert stage.clock.due == 0


class TestLive:
    def test_the_first_audio_puts_it_on(self, stage: Stage) -> None:
        stage.live(range(100))
        hub = stage.hub
        assert (hub.state, hub.is_on, hub.describe().channels) == (HubState.LIVE, True, 2)
        assert hub.describe().backlog_seconds == 2
        assert hub.started_at is not None
        assert stage.counters.sources == 1
        assert stage.changes >= 1

    def test_the_rate_is_what_a_listener_gets(self, stage: Stage) -> None:
        stage.live(range(50))
        sink = stage.listen()
        audio_bytes = sum(len(page.encode()) for page in stage.heard(sink).pages)
        assert stage.hub.describe().bitrate_bps == round(audio_bytes * 8 / 1.0)

    def test_a_listener_gets_head_header_pages_backlog_and_then_what_comes(self, stage: Stage) -> None:
        broadcaster = stage.live(range(100))
        sink = stage.listen(preroll_seconds=1)
        assert stage.hub.listeners == 1
        broadcaster.go_on(range(100, 150))
        assert stage.heard(sink).numbers == list(range(50, 150))
        assert stage.heard(sink).head == STEREO

    def test_the_jitter_of_a_steady_source_is_nothing(self, stage: Stage) -> None:
        broadcaster = stage.live()
        before = stage.counters.jitter.sum
        broadcaster.go_on(range(1, 101))
        assert stage.counters.jitter.sum == pytest.approx(before)

    def test_one_timer_watches_over_a_stream_whatever_its_page_rate(self, stage: Stage) -> None:
        broadcaster = stage.live()
        broadcaster.go_on(range(1, 1000))
        assert stage.clock.due == 1
        assert stage.hub.state is HubState.LIVE

    def test_a_live_stream_that_goes_on_tells_nobody_of_a_change(self, stage: Stage) -> None:
        broadcaster = stage.live()
        before = stage.changes
        broadcaster.go_on(range(1, 1000))
        assert stage.changes == before


class TestSplices:
    @pytest.mark.parametrize("pause_seconds", [0.0, 0.5, 10.0])
    def test_a_source_that_comes_back_goes_on_in_the_same_bitstream(
        self, stage: Stage, pause_seconds: float
    ) -> None:
        broadcaster = stage.live(range(10))
        sink = stage.listen()
        for at in range(1, 4):
            broadcaster.leave()
            stage.clock.advance(pause_seconds)
            broadcaster = stage.broadcaster()
            broadcaster.begin(range(10 * at, 10 * at + 10))
        assert stage.heard(sink).numbers == list(range(40))
        assert not sink.closed
        assert stage.counters.splices == 3
        assert stage.counters.sources == 1
        assert stage.counters.takeovers == 0

    def test_another_encoder_with_other_comments_and_pre_skip_is_spliced(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        sink = stage.listen()
        stage.broadcaster().begin(range(5, 9), OpusHead(2, 3840, 16_000), OpusTags("another one"))
        got = stage.heard(sink)
        assert got.numbers == list(range(9))
        assert (got.head, got.tags.vendor) == (STEREO, "test encoder")

    def test_mono_goes_into_a_stereo_bitstream(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        sink = stage.listen()
        stage.broadcaster().begin(range(5, 9), MONO)
        assert stage.heard(sink).numbers == list(range(9))
        assert stage.hub.describe().channels == 2

    @pytest.mark.parametrize("head", [OpusHead(2, 312, output_gain=512), STEREO])
    def test_one_that_cannot_be_spliced_ends_the_bitstream_properly(
        self, stage: Stage, head: OpusHead
    ) -> None:
        stage.broadcaster().begin(range(5), MONO)
        sink = stage.listen()
        stage.broadcaster().begin(range(5, 9), head)
        got = stage.heard(sink)
        assert sink.closed
        assert got.ended
        assert got.numbers == list(range(5))
        assert len(got.packets) == 6, "20 ms of silence carry the end"
        again = stage.listen()
        assert stage.heard(again).head == head
        assert stage.heard(again).numbers == list(range(5, 9))
        assert stage.counters.splices == 0

    def test_bitstreams_that_follow_each_other_have_serial_numbers_of_their_own(self, stage: Stage) -> None:
        serials = set()
        for _ in range(5):
            stage.live()
            serials.add(stage.heard(stage.listen()).pages[0].serial)
            stage.hub.end(StreamEnded("over"))
        assert len(serials) == 5

    def test_a_chained_source_is_one_logical_stream_for_listeners(self, stage: Stage) -> None:
        broadcaster = stage.broadcaster()
        broadcaster.send(body(range(5), eos=True))
        sink = stage.listen()
        broadcaster.send(body(range(5, 10), serial=8, tags=OpusTags("v", ("TITLE=Next",))))
        assert stage.heard(sink).numbers == list(range(10))
        assert stage.hub.titles.now_playing == NowPlaying("Next", "")
        assert (stage.counters.sources, stage.counters.takeovers, stage.counters.splices) == (1, 0, 1)
        assert broadcaster.told == []


class TestTakeover:
    def test_the_newest_source_wins_at_once_and_the_old_one_is_told(self, stage: Stage) -> None:
        old = stage.live(range(5))
        sink = stage.listen()
        new = stage.broadcaster()
        new.begin(range(5, 10))
        old.go_on([999])
        stage.clock.settle()
        assert stage.heard(sink).numbers == list(range(10))
        assert [type(error) for error in old.told] == [TakenOver]
        assert new.told == []
        assert stage.counters.takeovers == 1

    def test_the_old_one_is_not_told_from_within_the_call_of_the_new_one(self, stage: Stage) -> None:
        old = stage.live()
        stage.live()
        assert old.told == []

    def test_the_old_one_may_leave_without_anyone_noticing(self, stage: Stage) -> None:
        old = stage.live()
        new = stage.live()
        old.leave()
        assert stage.counters.sources == 1
        assert stage.hub.state is HubState.LIVE
        new.leave()
        assert stage.counters.sources == 0

    def test_a_source_that_has_only_sent_headers_takes_nothing_over(self, stage: Stage) -> None:
        old = stage.live()
        stage.broadcaster().send(body([]))
        stage.clock.settle()
        assert old.told == []

    def test_a_key_that_was_replaced_is_refused_and_changes_nothing(self, stage: Stage) -> None:
        newer = stage.broadcaster(generation=2)
        newer.begin([0])
        sink = stage.listen()
        older = stage.broadcaster(generation=1)
        with pytest.raises(BadKey, match="replaced by a newer one"):
            older.begin([1])
        newer.go_on([2])
        assert stage.heard(sink).numbers == [0, 2]
        assert newer.told == []

    def test_the_same_key_may_come_again(self, stage: Stage) -> None:
        stage.broadcaster(generation=2).begin([0])
        stage.hub.admit(2)
        stage.hub.admit(3)


class TestSourceLost:
    def test_listeners_get_silence_in_real_time(self, stage: Stage) -> None:
        broadcaster = stage.live(range(50))
        sink = stage.listen()
        broadcaster.leave()
        stage.clock.advance(10)
        got = stage.heard(sink)
        silence = len(got.packets) - 50
        assert silence * 0.02 == pytest.approx(10, abs=TICK_SECONDS)
        assert stage.counters.silence_seconds == pytest.approx(silence * 0.02)
        assert not sink.closed

    def test_silence_keeps_as_many_bytes_flowing_as_there_were(self, stage: Stage) -> None:
        broadcaster = stage.live(range(50))
        sink = stage.listen()
        before_bytes = (stage.hub.describe().bitrate_bps or 0) / 8
        broadcaster.leave()
        stage.clock.advance(0.05)
        start_bytes = len(sink.received)
        stage.clock.advance(10)
        assert (len(sink.received) - start_bytes) / 10 == pytest.approx(before_bytes, rel=0.15)

    def test_it_is_live_until_the_threshold_and_held_after_it(self, stage: Stage) -> None:
        broadcaster = stage.live()
        broadcaster.leave()
        stage.clock.advance(ACTIVE_SECONDS - 0.1)
        assert stage.hub.state is HubState.LIVE
        before = stage.changes
        stage.clock.advance(0.2)
        assert stage.hub.state is HubState.HELD
        assert stage.hub.is_on
        assert stage.changes == before + 1

    def test_one_who_comes_meanwhile_gets_silence(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        stage.clock.advance(5)
        sink = stage.listen(preroll_seconds=1)
        assert stage.heard(sink).numbers == []
        assert len(stage.heard(sink).packets) == pytest.approx(50, abs=5)

    def test_a_source_within_the_grace_ends_the_silence_at_once(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        sink = stage.listen()
        stage.clock.advance(GRACE_SECONDS - 1)
        stage.live(range(5, 10))
        assert stage.hub.state is HubState.LIVE
        silence = len(stage.heard(sink).packets) - 10
        stage.clock.advance(1)
        assert len(stage.heard(sink).packets) == silence + 10
        assert stage.heard(sink).numbers == list(range(10))

    def test_the_return_of_a_source_is_one_change(self, stage: Stage) -> None:
        stage.live().leave()
        stage.clock.advance(10)
        before = stage.changes
        stage.live([1])
        assert stage.changes == before + 1

    def test_after_the_grace_the_stream_ends_properly(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        sink = stage.listen()
        stage.clock.advance(GRACE_SECONDS - TICK_SECONDS)
        assert not sink.closed
        stage.clock.advance(2 * TICK_SECONDS)
        assert sink.closed
        assert stage.heard(sink).ended
        hub = stage.hub
        assert (hub.state, hub.is_on, hub.listeners, hub.started_at) == (HubState.ENDED, False, 0, None)

    def test_nothing_is_left_running_after_the_end(self, stage: Stage) -> None:
        stage.live().leave()
        stage.clock.advance(GRACE_SECONDS + 10)
        assert stage.clock.due == 0

    def test_without_any_grace_the_end_comes_at_once(self) -> None:
        stage = Stage(HubLimits(grace_seconds=0))
        stage.live().leave()
        stage.clock.advance(TICK_SECONDS)
        assert stage.hub.state is HubState.ENDED

    def test_after_the_end_a_source_begins_a_new_bitstream(self, stage: Stage) -> None:
        stage.live(range(5)).leave()
        stage.clock.advance(GRACE_SECONDS + 1)
        stage.live([7])
        assert stage.hub.state is HubState.LIVE
        assert stage.heard(stage.listen()).numbers == [7]

    def test_a_lost_source_is_counted_once(self, stage: Stage) -> None:
        broadcaster = stage.live()
        broadcaster.leave()
        broadcaster.leave()
        assert stage.counters.sources == 0


class TestSourceQuiet:
    def test_a_connected_source_that_sends_nothing_is_bridged_with_silence(self, stage: Stage) -> None:
        stage.live(range(5))
        sink = stage.listen()
        stage.clock.advance(ACTIVE_SECONDS + 5)
        assert stage.hub.state is HubState.HELD
        assert stage.counters.source_gaps == 1
        assert len(stage.heard(sink).packets) - 5 == pytest.approx(5 / 0.02, abs=10)

    def test_it_goes_on_when_audio_comes_again(self, stage: Stage) -> None:
        broadcaster = stage.live(range(5))
        sink = stage.listen()
        stage.clock.advance(ACTIVE_SECONDS + 5)
        before = stage.changes
        broadcaster.go_on(range(5, 10))
        assert stage.hub.state is HubState.LIVE
        assert stage.changes == before + 1
        assert stage.heard(sink).numbers == list(range(10))
        assert stage.counters.splices == 0

    def test_each_gap_is_counted(self, stage: Stage) -> None:
        broadcaster = stage.live()
        for number in range(1, 4):
            stage.clock.advance(ACTIVE_SECONDS + 1)
            broadcaster.go_on([number])
        assert stage.counters.source_gaps == 3

    def test_audio_now_and_then_is_no_gap(self, stage: Stage) -> None:
        broadcaster = stage.live()
        for number in range(1, 10):
            stage.clock.advance(ACTIVE_SECONDS - 0.1)
            broadcaster.go_on([number])
        assert stage.counters.source_gaps == 0
        assert stage.counters.silence_seconds == 0

    def test_a_quiet_source_that_then_leaves_starts_no_second_silence(self, stage: Stage) -> None:
        broadcaster = stage.live()
        sink = stage.listen()
        stage.clock.advance(ACTIVE_SECONDS + 2)
        broadcaster.leave()
        stage.clock.advance(10)
        assert len(stage.heard(sink).packets) * 0.02 == pytest.approx(12, abs=0.2)

    def test_the_grace_counts_from_the_first_silence_whenever_the_connection_goes(self, stage: Stage) -> None:
        broadcaster = stage.live()
        stage.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS - 5)
        broadcaster.leave()
        stage.clock.advance(5.2)
        assert stage.hub.state is HubState.ENDED

    def test_after_the_grace_it_is_told_why_the_stream_has_ended(self, stage: Stage) -> None:
        broadcaster = stage.live()
        stage.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS + 1)
        assert [type(error) for error in broadcaster.told] == [SourceStalled]
        assert str(broadcaster.told[0]) in [
            f"expected audio, got none for {seconds} s" for seconds in (32, 33)
        ]
        assert (stage.hub.state, stage.counters.sources) == (HubState.ENDED, 0)

    def test_one_that_was_told_leaves_without_a_trace(self, stage: Stage) -> None:
        broadcaster = stage.live()
        stage.clock.advance(ACTIVE_SECONDS + GRACE_SECONDS + 1)
        broadcaster.leave()
        assert stage.counters.sources == 0
        assert stage.clock.due == 0


class TestTheEnd:
    def test_listeners_get_an_end_page_and_the_source_is_told(self, stage: Stage) -> None:
        broadcaster = stage.live(range(5))
        sink = stage.listen()
        stage.hub.end(ShuttingDown("the server stops"))
        assert broadcaster.told == []
        assert stage.heard(sink).ended
        assert sink.closed
        assert [type(error) for error in broadcaster.told] == [ShuttingDown]
        assert (stage.counters.sources, stage.counters.listeners) == (0, 0)

    def test_a_server_that_stops_does_not_say_that_the_broadcast_has_ended(self, stage: Stage) -> None:
        stage.live(range(5))
        stage.hub.end(ShuttingDown("the server stops"))
        assert stage.hub.state is HubState.WAITING

    def test_what_the_source_still_sends_goes_nowhere(self, stage: Stage) -> None:
        broadcaster = stage.live(range(5))
        stage.hub.end(ShuttingDown("the server stops"))
        broadcaster.go_on([5])
        assert stage.hub.state is HubState.WAITING
        assert stage.clock.due == 0

    def test_a_stream_that_was_closed_takes_no_source_again(self, stage: Stage) -> None:
        broadcaster = stage.live()
        stage.hub.close()
        stage.clock.settle()
        assert [type(error) for error in broadcaster.told] == [StreamEnded]
        with pytest.raises(StreamEnded, match="start a new one"):
            stage.hub.admit(9)
        with pytest.raises(StreamEnded):
            stage.broadcaster().begin([0])
        assert stage.hub.state is HubState.ENDED

    def test_a_stream_that_never_began_can_be_closed(self, stage: Stage) -> None:
        stage.hub.close()
        assert stage.hub.state is HubState.ENDED
        assert stage.changes == 1

    def test_reopened_it_waits_for_its_source_under_the_new_title(self, stage: Stage) -> None:
        stage.live()
        stage.hub.close()
        stage.hub.reopen("Another title")
        assert (stage.hub.title, stage.hub.state) == ("Another title", HubState.WAITING)
        stage.live([3])
        assert stage.hub.state is HubState.LIVE
        assert stage.heard(stage.listen()).numbers == [3]

    def test_reopened_without_a_title_it_keeps_the_old_one(self, stage: Stage) -> None:
        stage.hub.reopen("")
        assert stage.hub.title == "A title"

    def test_reopened_while_live_it_stays_live(self, stage: Stage) -> None:
        stage.live()
        stage.hub.reopen("Another title")
        assert stage.hub.state is HubState.LIVE

    def test_a_source_that_was_dismissed_does_not_come_back_with_its_next_chain_link(
        self, stage: Stage
    ) -> None:
        old = stage.live(range(5))
        new = stage.live(range(5, 10))
        sink = stage.listen()
        old.send(body([99], serial=8))
        new.go_on([10])
        assert 99 not in stage.heard(sink).numbers
        assert stage.heard(sink).numbers == list(range(11))
        assert new.told == []


class TestPageLength:
    def test_there_is_none_without_a_source(self, stage: Stage) -> None:
        assert stage.hub.describe().page_seconds is None
        broadcaster = stage.live(range(5))
        assert stage.hub.describe().page_seconds == 0.02
        broadcaster.leave()
        assert stage.hub.describe().page_seconds is None

    def test_it_is_the_sources_and_not_that_of_the_pages_made_of_it(self, stage: Stage) -> None:
        stage.broadcaster().send(body(range(100), packets_a_page=50))
        assert stage.hub.describe().page_seconds == 1.0
        assert len(stage.heard(stage.listen()).pages) == 20

    def test_the_short_page_at_the_end_of_a_track_does_not_count(self, stage: Stage) -> None:
        stage.broadcaster().send(body(range(60), packets_a_page=50))
        assert stage.hub.describe().page_seconds == 1.0

    def test_it_follows_a_source_that_changes_its_mind(self, stage: Stage) -> None:
        broadcaster = stage.broadcaster()
        broadcaster.send(body(range(100), packets_a_page=50))
        broadcaster.send(body(range(100, 102), serial=8))
        assert stage.hub.describe().page_seconds == 0.02

    def test_a_new_source_is_not_judged_by_the_old_one(self, stage: Stage) -> None:
        stage.broadcaster().send(body(range(100), packets_a_page=50))
        stage.live(range(1))
        assert stage.hub.describe().page_seconds == 0.02


class TestListenerPeak:
    def test_it_stays_when_listeners_go(self, stage: Stage) -> None:
        assert stage.hub.describe().listener_peak == 0
        broadcaster = stage.live(range(5))
        for sink in [stage.listen() for _ in range(3)]:
            sink.error = BrokenPipeError()
        broadcaster.go_on([5])
        stage.clock.settle()
        stage.listen()
        assert (stage.hub.listeners, stage.hub.describe().listener_peak) == (1, 3)

    def test_it_ends_with_the_stream(self, stage: Stage) -> None:
        stage.live(range(5))
        stage.listen()
        stage.hub.end(StreamEnded("over"))
        assert stage.hub.describe().listener_peak == 0
        stage.live(range(5))
        assert stage.hub.describe().listener_peak == 0


class TestNowPlaying:
    def test_it_is_shown_at_once_and_the_bitstream_stays_as_it_is(self, stage: Stage) -> None:
        stage.live(range(5))
        sink = stage.listen()
        before_bytes, before_changes = len(sink.received), stage.changes
        stage.hub.set_now_playing(NowPlaying("Song", "Singer"))
        assert stage.hub.titles.now_playing == NowPlaying("Song", "Singer")
        assert stage.changes == before_changes + 1
        stage.heard(sink)
        assert len(sink.received) == before_bytes

    def test_the_comments_of_a_source_say_it_too(self, stage: Stage) -> None:
        stage.broadcaster().begin([0], tags=OpusTags("v", ("TITLE=Song", "ARTIST=Singer")))
        assert stage.hub.titles.now_playing == NowPlaying("Song", "Singer")

    def test_a_source_that_says_nothing_takes_nothing_back(self, stage: Stage) -> None:
        stage.live()
        stage.hub.set_now_playing(NowPlaying("Song", "Singer"))
        stage.live([1])
        assert stage.hub.titles.now_playing == NowPlaying("Song", "Singer")

    def test_the_next_track_of_a_chain_ends_what_the_last_ones_tags_said(self, stage: Stage) -> None:
        broadcaster = stage.broadcaster()
        broadcaster.begin([0], tags=OpusTags("v", ("TITLE=Song",)))
        broadcaster.begin([1])
        assert stage.hub.titles.now_playing is None

    def test_but_not_what_was_told_beside_the_audio(self, stage: Stage) -> None:
        broadcaster = stage.broadcaster()
        broadcaster.begin([0], tags=OpusTags("v", ("TITLE=Song",)))
        stage.hub.set_now_playing(NowPlaying("Told", ""))
        broadcaster.begin([1])
        assert stage.hub.titles.now_playing == NowPlaying("Told", "")

    def test_it_is_forgotten_at_the_end(self, stage: Stage) -> None:
        stage.live()
        stage.hub.set_now_playing(NowPlaying("Song", "Singer"))
        stage.hub.end(StreamEnded("over"))
        assert stage.hub.titles.now_playing is None

    def test_what_was_on_is_remembered_past_the_end_and_until_the_stream_begins_anew(
        self, stage: Stage
    ) -> None:
        broadcaster = stage.broadcaster()
        for packet, title in enumerate(["First", "Second"]):
            broadcaster.begin([packet], tags=OpusTags("v", (f"TITLE={title}",)))
        stage.hub.set_now_playing(NowPlaying("Told", ""))
        stage.hub.end(StreamEnded("over"))
        titles = [track.playing.title for track in stage.hub.titles.history.tracks]
        assert titles == ["Told", "Second", "First"]
        stage.hub.reopen("")
        assert stage.hub.titles.history.tracks == []

    def test_one_who_listens_for_changes_may_stop_in_the_middle_of_one(self, stage: Stage) -> None:
        def once() -> None:
            stage.hub.on_change.discard(once)

        stage.hub.on_change.add(once)
        stage.hub.set_now_playing(NowPlaying("Song", ""))
        assert once not in stage.hub.on_change


def test_surround_is_relayed_with_its_mapping() -> None:
    stage = Stage()
    stage.hub.attach_source(stage.broadcaster().source, SURROUND, OpusTags("v"), [], stage.clock.time())
    assert stage.hub.describe().channels == 6
    assert stage.heard(stage.listen()).head == SURROUND
