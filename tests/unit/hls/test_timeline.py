"""Packets to parts and segments: where they are cut, what they are called, and how many there are."""

from datetime import UTC, datetime

import pytest

from audiocast.hls.timeline import Part, Segment, Timeline
from tests.support.audio.mp4_boxes import fragments, opus_specific
from tests.unit.hls.feed import BEGAN_AT, FIRST, FIRST_CUT, MONO, STEREO, Feed

LISTED_SEGMENTS = 10
# RFC 8216 section 6.2.2: for as long as the playlist lasts, and the segment itself.
KEPT_SEGMENTS = 11
MAX_PART_BYTES = 256 * 1024
MAX_BYTES = 4 * 1024 * 1024
EPOCH_UNIX_SECONDS = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
CLOCK_STEP_SECONDS = 0.02
CLOCK_SEGMENTS = 8


@pytest.fixture
def feed() -> Feed:
    return Feed()


def test_a_part_is_there_as_soon_as_it_is_full(feed: Feed) -> None:
    assert feed.packets(19) == 0
    assert not feed.timeline.has(FIRST, 0)
    assert feed.packets(1) == 1
    assert feed.timeline.has(FIRST, 0)


@pytest.mark.parametrize("milliseconds", [2.5, 5, 10, 20, 40, 60, 80, 100, 120])
def test_parts_of_any_packets_keep_the_rule_for_their_length(feed: Feed, milliseconds: float) -> None:
    feed.packets(round(10_000 / milliseconds), samples=round(milliseconds * 48))
    parts = [part for segment in feed.timeline.segments for part in segment.parts]
    assert len(parts) >= 20
    assert {0.85 * 19_200 <= part.samples <= 19_200 for part in parts} == {True}


def test_a_part_has_no_packet_more_than_fits(feed: Feed) -> None:
    feed.packets(19)
    assert feed.packets(1, samples=2880) == 1
    assert feed.timeline.open_segment.parts[0].samples == 19 * 960


def test_no_packet_is_lost_and_none_comes_twice(feed: Feed) -> None:
    feed.seconds(7)
    feed.packets(30, samples=2880)
    feed.timeline.end()
    found = fragments(b"".join(segment.data for segment in feed.timeline.segments))
    assert [packet for each in found for packet in each.packets] == feed.sent
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    lengths = [sum(samples for _, samples in each.packets) for each in found]
    began = round((BEGAN_AT - EPOCH_UNIX_SECONDS) * 48_000)
    assert [each.decode_time - began for each in found] == [
        sum(lengths[:place]) for place in range(len(found))
    ]


def test_five_parts_are_a_segment_and_it_is_its_parts(feed: Feed) -> None:
    feed.seconds(4.4)
    timeline = feed.timeline
    assert [segment.number for segment in timeline.segments] == [FIRST, FIRST + 1]
    parts = [timeline.media(f"{FIRST}.{part}.m4s") for part in range(5)]
    assert None not in parts
    assert timeline.media(f"{FIRST}.m4s") == b"".join(part or b"" for part in parts)
    assert timeline.hinted == (FIRST + 2, 1)


@pytest.mark.parametrize(
    "name",
    [
        f"{FIRST + 2}.m4s",
        f"{FIRST + 2}.1.m4s",
        f"{FIRST}.5.m4s",
        f"{FIRST - 1}.m4s",
        "init1.mp4",
        "init.mp4",
        "999999999999999999999.m4s",
        f"{FIRST}.0.m4s/",
        f"{FIRST}.0.m4s\n",
        "١٠٠٠.m4s",
        "",
    ],
)
def test_a_name_that_nothing_has_gives_nothing(feed: Feed, name: str) -> None:
    feed.seconds(4.4)
    assert feed.timeline.media(name) is None


def test_one_part_past_the_last_means_the_first_of_the_next(feed: Feed) -> None:
    feed.seconds(2)
    assert not feed.timeline.has(FIRST, 5)
    feed.seconds(0.4)
    assert feed.timeline.has(FIRST, 5)
    assert not feed.timeline.has(FIRST + 1, None)


def test_what_is_old_is_kept_a_while_and_then_gone(feed: Feed) -> None:
    feed.seconds(2 * (LISTED_SEGMENTS + KEPT_SEGMENTS))
    timeline = feed.timeline
    assert len(timeline.listed) == LISTED_SEGMENTS
    assert timeline.listed[0].number == FIRST + KEPT_SEGMENTS
    assert timeline.media(f"{FIRST}.m4s")
    feed.seconds(2)
    assert timeline.media(f"{FIRST}.m4s") is None
    assert timeline.media(f"{FIRST + 1}.m4s")
    assert timeline.has(FIRST, None), "it was there: nobody need wait for it"


def test_bytes_are_bounded_whatever_the_packets(feed: Feed) -> None:
    feed.packets(2000, size_bytes=60_000)
    timeline = feed.timeline
    assert sum(segment.size_bytes for segment in timeline.segments) <= MAX_BYTES
    sizes = [len(part.data) for segment in timeline.segments for part in segment.parts]
    assert MAX_PART_BYTES < max(sizes) < MAX_PART_BYTES + 61_000


