"""Which of several sources is heard: a splice in one bitstream each time, and no hole in it."""

import random
from dataclasses import replace

import pytest

from audiocast.stream.errors import BroadcastEnded, TakenOver
from audiocast.stream.hub_state import HubState
from audiocast.stream.standby.standby import AWAY_SECONDS, MAX_KEPT_SECONDS
from tests.unit.stream.audio import MONO, PACKET_SECONDS, STEREO
from tests.unit.stream.hub_harness import LIMITS, HubHarness
from tests.unit.stream.standby.encoders import Encoder, holes, lost_seconds, makers

RETURN_SECONDS = 0.5
MAX_HOLE_SECONDS = 0.020
TURNS = 200

MAIN, BACKUP, LAST = 0, 3, 9


@pytest.fixture
def harness() -> HubHarness:
    # Pages go out when they come.
    return HubHarness(replace(LIMITS, return_seconds=RETURN_SECONDS))


def on_air(harness: HubHarness, *priorities: int) -> list[Encoder]:
    encoders = []
    for priority in priorities:
        encoders.append(Encoder(harness, priority).connect())
        harness.clock.advance(0.507)
    return encoders


class TestWhoIsHeard:
    def test_the_worse_one_stands_by_and_is_told(self, harness: HubHarness) -> None:
        main, backup = on_air(harness, MAIN, BACKUP)
        assert (main.is_heard, backup.is_heard) == (True, False)
        assert (main.told, backup.told) == ([], [True])
        shown = harness.hub.describe()
        assert (shown.source_priority, shown.standby) == (MAIN, 1)
        assert (harness.counters.sources, harness.counters.standbys) == (1, 1)

    def test_the_newer_one_of_two_equals_wins(self, harness: HubHarness) -> None:
        first, second = on_air(harness, BACKUP, BACKUP)
        assert second.is_heard
        assert [type(each) for each in first.ended] == [TakenOver]

    def test_the_newer_one_of_two_equals_that_stand_by_wins(self, harness: HubHarness) -> None:
        main, first, second = on_air(harness, MAIN, BACKUP, BACKUP)
        assert main.is_heard
        assert [type(each) for each in first.ended] == [TakenOver]
        assert second.told == [True]
        assert (len(harness.hub.standbys), harness.counters.standbys) == (1, 1)

    def test_a_newer_key_wins_whatever_its_priority(self, harness: HubHarness) -> None:
        (main,) = on_air(harness, MAIN)
        newer = Encoder(harness, LAST, generation=2).connect()
        harness.clock.advance(0.1)
        assert newer.is_heard
        assert [type(each) for each in main.ended] == [TakenOver]

    def test_one_with_a_replaced_key_does_not_come_back(self, harness: HubHarness) -> None:
        main, backup = on_air(harness, MAIN, BACKUP)
        harness.hub.generation = 1
        main.leave()
        harness.clock.advance(1)
        assert harness.hub.source is None
        assert [type(each) for each in backup.ended] == [TakenOver]

    def test_the_end_of_the_stream_ends_all(self, harness: HubHarness) -> None:
        main, backup = on_air(harness, MAIN, BACKUP)
        harness.hub.end(BroadcastEnded("over"))
        harness.clock.settle()
        assert [type(each) for each in (*main.ended, *backup.ended)] == [BroadcastEnded] * 2
        assert (harness.counters.sources, harness.counters.standbys) == (0, 0)

    def test_the_best_of_those_that_stand_by_is_next(self, harness: HubHarness) -> None:
        main, last, backup = on_air(harness, MAIN, LAST, BACKUP)
        main.leave()
        harness.clock.advance(0.1)
        assert (last.is_heard, backup.is_heard) == (False, True)
        assert (last.told, backup.told) == ([True], [True, False])

    def test_one_that_leaves_stands_by_no_more(self, harness: HubHarness) -> None:
        main, backup = on_air(harness, MAIN, BACKUP)
        backup.leave()
        assert (len(harness.hub.standbys), harness.counters.standbys) == (0, 0)
        main.leave()
        harness.clock.advance(0.5)
        assert harness.hub.state is HubState.LIVE or harness.hub.source is None
        # Nothing is left that looks after sources: the gap's own timers are.
        harness.hub.end(BroadcastEnded("over"))
        harness.clock.settle()
        assert harness.clock.due == 0


