"""A loop file: what may be one, and how it is heard while a stream has no source."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from audiocast.stream.errors import BroadcastEnded
from audiocast.stream.hub_state import HubState
from audiocast.stream.standby import loop_file
from audiocast.stream.standby.loop_file import LoopError, LoopFile, loop_names, read_loop
from audiocast.stream.standby.loop_player import LoopPlayer
from audiocast.stream.standby.rank import LOOP_PRIORITY
from audiocast.stream.standby.standby import AWAY_SECONDS
from tests.unit.stream.audio import PACKET_SECONDS, STEREO, TAGS, body, number_of, timed
from tests.unit.stream.hub_harness import LIMITS, HubHarness
from tests.unit.stream.standby.encoders import MAKER_FACTOR, Encoder, holes, makers

RETURN_SECONDS = 0.5
MAIN, BACKUP = 0, 3
LOOP = LOOP_PRIORITY
LOOP_PACKETS = 13
TURNS = 200

FILE = LoopFile(STEREO, TAGS, timed([LOOP * MAKER_FACTOR + number for number in range(LOOP_PACKETS)]))


@pytest.fixture
def harness() -> HubHarness:
    harness = HubHarness(replace(LIMITS, return_seconds=RETURN_SECONDS))
    harness.hub.standbys.set_loop(LoopPlayer(harness.hub, FILE, harness.clock))
    return harness


def seconds_of(packets: list[bytes]) -> float:
    return len(packets) * PACKET_SECONDS


class TestHeard:
    @pytest.mark.usefixtures("untraced")
    @pytest.mark.parametrize("is_lost", [True, False])
    def test_it_goes_round_from_its_beginning_while_there_is_no_source(
        self, harness: HubHarness, is_lost: bool
    ) -> None:
        main = Encoder(harness, MAIN).connect()
        harness.clock.advance(0.511)
        sink = harness.listen()
        if is_lost:
            main.leave()
        else:
            main.is_silent = True
        # Longer than any grace.
        harness.clock.advance(100)
        assert harness.hub.state is HubState.LIVE
        assert harness.hub.describe().source_priority == LOOP
        packets = harness.heard(sink).packets
        assert makers(packets) == [MAIN, LOOP]
        assert harness.counters.silence_seconds == 0
        loop = [number_of(each) % MAKER_FACTOR for each in packets if number_of(each) >= LOOP * MAKER_FACTOR]
        assert loop == [(loop[0] + number) % LOOP_PACKETS for number in range(len(loop))]
        if is_lost:
            assert loop[0] == 0
        # In real time, and nothing is missing where it begins.
        assert seconds_of(packets) == pytest.approx(100.5, abs=2 * PACKET_SECONDS)

    def test_a_source_that_comes_back_is_heard_when_it_is_good(self, harness: HubHarness) -> None:
        main = Encoder(harness, MAIN).connect()
        harness.clock.advance(0.5)
        sink = harness.listen()
        for _ in range(3):
            main.leave()
            harness.clock.advance(1)
            assert not main.is_heard
            main.connect()
            harness.clock.advance(RETURN_SECONDS + 0.1)
            assert main.is_heard
        packets = harness.heard(sink).packets
        assert makers(packets) == [MAIN, LOOP] * 3 + [MAIN]
        assert (len(harness.hub.standbys), harness.counters.standbys, harness.counters.sources) == (0, 0, 1)
        # Each time from its beginning.
        firsts = [
            number_of(after) % MAKER_FACTOR
            for before, after in pairwise(packets)
            if number_of(before) < MAKER_FACTOR <= LOOP * MAKER_FACTOR <= number_of(after)
        ]
        assert firsts == [0, 0, 0]

    def test_a_backup_is_better(self, harness: HubHarness) -> None:
        main, backup = (Encoder(harness, priority).connect() for priority in (MAIN, BACKUP))
        harness.clock.advance(0.5)
        main.leave()
        harness.clock.advance(1)
        assert backup.is_heard
        backup.leave()
        harness.clock.advance(1)
        assert harness.hub.describe().source_priority == LOOP

    def test_the_broadcaster_ends_it(self, harness: HubHarness) -> None:
        main = Encoder(harness, MAIN).connect()
        harness.clock.advance(0.5)
        main.leave()
        harness.clock.advance(1)
        harness.hub.end(BroadcastEnded("over"))
        harness.clock.advance(5)
        assert harness.hub.state is HubState.ENDED
        assert (harness.clock.due, harness.counters.sources) == (0, 0)

    def test_it_makes_room_for_a_broadcaster_when_nobody_listens(self, harness: HubHarness) -> None:
        main = Encoder(harness, MAIN).connect()
        harness.clock.advance(0.5)
        assert not harness.hub.is_spare
        main.leave()
        harness.clock.advance(1)
        assert harness.hub.is_spare
        harness.listen()
        assert not harness.hub.is_spare

    @pytest.mark.usefixtures("untraced")
    def test_two_hundred_times(self, harness: HubHarness) -> None:
        """Live, backup, loop, live, at any moment, without a hole and without an end."""
        chance = random.Random(5)
        main, backup = (Encoder(harness, priority).connect() for priority in (MAIN, BACKUP))
        harness.clock.advance(0.5)
        sink = harness.listen()
        began_at = harness.clock.time()
        for _ in range(TURNS):
            for encoder, heard_next in ((main, BACKUP), (backup, LOOP)):
                if chance.random() < 0.5:
                    encoder.leave()
                else:
                    encoder.is_silent = True
                harness.clock.advance(AWAY_SECONDS + 0.15 + chance.random() * 0.3)
                assert harness.hub.describe().source_priority == heard_next
            for encoder in (main, backup):
                encoder.is_silent = False
                if encoder.source is None:
                    encoder.connect()
                harness.clock.advance(chance.random() * 0.1)
            harness.clock.advance(RETURN_SECONDS + 0.1)
            assert main.is_heard
        packets = harness.heard(sink).packets
        heard = makers(packets)
        # Whoever was good a moment earlier comes back first.
        heard = [maker for before, maker in pairwise([MAIN, *heard]) if (before, maker) != (LOOP, BACKUP)]
        assert heard == [MAIN, BACKUP, LOOP] * TURNS + [MAIN]
        assert not sink.closed
        assert harness.counters.silence_seconds == 0
        live = [each for each in packets if number_of(each) < LOOP * MAKER_FACTOR]
        steps = [hole for hole in holes(packets) if -1 < hole < 1]
        assert max(map(abs, steps)) <= 0.020
        assert live
        # As much as time has passed, and what the listener got at once at first: no hole anywhere.
        passed = harness.clock.time() - began_at + 0.5
        assert seconds_of(packets) == pytest.approx(passed, abs=1)


class TestFiles:
    def test_what_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "jingle.opus").write_bytes(body(range(50)))
        found = read_loop(str(tmp_path), "jingle.opus")
        assert [number_of(packet) for packet, _ in found.packets] == list(range(50))
        assert {samples for _, samples in found.packets} == {960}
        assert found.opus_head == STEREO

    def test_which_names_there_are(self, tmp_path: Path) -> None:
        for name in ("b.opus", "a.opus", "c.mp3", ".hidden.opus"):
            (tmp_path / name).touch()
        assert loop_names(str(tmp_path)) == ["a.opus", "b.opus"]
        assert loop_names(str(tmp_path / "none")) == []

    @pytest.mark.parametrize(
        "name", ["../a.opus", "/etc/passwd", "a/b.opus", "..opus", "", "a.opus\n", "a.mp3"]
    )
    def test_names_lead_nowhere_else(self, tmp_path: Path, name: str) -> None:
        (tmp_path.parent / "a.opus").write_bytes(body(range(5)))
        with pytest.raises(LoopError, match="expected a file in FALLBACK_FOLDER"):
            read_loop(str(tmp_path), name)

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "expected Ogg Opus with audio"),
            (b"ID3" + bytes(100), "encode it anew"),
            (body([]), "expected Ogg Opus with audio"),
            (body(range(5)) + body(range(5), serial=8), "join them into one"),
            (body(range(5))[:-100], ""),
        ],
    )
    def test_what_cannot_be_played_says_why(self, tmp_path: Path, data: bytes, said: str) -> None:
        (tmp_path / "a.opus").write_bytes(data)
        if not said:
            assert len(read_loop(str(tmp_path), "a.opus").packets) == 3
            return
        with pytest.raises(LoopError, match=said):
            read_loop(str(tmp_path), "a.opus")

    def test_it_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop_file, "MAX_FILE_BYTES", 1_000)
        (tmp_path / "a.opus").write_bytes(body(range(100)))
        with pytest.raises(LoopError, match="expected at most"):
            read_loop(str(tmp_path), "a.opus")
        with pytest.raises(LoopError, match="put it into FALLBACK_FOLDER"):
            read_loop(str(tmp_path), "b.opus")
