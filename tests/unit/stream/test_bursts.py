"""Audio that comes in bursts: time is that of the audio, and not of its arrival."""

import pytest

from audiocast.stream.gap import MAX_IN_HAND_SECONDS
from audiocast.stream.hub_state import HubState
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
    harness.clock.advance(MAX_IN_HAND_SECONDS + ACTIVE_SECONDS)
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
