"""Audio that comes in bursts: time is that of the audio, and not of its arrival."""

import pytest

from audiocast.stream.counters import Histogram
from audiocast.stream.hub_state import HubState
from audiocast.stream.standby.arrivals import Arrivals
from tests.unit.stream.audio import MONO, STEREO, body, packet
from tests.unit.stream.hub_harness import ACTIVE_SECONDS, HubHarness


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


@pytest.mark.parametrize("burst_seconds", [0.1, 1, 2, 4, 6, 10])
def test_what_comes_at_once_is_used_up_before_silence_is_made(
    harness: HubHarness, burst_seconds: float
) -> None:
    source = harness.live().source
    for _ in range(10):
        for _ in range(round(burst_seconds / 0.02)):
            harness.hub.publish(source, None, [(packet(1), 960)], harness.clock.time())
        harness.clock.advance(burst_seconds)
    assert harness.counters.silence_seconds == 0
    assert harness.counters.source_gaps == 0
    assert harness.hub.state is HubState.LIVE
    shown = harness.hub.describe()
    assert shown.burst_seconds == pytest.approx(burst_seconds if burst_seconds > 0.25 else 0.02)
    assert shown.page_seconds == 0.02


def test_pages_of_five_seconds_are_no_gaps(harness: HubHarness) -> None:
    source = harness.live().source
    for _ in range(10):
        harness.clock.advance(5.1)
        harness.hub.publish(source, None, [(packet(1), 960)] * 255, harness.clock.time())
    assert harness.counters.source_gaps == 1, "that before the first of them"
    assert harness.hub.describe().burst_seconds == pytest.approx(5.1)


def test_listeners_hear_as_much_as_the_clock_says_when_a_burst_stays_away(harness: HubHarness) -> None:
    source = harness.live().source
    sink = harness.listen()
    for _ in range(300):
        harness.hub.publish(source, None, [(packet(1), 960)], harness.clock.time())
    harness.clock.advance(6)
    assert harness.counters.silence_seconds == 0
    harness.clock.advance(ACTIVE_SECONDS + 5)
    assert harness.hub.state is HubState.HELD
    assert len(harness.heard(sink).packets) * 0.02 == pytest.approx(11, abs=0.2)


def test_what_was_sent_in_advance_long_ago_is_not_in_hand(harness: HubHarness) -> None:
    broadcaster = harness.live(range(250))
    broadcaster.go_on([1] * round(40 / 0.02))
    harness.clock.advance(ACTIVE_SECONDS + 0.1)
    assert harness.hub.state is HubState.HELD
    assert harness.hub.describe().burst_seconds == 0.02


def test_a_network_that_stuttered_once_is_forgotten(harness: HubHarness) -> None:
    broadcaster = harness.live()
    harness.clock.advance(2)
    for _ in range(100):
        harness.hub.publish(broadcaster.source, None, [(packet(1), 960)], harness.clock.time())
    assert harness.hub.describe().burst_seconds == pytest.approx(2)
    changes = harness.changes
    broadcaster.go_on([1] * round(35 / 0.02))
    assert harness.hub.describe().burst_seconds == 0.02
    assert harness.changes == changes + 1, "pages are told of it"


def test_a_whole_evening_at_once_is_not_in_hand(harness: HubHarness) -> None:
    source = harness.live().source
    harness.hub.publish(source, None, [(packet(1), 960)] * 10_000, harness.clock.time())
    harness.clock.advance(30 + ACTIVE_SECONDS - 0.1)
    assert harness.hub.state is HubState.LIVE
    harness.clock.advance(0.1)
    assert harness.hub.state is HubState.HELD


def test_a_gap_before_another_decoder_is_no_burst(harness: HubHarness) -> None:
    broadcaster = harness.broadcaster()
    broadcaster.begin([0], MONO)
    harness.clock.advance(20)
    assert harness.hub.state is HubState.HELD
    broadcaster.begin([1], STEREO)
    broadcaster.go_on([2])
    assert harness.hub.describe().burst_seconds == 0.02