def test_another_decoder_is_a_cut_with_an_init_of_its_own(feed: Feed) -> None:
    feed.seconds(3)
    timeline = feed.timeline
    timeline.start_bitstream(MONO)
    feed.seconds(2)
    assert [(segment.is_cut, segment.init) for segment in timeline.segments] == [
        (False, 0),
        (False, 0),
        (True, 1),
    ]
    channels = [opus_specific(timeline.media(f"init{number}.mp4") or b"")[1] for number in (0, 1)]
    assert channels == [2, 1]


def test_inits_of_segments_that_are_gone_are_gone(feed: Feed) -> None:
    for head in [MONO, STEREO] * 30:
        feed.seconds(2)
        feed.timeline.start_bitstream(head)
    assert feed.timeline.media("init0.mp4") is None
    oldest = feed.timeline.segments[0].init
    assert feed.timeline.media(f"init{oldest}.mp4")


def test_a_begin_before_any_audio_is_no_cut(feed: Feed) -> None:
    feed.timeline.start_bitstream(MONO)
    feed.seconds(2)
    (segment,) = feed.timeline.segments
    assert not segment.is_cut
    assert opus_specific(feed.timeline.media(f"init{segment.init}.mp4") or b"")[1] == 1


def test_two_begins_without_audio_between_are_one_cut(feed: Feed) -> None:
    feed.seconds(2)
    feed.timeline.start_bitstream(MONO)
    feed.timeline.start_bitstream(STEREO)
    feed.seconds(2)
    first, second = feed.timeline.segments
    assert second.cuts == first.cuts + 1


def test_a_clock_that_is_years_behind_does_no_harm(feed: Feed) -> None:
    feed.now = 0.0
    feed.seconds(2)
    assert fragments(feed.timeline.segments[0].data)[0].decode_time == 0


def test_the_end_is_a_short_segment(feed: Feed) -> None:
    feed.seconds(2.5)
    feed.timeline.end()
    assert feed.timeline.is_ended
    assert [segment.samples for segment in feed.timeline.segments] == [96_000, 24_000]


def test_times_of_day_go_on_by_the_samples(feed: Feed) -> None:
    feed.seconds(2)
    feed.now += 5  # what the network holds back, it gives all at once
    feed.seconds(2)
    feed.now -= 5
    feed.seconds(4)
    feed.timeline.start_bitstream(MONO)
    feed.now += 60
    feed.seconds(2)
    began = [segment.began_at - BEGAN_AT for segment in feed.timeline.segments]
    assert began == pytest.approx([0, 2, 4, 6, 68])


def test_an_encoder_whose_clock_is_slow_is_followed(feed: Feed) -> None:
    for _ in range(30):
        feed.seconds(2)
        feed.now += 0.01
    assert ahead_seconds(feed) == pytest.approx(0, abs=0.01 * CLOCK_SEGMENTS + 0.01)


def test_what_was_late_at_first_is_not_taken_for_its_time(feed: Feed) -> None:
    feed.now += 3
    feed.seconds(2)
    feed.now -= 3
    feed.seconds(2)
    began = [segment.began_at - BEGAN_AT for segment in feed.timeline.segments]
    assert began == pytest.approx([3, 5 - CLOCK_STEP_SECONDS])
    feed.seconds(3 / CLOCK_STEP_SECONDS * 2)
    assert ahead_seconds(feed) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("burst_seconds", [1, 2, 6, 10])
