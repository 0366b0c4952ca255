"""Links that whoever runs the servers says are revoked, beside those that a broadcaster revokes."""

from dataclasses import dataclass, field

import pytest

from audiocast.stream.access.listen_tokens import ListenClaims
from audiocast.stream.access.private_streams import PrivateStreams
from audiocast.stream.hub_state import HubLimits, Rule
from audiocast.stream.registry import Registry
from tests.support.clock.fake_clock import FakeClock


@dataclass(eq=False)
class HeldSession:
    """A session that remembers how it has ended."""

    ends: list[bool] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return not self.ends

    def end_session(self, *, is_revoked: bool) -> None:
        self.ends.append(is_revoked)


@pytest.fixture
def streams() -> Registry:
    return Registry(clock=FakeClock(), limits=HubLimits(), max_streams=4)


def test_what_is_said_is_taken_back_and_what_the_broadcaster_has_revoked_is_not() -> None:
    private = PrivateStreams()
    private.note("a", is_private=True)
    private.hold_revoked("a", 5000)
    private.revoke("a", 3000)
    assert private.revoked_at_ms("a") == 5000
    # Of what is said, other members hear by themselves.
    assert private.entries == {"a": 3000}
    private.note("a", is_private=True)
    assert private.entries == {"a": 3000}
    private.hold_revoked("a", 2000)
    assert private.revoked_at_ms("a") == 3000
    private.hold_revoked("a", 0)
    assert private.revoked_at_ms("a") == 3000


def test_it_makes_no_stream_private_and_lasts_when_one_is_no_more() -> None:
    private = PrivateStreams()
    private.hold_revoked("a", 5000)
    assert "a" not in private
    private.note("a", is_private=True)
    private.note("a", is_private=False)
    assert "a" not in private
    assert private.revoked_at_ms("a") == 5000


def test_so_many_are_kept_those_that_were_said_last() -> None:
    private = PrivateStreams(max_streams=2)
    for number, name in enumerate("abca", start=1):
        private.hold_revoked(name, number)
    assert [private.revoked_at_ms(name) for name in "abc"] == [4, 0, 3]


def test_a_rule_ends_what_older_links_have_opened_and_nothing_else(streams: Registry) -> None:
    hub = streams.open("a")
    old, new = HeldSession(), HeldSession()
    hub.listen_sessions.add(old, ListenClaims(made_at_ms=4999))
    hub.listen_sessions.add(new, ListenClaims(made_at_ms=5000))
    streams.hold_to("a", Rule(links_revoked_at_ms=5000))
    assert (old.ends, new.ends) == ([True], [])
    # The file is older than what was told.
    streams.hold_to("a", Rule(links_revoked_at_ms=9000), is_told=False)
    assert streams.private_streams.revoked_at_ms("a") == 5000
    streams.hold_to("b", Rule(links_revoked_at_ms=9000), is_told=False)
    assert streams.private_streams.revoked_at_ms("b") == 9000
    streams.hold_to("b", Rule(), is_told=False)
    assert streams.private_streams.revoked_at_ms("b") == 0
