"""Packets to parts and segments: where they are cut, what they are called, and how many there are."""

import pytest

from audiocast.hls.timeline import (
    CLOCK_SEGMENTS,
    CLOCK_STEP_SECONDS,
    EPOCH_UNIX_SECONDS,
    KEPT_SEGMENTS,
    LISTED_SEGMENTS,
    MAX_BYTES,
    MAX_PART_BYTES,
)
from tests.support.audio.mp4_boxes import fragments, opus_specific
from tests.unit.hls.feed import BEGAN_AT, FIRST, MONO, STEREO, Feed


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
    assert feed.timeline.append([(bytes(MAX_PART_BYTES), 960)], BEGAN_AT) is False
    assert feed.timeline.append([(b"x", 960)], BEGAN_AT) is True


def test_bytes_are_counted_down_as_segments_go(feed: Feed) -> None:
    # Twice over the bound in small steps: what is gone makes room again, so many segments stay.
    for _ in range(40):
        feed.packets(100, size_bytes=2_500)
    kept = len(feed.timeline.segments)
    assert kept == MAX_BYTES // feed.timeline.segments[-1].size_bytes