class TestComingAndGoing:
    @pytest.mark.parametrize("seconds", [0.0, 0.003, 0.01, 0.0199])
    def test_when_the_better_one_is_lost_the_next_goes_on_where_it_ends(
        self, harness: HubHarness, seconds: float
    ) -> None:
        main, _ = on_air(harness, MAIN, BACKUP)
        sink = harness.listen()
        harness.clock.advance(0.2 + seconds)
        main.leave()
        harness.clock.advance(1)
        heard = harness.heard(sink)
        assert makers(heard.packets) == [MAIN, BACKUP]
        assert max(map(abs, holes(heard.packets))) <= MAX_HOLE_SECONDS
        assert harness.counters.silence_seconds == 0
        assert harness.counters.switches == {"away": 1}

    def test_when_the_better_one_is_silent_the_next_goes_on_where_it_ends(self, harness: HubHarness) -> None:
        main, backup = on_air(harness, MAIN, BACKUP)
        sink = harness.listen()
        main.is_silent = True
        harness.clock.advance(AWAY_SECONDS - PACKET_SECONDS)
        assert main.is_heard
        harness.clock.advance(0.1)
        assert backup.is_heard
        harness.clock.advance(5)
        heard = harness.heard(sink)
        assert makers(heard.packets) == [MAIN, BACKUP]
        assert max(map(abs, holes(heard.packets))) <= MAX_HOLE_SECONDS
        assert harness.counters.silence_seconds == 0
        # It is connected, and may come back.
        assert main.told == [True]
        assert main.ended == []

    def test_a_hiccup_is_no_reason(self, harness: HubHarness) -> None:
        main, _ = on_air(harness, MAIN, BACKUP)
        main.is_silent = True
        harness.clock.advance(0.2)
        main.is_silent = False
        harness.clock.advance(1)
        assert main.is_heard
        assert harness.counters.switches == {}

    def test_the_better_one_is_heard_again_when_it_was_good_for_long_enough(
        self, harness: HubHarness
    ) -> None:
        (backup,) = on_air(harness, BACKUP)
        sink = harness.listen()
        main = Encoder(harness, MAIN).connect()
        harness.clock.advance(RETURN_SECONDS)
        assert backup.is_heard
        main.is_silent = True
        harness.clock.advance(AWAY_SECONDS + 0.1)
        main.is_silent = False
        harness.clock.advance(RETURN_SECONDS - 0.1)
        assert backup.is_heard
        harness.clock.advance(0.2)
        assert main.is_heard
        assert backup.ended == []
        harness.clock.advance(1)
        heard = harness.heard(sink)
        assert makers(heard.packets) == [BACKUP, MAIN]
        assert max(map(abs, holes(heard.packets))) <= MAX_HOLE_SECONDS

    @pytest.mark.parametrize("seconds", [0.002, 0.012])
    def test_a_server_that_stood_still_takes_nobody_for_away(
        self, harness: HubHarness, seconds: float
    ) -> None:
        main, _ = on_air(harness, MAIN, BACKUP)
        # Now the one and now the other is read first.
        harness.clock.advance(seconds)
        harness.clock.skip(3.0)
        harness.clock.advance(1)
        assert main.is_heard
        assert harness.counters.switches == {}

    def test_what_was_filled_with_silence_is_not_heard_after_it(self, harness: HubHarness) -> None:
        (main,) = on_air(harness, MAIN)
        sink = harness.listen()
        main.leave()
        harness.clock.advance(2)
        Encoder(harness, BACKUP).connect()
        harness.clock.advance(1)
        heard = harness.heard(sink)
        assert makers(heard.packets) == [MAIN, BACKUP]
        seconds = sum(1 for _ in heard.packets) * PACKET_SECONDS
        assert seconds == pytest.approx(0.507 + 3, abs=0.13)

    def test_one_that_stood_by_silently_is_heard_from_where_the_silence_ends(
        self, harness: HubHarness
    ) -> None:
        (main,) = on_air(harness, MAIN)
        backup = Encoder(harness, BACKUP, packets_a_page=15).connect()
        harness.clock.advance(0.65)
        backup.is_silent = True
        harness.clock.advance(0.6)
        sink = harness.listen(preroll_seconds=0)
        began_at = harness.clock.time()
        main.leave()
        harness.clock.advance(2.05)
        backup.is_silent = False
        while not backup.is_heard:
            harness.clock.advance(0.01)
        seconds = len(harness.heard(sink).packets) * PACKET_SECONDS
        assert seconds == pytest.approx(harness.clock.time() - began_at, abs=0.1)

    def test_what_an_encoder_has_left_out_once_is_not_made_up_for(self, harness: HubHarness) -> None:
        (main,) = on_air(harness, MAIN)
        main.is_silent = True
        harness.clock.advance(1)
        main.is_silent = False
        harness.clock.advance(1)
        Encoder(harness, BACKUP).connect()
        harness.clock.advance(1.5)
        sink = harness.listen(preroll_seconds=0.1)
        main.leave()
        harness.clock.advance(1)
        packets = harness.heard(sink).packets
        assert makers(packets) == [MAIN, BACKUP]
        assert max(map(abs, holes(packets))) <= MAX_HOLE_SECONDS

    @pytest.mark.parametrize("packets_a_page", [5, 50, 300])
    def test_a_source_that_sends_much_at_once_is_heard_without_a_hole(
        self, harness: HubHarness, packets_a_page: int
    ) -> None:
        (main,) = on_air(harness, MAIN)
        backup = Encoder(harness, BACKUP, packets_a_page=packets_a_page).connect()
        page_seconds = packets_a_page * PACKET_SECONDS
        assert page_seconds < MAX_KEPT_SECONDS
        harness.clock.advance(2.4 * page_seconds + 0.011)
        sink = harness.listen(preroll_seconds=0.2)
        main.leave()
        harness.clock.advance(0.2)
        if page_seconds > 0.5:
            # It sends again in a while, and listeners have something until then.
            assert makers(harness.heard(sink).packets) == [MAIN, BACKUP]
        harness.clock.advance(3 * page_seconds)
        assert backup.is_heard
        heard = harness.heard(sink)
        assert makers(heard.packets) == [MAIN, BACKUP]
        assert harness.counters.silence_seconds == 0
        # What it has sent of this moment and later is heard at once.
        assert lost_seconds(heard.packets) <= MAX_HOLE_SECONDS

    def test_a_decoder_that_does_not_fit_begins_anew(self, harness: HubHarness) -> None:
        main = Encoder(harness, MAIN, head=MONO).connect()
        harness.clock.advance(0.5)
        Encoder(harness, BACKUP, head=STEREO).connect()
        harness.clock.advance(0.5)
        sink = harness.listen()
        main.leave()
        harness.clock.advance(0.5)
        assert sink.closed
        assert harness.hub.describe().channels == STEREO.channels


