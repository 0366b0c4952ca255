"""Sessions end at their end, or when their token is revoked, and one timer waits for all of a stream."""

import pytest

from audiocast.stream.access.listen_sessions import LOOK_SECONDS, MIN_SWEPT, ListenSessions
from audiocast.stream.access.listen_tokens import ListenClaims
from tests.support.clock.fake_clock import FakeClock


class FakeSession:
    def __init__(self) -> None:
        self.is_open = True
        self.ended: list[bool] = []

    def end_session(self, *, is_revoked: bool) -> None:
        self.is_open = False
        self.ended.append(is_revoked)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sessions(clock: FakeClock) -> ListenSessions:
    return ListenSessions(clock, clock.time)


def added(sessions: ListenSessions, claims: ListenClaims) -> FakeSession:
    session = FakeSession()
    sessions.add(session, claims)
    return session


def test_each_ends_at_its_own_end(clock: FakeClock, sessions: ListenSessions) -> None:
    long = added(sessions, ListenClaims(session_seconds=20))
    short = added(sessions, ListenClaims(session_seconds=5))
    endless = added(sessions, ListenClaims())
    clock.advance(4.9)
    assert short.ended == []
    clock.advance(0.2)
    assert (short.ended, long.ended) == ([False], [])
    clock.advance(15)
    assert long.ended == [False]
    clock.advance(1000)
    assert endless.ended == []
    assert endless in sessions
    assert len(sessions) == 1


def test_one_beyond_the_longest_look_ends_in_time(clock: FakeClock, sessions: ListenSessions) -> None:
    session = added(sessions, ListenClaims(session_seconds=int(3 * LOOK_SECONDS)))
    clock.advance(3 * LOOK_SECONDS - 1)
    assert session.ended == []
    clock.advance(2)
    assert session.ended == [False]


def test_a_session_s_own_end_is_a_moment(clock: FakeClock, sessions: ListenSessions) -> None:
    session = added(sessions, ListenClaims(expires_at=int(clock.time()) + 3, is_session=True))
    clock.advance(4)
    assert session.ended == [False]


def test_what_was_made_before_a_revocation_ends_and_nothing_else(sessions: ListenSessions) -> None:
    older, same, newer = (added(sessions, ListenClaims(made_at_ms=at)) for at in (9, 10, 11))
    sessions.revoke_before(10)
    assert (older.ended, same.ended, newer.ended) == ([True], [], [])
    sessions.revoke_before(10)
    assert older.ended == [True]


def test_one_that_has_left_is_not_ended(clock: FakeClock, sessions: ListenSessions) -> None:
    gone = added(sessions, ListenClaims(session_seconds=5))
    gone.is_open = False
    clock.advance(6)
    assert gone.ended == []
    assert len(sessions) == 0


def test_those_that_have_left_take_no_memory(sessions: ListenSessions) -> None:
    stays = added(sessions, ListenClaims())
    for _ in range(10 * MIN_SWEPT):
        added(sessions, ListenClaims()).is_open = False
    assert len(sessions) <= 2 * MIN_SWEPT
    assert stays in sessions
