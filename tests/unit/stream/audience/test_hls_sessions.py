"""Listens as HLS: a session from its first playlist to its last request, and a minute to be sure of it."""

import pytest

from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.hls_sessions import IDLE_SECONDS, HlsSession, HlsSessions
from audiocast.stream.audience.listen import ListenRecord, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.counters import Counters
from tests.support.clock.fake_clock import FakeClock

ANNA = Who("192.0.2.1", "VLC/3.0")
BERT = Who("192.0.2.1", "Firefox/140")


class Players:
    """Sessions, and what was released and recorded."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.counters = Counters()
        self.audience = Audience(self.clock, self.clock.time)
        self.records: list[ListenRecord] = []
        self.audience.on_record = self.records.append
        self.is_leaving = False
        self.sessions = HlsSessions(
            self.audience, self.clock, self.counters, is_leaving=lambda: self.is_leaving
        )
        self.released: list[Who] = []

    def play(self, who: Who, size_bytes: int = 10) -> None:
        self.sessions.note("s", who, size_bytes, release=lambda: self.released.append(who))

    def ask(self, who: Who, *, says_end: bool) -> HlsSession | None:
        """Get a playlist."""
        return self.sessions.note("s", who, 10, release=lambda: None, says_end=says_end)

    def fetch(self, who: Who, size_bytes: int = 10) -> None:
        self.sessions.note("s", who, size_bytes)


@pytest.fixture
def players() -> Players:
    return Players()


def test_a_session_lasts_to_its_last_request(players: Players) -> None:
    players.play(ANNA)
    for _ in range(10):
        players.clock.advance(2)
        players.fetch(ANNA, 100)
    assert players.counters.hls_sessions == players.counters.hls_listeners["s"] == 1
    assert players.audience.seconds_by_way()[Way.HLS] == pytest.approx(20)
    players.clock.advance(IDLE_SECONDS + 1)
    (record,) = players.records
    assert (record.way, record.who, record.end) == (Way.HLS, ANNA, ListenEnd.LEFT)
    assert record.seconds == pytest.approx(20)
    assert record.ended_at == pytest.approx(players.clock.time() - IDLE_SECONDS - 1)
    assert record.sent_bytes == 10 + 10 * 100
    assert players.released == [ANNA]
    assert players.counters.hls_sessions == 0
    assert not players.counters.hls_listeners
    assert players.audience.seconds_by_way()[Way.HLS] == pytest.approx(20)


def test_a_minute_without_a_request_ends_it_and_the_next_playlist_begins_another(players: Players) -> None:
    players.play(ANNA)
    players.clock.advance(IDLE_SECONDS - 1)
    players.play(ANNA)
    assert len(players.sessions) == 1
    # The place that the second request had asked for was not needed.
    assert players.released == [ANNA]
    players.clock.advance(IDLE_SECONDS + 1)
    players.play(ANNA)
    assert [each.seconds for each in players.records] == [pytest.approx(IDLE_SECONDS - 1)]
    assert len(players.sessions) == 1


def test_programs_of_one_address_are_apart(players: Players) -> None:
    players.play(ANNA)
    players.clock.advance(30)
    players.play(BERT)
    players.clock.advance(31)
    assert [each.who for each in players.records] == [ANNA]
    assert players.sessions.get("s", BERT) is not None
    players.clock.advance(30)
    assert [each.who for each in players.records] == [ANNA, BERT]
    assert players.clock.due == 0


def test_so_are_those_of_two_listen_links(players: Players) -> None:
    guest = ANNA._replace(link="2 guest")
    players.play(ANNA)
    players.sessions.note("s", guest, 10, label="guest", release=lambda: None)
    assert len(players.sessions) == 2
    players.clock.advance(IDLE_SECONDS + 1)
    assert [(each.who, each.label) for each in players.records] == [(ANNA, None), (guest, "guest")]


def test_who_gets_no_playlist_is_no_listener(players: Players) -> None:
    players.fetch(ANNA)
    assert len(players.sessions) == 0
    assert players.counters.hls_sessions == 0


def test_the_end_of_the_server_ends_all(players: Players) -> None:
    players.play(ANNA)
    players.play(BERT)
    players.sessions.stop()
    assert {each.end for each in players.records} == {ListenEnd.SERVER_STOPPED}
    assert players.released == [ANNA, BERT]
    players.clock.advance(2 * IDLE_SECONDS)
    assert len(players.records) == 2


def test_one_stream_can_end_alone(players: Players) -> None:
    players.play(ANNA)
    players.sessions.end_all(ListenEnd.REVOKED, "other")
    assert not players.records
    players.sessions.end_all(ListenEnd.REVOKED, "s")
    assert [each.end for each in players.records] == [ListenEnd.REVOKED]


def test_who_has_heard_the_end_has_not_left(players: Players) -> None:
    players.ask(ANNA, says_end=False)
    players.ask(BERT, says_end=False)
    players.ask(ANNA, says_end=True)
    # The rest of what was listed.
    players.fetch(ANNA)
    players.clock.advance(IDLE_SECONDS + 1)
    assert {each.who: each.end for each in players.records} == {
        ANNA: ListenEnd.STREAM_ENDED,
        BERT: ListenEnd.LEFT,
    }


def test_a_stream_that_goes_on_has_not_ended(players: Players) -> None:
    players.ask(ANNA, says_end=True)
    players.ask(ANNA, says_end=False)
    players.clock.advance(IDLE_SECONDS + 1)
    assert [each.end for each in players.records] == [ListenEnd.LEFT]


def test_who_asks_no_more_where_a_member_leaves_is_drained(players: Players) -> None:
    players.ask(ANNA, says_end=False)
    players.ask(BERT, says_end=True)
    players.is_leaving = True
    players.sessions.stop()
    assert [each.end for each in players.records] == [ListenEnd.DRAINED, ListenEnd.STREAM_ENDED]
    players.records.clear()
    players.ask(ANNA, says_end=False)
    players.clock.advance(IDLE_SECONDS + 1)
    assert [each.end for each in players.records] == [ListenEnd.DRAINED]
    # A drain that was undone is none.
    players.records.clear()
    players.ask(ANNA, says_end=False)
    players.is_leaving = False
    players.clock.advance(IDLE_SECONDS + 1)
    assert [each.end for each in players.records] == [ListenEnd.LEFT]


@pytest.mark.parametrize(("is_revoked", "end"), [(True, ListenEnd.REVOKED), (False, ListenEnd.SESSION_OVER)])
def test_a_session_ends_with_what_has_opened_it(players: Players, is_revoked: bool, end: ListenEnd) -> None:
    session = players.ask(ANNA, says_end=False)
    assert session is not None
    assert players.ask(ANNA, says_end=False) is None
    players.clock.advance(10)
    players.fetch(ANNA)
    players.clock.advance(10)
    session.end_session(is_revoked=is_revoked)
    assert not session.is_open
    assert [(each.end, each.seconds) for each in players.records] == [(end, pytest.approx(10))]
    assert players.counters.hls_sessions == 0
    players.clock.advance(2 * IDLE_SECONDS)
    assert len(players.records) == 1