def test_the_times_of_bursts_stay_those_of_the_clock(feed: Feed, burst_seconds: int) -> None:
    # Packets of one burst arrive one by one, and all at once.
    for burst in range(1, 1200 // burst_seconds):
        feed.now = BEGAN_AT + burst * burst_seconds
        for _ in range(burst_seconds * 50):
            feed.timeline.append([(b"x", 960)], feed.now)
        if burst * burst_seconds > 10 / CLOCK_STEP_SECONDS * 2:
            assert ahead_seconds(feed) == pytest.approx(0, abs=1)


def ahead_seconds(feed: Feed) -> float:
    """How far the end of the last segment is ahead of the clock: no later than what arrived has been made."""
    last = feed.timeline.segments[-1]
    pending = feed.timeline.open_segment.samples
    return last.began_at + (last.samples + pending) / 48_000 - feed.now


def test_sound_that_came_at_once_was_made_over_its_own_length(feed: Feed) -> None:
    # Six seconds in one go: the first of it is six seconds old, and each segment is two seconds on.
    feed.timeline.append([(b"x", 960)] * 300, BEGAN_AT + 6)
    began = [segment.began_at - BEGAN_AT for segment in feed.timeline.segments]
    assert began == pytest.approx([0, 2, 4])


def test_the_times_of_a_burst_do_not_drift(feed: Feed) -> None:
    # An encoder's clock that agrees with ours: nothing is corrected, whatever the packets come in.
    for second in range(1, 9):
        feed.timeline.append([(b"x", 960)] * 50, BEGAN_AT + second)
    began = [segment.began_at - BEGAN_AT for segment in feed.timeline.segments]
    assert began == pytest.approx([0, 2, 4, 6])


def test_a_part_is_full_one_byte_over_its_bound(feed: Feed) -> None:
    for _ in range(3):
        assert feed.timeline.append([(bytes(MAX_PART_BYTES), 960)], BEGAN_AT) is False
        assert feed.timeline.append([(b"x", 960)], BEGAN_AT) is True


def test_bytes_are_counted_down_as_segments_go(feed: Feed) -> None:
    # Twice over the bound in small steps: what is gone makes room again, so many segments stay.
    for _ in range(40):
        feed.packets(100, size_bytes=2_500)
    kept = len(feed.timeline.segments)
    assert kept == MAX_BYTES // feed.timeline.segments[-1].size_bytes


def filled(sizes_bytes: list[int]) -> Timeline:
    """Make a timeline whose whole segments have these sizes: of each, four small parts and a large one."""
    timeline = Timeline("abc", FIRST, FIRST_CUT)
    timeline.start_bitstream(STEREO)
    for size_bytes in sizes_bytes:
        small = [(b"x", 960)] * 19 + [(b"x", 960)]
        for _ in range(4):
            timeline.append(small, BEGAN_AT)
        made_bytes = timeline.open_segment.size_bytes
        head_bytes = len(timeline.open_segment.parts[0].data) - 20
        timeline.append([*small[:19], (bytes(size_bytes - made_bytes - head_bytes - 19), 960)], BEGAN_AT)
    return timeline


def test_four_mebibytes_are_kept_and_a_byte_more_sends_off_the_oldest() -> None:
    quarter = MAX_BYTES // 4
    exact = filled([quarter] * 4)
    assert [segment.size_bytes for segment in exact.segments] == [quarter] * 4
    assert [segment.number for segment in filled([quarter] * 3 + [quarter + 1]).segments] == [
        FIRST + 1,
        FIRST + 2,
        FIRST + 3,
    ]


def test_the_newest_segment_stays_however_large_it_is() -> None:
    timeline = filled([MAX_BYTES + 1])
    assert [segment.number for segment in timeline.segments] == [FIRST]
    timeline = filled([MAX_BYTES + 1, MAX_BYTES + 2])
    assert [segment.number for segment in timeline.segments] == [FIRST + 1]


def test_times_wait_for_eight_segments_before_they_follow_audio_that_has_become_late(feed: Feed) -> None:
    # Six seconds that came in time, all at once: each of their segments counts, not the first alone.
    feed.timeline.append([(b"x", 960)] * 300, BEGAN_AT + 6)
    feed.now = BEGAN_AT + 6 + 3
    feed.seconds(2 * 12)
    began = [segment.began_at - BEGAN_AT for segment in feed.timeline.segments]
    waited = 3 + CLOCK_SEGMENTS
    assert began[:waited] == pytest.approx([2.0 * place for place in range(waited)])
    late = [at - 2.0 * place for place, at in enumerate(began)][waited:]
    steps = [CLOCK_STEP_SECONDS * step for step in range(1, len(late) + 1)]
    assert late == pytest.approx(steps, abs=0.0001)


def test_what_counts_is_the_packet_that_came_soonest_wherever_in_a_part_it_is(feed: Feed) -> None:
    # The network holds back the first fifteen packets of each part; the last five come in time.
    for part in range(5 * 20):
        began_at = BEGAN_AT + part * 0.4
        for number in range(20):
            made = began_at + (number + 1) * 0.02
            feed.timeline.append([(b"x", 960)], max(made, began_at + 0.3))
    late = [segment.began_at - BEGAN_AT - 2 * place for place, segment in enumerate(feed.timeline.segments)]
    assert late[0] == pytest.approx(0.28)
    assert late[15:] == pytest.approx([0.0] * 5, abs=0.001)


def test_how_late_audio_came_before_a_cut_says_nothing_of_what_comes_after_it(feed: Feed) -> None:
    feed.seconds(2)
    feed.now -= 1  # what was late at first comes in time from then on
    feed.seconds(2)
    feed.timeline.start_bitstream(MONO)
    feed.now += 60
    cut_at = feed.now
    feed.seconds(4)
    began = [segment.began_at for segment in feed.timeline.segments]
    assert began == pytest.approx(
        [BEGAN_AT, BEGAN_AT + 2 - CLOCK_STEP_SECONDS, cut_at, cut_at + 2], abs=0.001
    )


def test_a_segment_is_its_parts() -> None:
    segment = Segment(7, init=0, is_cut=False, cuts=0)
    assert (segment.samples, segment.data, segment.size_bytes) == (0, b"", 0)
    segment.parts += [Part(b"abc", 960), Part(b"de", 480)]
    assert (segment.samples, segment.data, segment.size_bytes) == (1440, b"abcde", 5)
