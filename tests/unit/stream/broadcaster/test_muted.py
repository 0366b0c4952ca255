"""A broadcaster mutes the sound and changes the title while the stream is on."""

import pytest

from audiocast.stream.broadcaster.paced_value import PacedValue
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.errors import StreamEnded
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import is_numbered
from tests.unit.stream.hub_harness import HubHarness

MUTE, UNMUTE = StreamEdit(is_muted=True), StreamEdit(is_muted=False)


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


def test_listeners_get_as_much_silence_as_sound_was_muted(harness: HubHarness) -> None:
    broadcaster = harness.live(range(5))
    sink = harness.listen()
    harness.hub.edit(MUTE)
    assert harness.hub.describe().is_muted
    broadcaster.go_on(range(5, 60))
    harness.hub.edit(UNMUTE)
    broadcaster.go_on(range(60, 65))
    heard = harness.heard(sink)
    assert heard.numbers == [*range(5), *range(60, 65)]
    assert len(heard.packets) == 65
    silence = [packet for packet in heard.packets if not is_numbered(packet)]
    # An `<audio>` element starves on packets of three bytes.
    assert len(silence[0]) > 40
    assert not harness.hub.describe().is_muted


@pytest.mark.parametrize(("samples", "count"), [(120, 40), (480, 10), (1920, 5), (2880, 3)])
def test_packets_of_any_length_become_silence_of_the_same_length(
    harness: HubHarness, samples: int, count: int
) -> None:
    broadcaster = harness.live(range(5))
    sink = harness.listen()
    harness.hub.edit(MUTE)
    for _ in range(count):
        harness.hub.publish(broadcaster.source, None, [(b"\0", samples)], harness.clock.time())
    assert len(harness.heard(sink).packets) == 5 + samples * count // 960


def test_another_source_and_the_end_are_not_muted(harness: HubHarness) -> None:
    muted = harness.live(range(5))
    harness.hub.edit(MUTE)
    harness.live(range(5, 10))
    assert not harness.hub.is_muted
    harness.clock.advance(1)
    harness.hub.edit(MUTE)
    assert harness.hub.is_muted
    harness.hub.end(StreamEnded("over"))
    assert not harness.hub.is_muted
    assert harness.hub.muted_source is None
    assert muted.told


def test_what_has_no_source_is_not_muted(harness: HubHarness) -> None:
    harness.hub.edit(MUTE)
    harness.live()
    assert not harness.hub.is_muted


def test_the_title_is_cleaned_and_all_who_watch_are_told(harness: HubHarness) -> None:
    harness.live()
    before = harness.changes
    harness.hub.edit(StreamEdit(title=" two\nlines "))
    assert (harness.hub.title, harness.changes) == ("two lines", before + 1)
    assert not harness.hub.is_muted


def test_edits_of_one_second_become_one(harness: HubHarness) -> None:
    harness.live()
    settled: list[tuple[str, bool]] = []

    def note(name: str, edit: StreamEdit) -> StreamEdit:
        return harness.hub.edit(edit, lambda is_shown: settled.append((name, is_shown)))

    note("first", StreamEdit(title="A"))
    note("second", StreamEdit(title="B"))
    assert note("third", MUTE) == StreamEdit("B", is_muted=True)
    assert (harness.hub.title, harness.hub.is_muted) == ("A", False)
    harness.clock.advance(1)
    assert (harness.hub.title, harness.hub.is_muted) == ("B", True)
    assert settled == [("first", True), ("second", False), ("third", True)]
    # What was applied is not applied again with the next one.
    harness.hub.title = "C"
    harness.clock.advance(1)
    assert harness.hub.edit(UNMUTE) == UNMUTE
    assert harness.hub.title == "C"


def test_what_is_dropped_is_never_passed_on() -> None:
    clock, shown, settled = FakeClock(), list[int](), list[bool]()
    paced = PacedValue(clock, shown.append)
    paced.set(1)
    paced.set(2, settled.append)
    assert paced.waiting == 2
    paced.drop()
    clock.advance(5)
    assert (shown, settled, paced.waiting) == ([1], [False], None)


class TestLastBroadcast:
    def test_it_says_how_long_it_was_and_how_many_listened(self, harness: HubHarness) -> None:
        assert harness.hub.describe().last_broadcast is None
        harness.live()
        started_at = harness.hub.started_at
        for _ in range(3):
            harness.listen()
        harness.hub.note_listeners(7)
        harness.hub.note_listeners(4)
        assert harness.hub.describe().listener_peak == 7
        assert harness.hub.describe().last_broadcast is None
        harness.hub.end(StreamEnded("over"))
        last = harness.hub.describe().last_broadcast
        assert last is not None
        assert (last.started_at, last.listener_peak) == (started_at, 7)
        assert last.ended_at >= last.started_at
        # Nothing of it counts for the next one.
        harness.live()
        harness.listen()
        assert harness.hub.describe().listener_peak == 1
        assert harness.hub.describe().last_broadcast is None

    def test_who_was_never_on_has_none(self, harness: HubHarness) -> None:
        harness.hub.note_listeners(3)
        harness.hub.end(StreamEnded("over"))
        assert harness.hub.describe().last_broadcast is None

    def test_a_change_of_channels_is_the_same_broadcast(self, harness: HubHarness) -> None:
        from tests.unit.stream.audio import MONO, STEREO

        broadcaster = harness.broadcaster()
        broadcaster.begin([0], MONO)
        for _ in range(2):
            harness.listen()
        started_at = harness.hub.started_at
        broadcaster.begin([1], STEREO)
        assert (harness.hub.started_at, harness.hub.describe().listener_peak) == (started_at, 2)
