"""The audience of a member: sums that never look at each listener, and the curve of a day."""

import math

import pytest

from audiocast.stream.audience import audience as audience_module
from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.curve import MINUTES, Curve
from audiocast.stream.audience.listen import NOBODY, Listen, ListenRecord, Way
from audiocast.stream.audience.listen_end import ListenEnd
from tests.support.clock.fake_clock import FakeClock

# A quarter of a minute after a full one.
BEGAN = 1_800_000_015.0


class Station:
    """An audience whose time of day goes with a clock that is turned by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.offset = BEGAN - self.clock.time()
        self.audience = Audience(self.clock, lambda: self.clock.time() + self.offset)
        self.records: list[ListenRecord] = []
        self.audience.on_record = self.records.append
        self.audience.start()

    def join(self, stream_id: str = "s", way: Way = Way.STREAM) -> Listen:
        listen = self.audience.listen(stream_id, way, NOBODY, aim_seconds=math.inf, label="guest")
        listen.start(self.clock.time())
        return listen

    def leave(self, listen: Listen, end: ListenEnd = ListenEnd.LEFT) -> None:
        listen.finish(end, self.clock.time(), 100)


@pytest.fixture
def station() -> Station:
    return Station()


def test_a_record_is_left(station: Station) -> None:
    listen = station.join(way=Way.PLAYER)
    station.clock.advance(12.5)
    station.leave(listen, ListenEnd.REVOKED)
    (record,) = station.records
    assert record == ListenRecord(
        stream_id="s",
        way=Way.PLAYER,
        who=NOBODY,
        aim_seconds=math.inf,
        label="guest",
        ended_at=BEGAN + 12.5,
        seconds=12.5,
        sent_bytes=100,
        end=ListenEnd.REVOKED,
    )
    assert station.audience.sessions[Way.PLAYER, ListenEnd.REVOKED] == 1


def test_seconds_grow_while_somebody_listens_and_never_become_less(station: Station) -> None:
    first = station.join()
    station.clock.advance(10)
    station.join()
    station.clock.advance(5)
    assert station.audience.seconds_by_way()[Way.STREAM] == pytest.approx(20)
    # It is found that the first one has left two seconds ago.
    first.finish(ListenEnd.LEFT, station.clock.time() - 2, 0)
    assert station.audience.seconds_by_way()[Way.STREAM] == pytest.approx(20)
    station.clock.advance(10)
    assert station.audience.seconds_by_way()[Way.STREAM] == pytest.approx(28)


def test_open_listens_are_told_by_stream_and_way(station: Station) -> None:
    station.join("a")
    station.clock.advance(3)
    station.join("a")
    station.join("b", Way.LIVE)
    station.clock.advance(1)
    groups = {(group.stream_id, group.way): group for group in station.audience.open_groups()}
    assert {key: group.listeners for key, group in groups.items()} == {
        ("a", Way.STREAM): 2,
        ("b", Way.LIVE): 1,
    }
    assert groups["a", Way.STREAM].seconds == pytest.approx(5)


def test_the_sums_are_those_of_the_records(station: Station) -> None:
    listens: list[Listen] = []
    for number in range(300):
        listens.append(station.join(f"s{number % 3}", list(Way)[number % 3]))
        station.clock.advance(0.7 + number % 7)
        if number % 4 == 3:
            station.leave(listens.pop(number % len(listens)))
    for listen in listens:
        station.leave(listen)
    assert len(station.records) == 300
    for way in Way:
        of_way = math.fsum(record.seconds for record in station.records if record.way is way)
        assert station.audience.seconds_by_way()[way] == pytest.approx(of_way, rel=1e-9)
    for number in range(3):
        of_stream = math.fsum(each.seconds for each in station.records if each.stream_id == f"s{number}")
        snapshot = station.audience.describe(f"s{number}")
        assert snapshot.now == 0
        assert snapshot.listened_seconds == pytest.approx(of_stream, rel=1e-5)


def test_what_nobody_has_ended_ends_with_the_server(station: Station) -> None:
    station.join()
    station.clock.advance(4)
    station.audience.stop(ListenEnd.SERVER_STOPPED)
    assert [(each.end, each.seconds) for each in station.records] == [(ListenEnd.SERVER_STOPPED, 4.0)]
    assert station.clock.due == 0


class TestCurve:
    def test_each_minute_has_its_mean(self, station: Station) -> None:
        listen = station.join()
        # 45 s of the first minute, then a whole one, then 30 s.
        station.clock.advance(45 + 60 + 30)
        station.leave(listen)
        station.clock.advance(30 + 60)
        snapshot = station.audience.describe("s")
        minute = int(BEGAN // 60)
        assert snapshot.curve == [(minute, 0.75), (minute + 1, 1.0), (minute + 2, 0.5), (minute + 3, 0.0)]
        assert snapshot.listened_seconds == pytest.approx(135)
        assert snapshot.since_minute == minute

    def test_the_peak_is_of_a_moment(self, station: Station) -> None:
        for listen in [station.join() for _ in range(5)]:
            station.leave(listen)
        assert station.audience.describe("s").peak == 5
        station.clock.advance(23 * 3600)
        assert station.audience.describe("s").peak == 5
        station.clock.advance(2 * 3600)
        assert station.audience.describe("s").peak == 0

    def test_a_day_is_kept_and_no_more(self, station: Station) -> None:
        listen = station.join()
        station.clock.advance(26 * 3600)
        snapshot = station.audience.describe("s")
        assert len(snapshot.curve) == MINUTES
        assert snapshot.listened_seconds == pytest.approx(86_400, rel=0.001)
        station.leave(listen)

    def test_a_stream_that_nobody_hears_for_a_day_is_forgotten(self, station: Station) -> None:
        station.leave(station.join())
        station.clock.advance(26 * 3600)
        assert not station.audience._streams

    def test_so_are_the_oldest_of_too_many(self, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience_module, "MAX_REMEMBERED", 3)
        heard = station.join("heard")
        for number in range(9):
            station.leave(station.join(f"s{number}"))
        assert len(station.audience._streams) == 3
        station.leave(heard)
        assert station.audience.describe("heard").peak == 1

    def test_a_clock_that_is_set_does_no_harm(self) -> None:
        curve = Curve()
        curve.append(100, 60)
        curve.append(50, 60)
        assert curve.points() == [(100, 2.0)]
        curve.append(1_000_000, 120)
        assert curve.points() == [(1_000_000, 2.0)]
        curve.append(1_000_002, 120)
        assert curve.points() == [(1_000_000, 2.0), (1_000_001, 1.0), (1_000_002, 1.0)]
        assert curve.listened_seconds == 240
