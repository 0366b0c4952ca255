"""Taps: each gets all audio of a stream, what was there before too, until it leaves."""

from collections.abc import Sequence

import pytest

from audiocast.ogg.headers import OpusHead
from audiocast.stream.errors import ShuttingDown, StreamEnded
from audiocast.stream.muxer import TimedPacket
from tests.unit.stream.audio import MONO, STEREO, number_of, packet, timed
from tests.unit.stream.hub_harness import GRACE_SECONDS, HubHarness


class FakeTap:
    """Fits `audiocast.stream.tap.Tap`.

    Attributes:
        got: The bitstreams and packets, as far as they have numbers, in order.
        arrivals: When the packets of each call arrived.
        silence: How many packets without a number came.
    """

    def __init__(self) -> None:
        self.got: list[OpusHead | int | str] = []
        self.arrivals: list[float] = []
        self.silence = 0

    def start_bitstream(self, opus_head: OpusHead) -> None:
        self.got.append(opus_head)

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        # Ours have a size of their own; the last packet of a bitstream is the shortest silence.
        ours = [data for data, _ in packets if len(data) == len(packet(0))]
        self.got += [number_of(data) for data in ours]
        self.silence += len(packets) - len(ours)
        self.arrivals.append(arrived_at)

    def end(self) -> None:
        self.got.append("end")


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


def taps(harness: HubHarness, count: int = 2) -> list[FakeTap]:
    opened = [FakeTap() for _ in range(count)]
    for tap in opened:
        harness.hub.open_tap(tap)
    return opened


def test_each_gets_what_the_backlog_holds_and_then_what_comes(harness: HubHarness) -> None:
    broadcaster = harness.live(range(10))
    opened = taps(harness)
    broadcaster.go_on(range(10, 20))
    assert [tap.got for tap in opened] == [[STEREO, *range(20)]] * 2
    assert opened[0].arrivals[-1] == harness.clock.time()


def test_before_the_first_audio_there_is_nothing_to_get(harness: HubHarness) -> None:
    (tap,) = taps(harness, 1)
    assert tap.got == []
    harness.live(range(3))
    assert tap.got == [STEREO, 0, 1, 2]


def test_each_hears_of_another_decoder_and_of_the_end(harness: HubHarness) -> None:
    harness.broadcaster().begin(range(2), head=MONO)
    opened = taps(harness)
    harness.broadcaster().begin(range(2, 4))
    harness.hub.end(StreamEnded("over"))
    assert [tap.got for tap in opened] == [[MONO, 0, 1, STEREO, 2, 3, "end"]] * 2


def test_a_server_that_stops_is_no_end_of_the_stream(harness: HubHarness) -> None:
    harness.live(range(2))
    (tap,) = taps(harness, 1)
    harness.hub.end(ShuttingDown("the server stops"))
    assert tap.got == [STEREO, 0, 1]


def test_each_gets_silence_while_the_source_is_away(harness: HubHarness) -> None:
    broadcaster = harness.live(range(2))
    opened = taps(harness)
    broadcaster.leave()
    harness.clock.advance(5)
    assert [tap.silence * 0.02 for tap in opened] == [pytest.approx(5, abs=0.2)] * 2
    harness.clock.advance(GRACE_SECONDS)
    assert [tap.got[-1] for tap in opened] == ["end"] * 2


def test_who_has_left_gets_nothing_more(harness: HubHarness) -> None:
    broadcaster = harness.live(range(2))
    stays, leaves = taps(harness)
    harness.hub.close_tap(leaves)
    broadcaster.go_on([2])
    harness.hub.end(StreamEnded("over"))
    assert stays.got == [STEREO, 0, 1, 2, "end"]
    assert leaves.got == [STEREO, 0, 1]
    assert harness.hub.is_wanted
    harness.hub.close_tap(stays)
    assert not harness.hub.is_wanted


def test_what_came_at_once_was_made_before_it_came(harness: HubHarness) -> None:
    broadcaster = harness.live([])
    harness.clock.advance(1)
    broadcaster.begin([0])
    harness.hub.publish(broadcaster.source, None, timed(range(1, 51)), harness.clock.time())
    (tap,) = taps(harness, 1)
    now = harness.clock.time()
    assert tap.arrivals[-1] == pytest.approx(now)
    assert tap.arrivals[0] == pytest.approx(now - 1.0)