def test_the_next_track_is_no_page(harness: HubHarness) -> None:
    broadcaster = harness.broadcaster()
    broadcaster.send(body(range(60), packets_a_page=50))
    told: list[float | None] = []
    harness.hub.on_change.add(lambda: told.append(harness.hub.describe().page_seconds))
    broadcaster.send(body(range(60, 110), serial=8, packets_a_page=50))
    assert told == [1.0]


def arrivals(*pages: tuple[float, float]) -> Arrivals:
    """Count pages: when each came, and how much audio is on it."""
    counted = Arrivals(0.0)
    for at, seconds in pages:
        counted.note(at, seconds)
    return counted


# A second each second; the one of second 4 comes with that of second 5, so two are needed in hand.
STUTTER = [(second, 1.0) for second in (1, 2, 3, 5, 5)]


def test_nothing_is_known_before_the_first_page() -> None:
    none = arrivals()
    assert (none.page_seconds, none.burst_seconds, none.used_up_at, none.last_at) == (0, 0, 0, 0)
    assert not none.has_new_burst()


def test_a_stutter_is_looked_back_on_for_two_spans_of_fifteen_seconds() -> None:
    told = [arrivals(*STUTTER, *[(second, 1.0) for second in range(6, end)]) for end in (7, 15, 16, 30, 31)]
    assert [each.burst_seconds for each in told] == [2, 2, 2, 2, 1]
    assert [each.last_at for each in told] == [6, 14, 15, 29, 30]


def test_what_is_in_hand_is_what_came_above_the_lowest_point() -> None:
    # Half a second each half second; then two at once: they are half a second in hand.
    early = arrivals((0.5, 0.5), (1.0, 0.5), (1.0, 0.5))
    assert early.used_up_at == 2.0
    early.restart(1.25)
    assert early.used_up_at == 2.0, "it stays in hand when another source begins"
    assert (early.page_seconds, early.burst_seconds) == (0, 0), "and nothing is known of how its audio comes"
    early.restart(5.0)
    assert early.used_up_at == 5.0, "when all is used up nothing is"


def test_only_a_quarter_of_a_second_more_than_a_page_is_a_burst() -> None:
    assert arrivals((0.75, 0.5)).burst_seconds == 0.5
    assert arrivals((0.875, 0.5)).burst_seconds == 0.875


def test_only_another_quarter_of_a_second_is_news() -> None:
    counted = arrivals((0.25, 0.25))
    assert not counted.has_new_burst()
    counted = arrivals((0.5, 0.5))
    assert [counted.has_new_burst(), counted.has_new_burst()] == [True, False]
    counted.note(1.25, 0.75)
    counted.note(2.0, 0.75)
    assert not counted.has_new_burst(), "0.75 s instead of 0.5"
    counted.note(3.0, 1.0)
    assert counted.has_new_burst()


def observed(histogram: Histogram) -> tuple[float, float]:
    """Return sum and number of what was observed."""
    return histogram.sum, histogram.cumulative()[-1][1]


def test_jitter_is_how_far_audio_is_from_when_it_should_come(harness: HubHarness) -> None:
    broadcaster = harness.live()
    jitter = harness.counters.jitter
    before = observed(jitter)
    harness.clock.advance(0.05)
    broadcaster.go_on([1])
    harness.hub.publish(broadcaster.source, None, [(packet(2), 960)], harness.clock.time())
    broadcaster.go_on([3])
    # 50 ms late, and then, for two pages at once, 20 ms early.
    assert observed(jitter) == (pytest.approx(before[0] + 0.07), before[1] + 2)


def test_pages_that_are_read_together_are_no_jitter(harness: HubHarness) -> None:
    broadcaster = harness.live(range(5))
    jitter = harness.counters.jitter
    before = observed(jitter)
    for first in range(5, 55, 5):
        harness.clock.advance(0.1 - 4 * 0.0001)
        for number in range(first, first + 5):
            harness.hub.publish(broadcaster.source, None, [(packet(number), 960)], harness.clock.time())
            harness.clock.skip(0.0001)
    assert observed(jitter) == (pytest.approx(before[0], abs=0.01), before[1] + 10)