@pytest.mark.usefixtures("untraced")
def test_two_hundred_times(harness: HubHarness) -> None:
    """Live, backup, last resort, live, at any moment, without a hole and without an end."""
    chance = random.Random(20)
    main, backup, last = on_air(harness, MAIN, BACKUP, LAST)
    sink = harness.listen()

    def wait(seconds: float) -> None:
        harness.clock.advance(seconds + chance.random() * 0.3)

    for _ in range(TURNS):
        for encoder, heard_next in ((main, backup), (backup, last)):
            if chance.random() < 0.5:
                encoder.leave()
            else:
                encoder.is_silent = True
            wait(AWAY_SECONDS + PACKET_SECONDS)
            assert heard_next.is_heard
        came_first = chance.random() < 0.5
        for encoder in (main, backup) if came_first else (backup, main):
            encoder.is_silent = False
            if encoder.source is None:
                encoder.connect()
            wait(0.0)
        wait(RETURN_SECONDS + 0.7)
        assert main.is_heard
    heard = harness.heard(sink)
    assert not sink.closed
    assert harness.counters.silence_seconds == 0
    found = holes(heard.packets)
    assert len(found) >= 3 * TURNS
    assert max(map(abs, found)) <= MAX_HOLE_SECONDS
    assert lost_seconds(heard.packets) <= MAX_HOLE_SECONDS
    assert harness.hub.is_on
