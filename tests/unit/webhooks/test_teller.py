"""What is told of streams, by whom and with which ids: a member, the next owner, and who is neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from audiocast.stream.errors import BroadcastEnded, ShuttingDown
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.now_playing import NowPlaying
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.registry import Registry
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.webhooks.broadcast_facts import BroadcastFacts
from audiocast.webhooks.event import Event
from audiocast.webhooks.teller import Teller
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import body, feed

STREAM = "news"


@dataclass
class Elsewhere:
    """What other members have told."""

    known: dict[str, BroadcastFacts] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)
    has_successor: bool = False

    def facts_of(self, stream_id: str) -> BroadcastFacts | None:
        return self.known.get(stream_id)

    def is_owned_elsewhere(self, stream_id: str) -> bool:
        return stream_id in self.owned

    def note_ended(self, stream_id: str, facts: BroadcastFacts) -> None:
        self.known[stream_id] = facts


class Member:
    """A member with one stream, on a clock that is turned by hand; it owns what a test says."""

    def __init__(self, known: Mapping[str, str] | None = None, *, is_alone: bool = False) -> None:
        self.is_alone = is_alone
        self.owned = {STREAM}
        self.told: list[Event] = []
        self.clock = FakeClock()
        self.streams = Registry(clock=self.clock, limits=HubLimits(grace_seconds=30), max_streams=10)
        self.elsewhere = Elsewhere()
        for stream_id, text in (known or {}).items():
            facts = BroadcastFacts.parse(text)
            assert facts is not None
            self.elsewhere.known[stream_id] = facts
        self.teller = Teller(self.streams, self, self.elsewhere, self.told.append, lambda _: None)
        self.streams.on_live.append(self.teller.note_live)
        self.hub = self.streams.open(STREAM, "News")

    def owns(self, stream_id: str) -> bool:
        return stream_id in self.owned and self.hub.is_on and self.hub.source is not None

    def source(self, source_id: SourceId | None = None) -> Source:
        """Connect a source and bring its first audio."""
        source = Source(
            self.hub,
            source_id=source_id or SourceId.new(newer_than=self.hub.source_id),
            rate_limit=RateLimit(max_kbps=0, lead_seconds=1, now=0),
            generation=0,
            dismiss=lambda error: None,
        )
        feed(source, body([0]), self.clock.time())
        self.teller.look_at_all()
        return source

    def advance(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.advance(0.5)
            self.teller.look_at_all()

    @property
    def types(self) -> list[str]:
        return [event.type.value for event in self.told]

    @property
    def ids(self) -> list[str]:
        return [event.event_id for event in self.told]


@pytest.fixture(params=[True, False], ids=["alone", "owner"])
def member(request: pytest.FixtureRequest) -> Member:
    return Member(is_alone=request.param)


def test_from_the_begin_through_a_gap_to_the_end(member: Member) -> None:
    first = member.source()
    assert member.types == ["stream.live"]
    first.detach()
    member.advance(5)
    assert member.types == ["stream.live", "stream.held"]
    assert member.told[-1].data["reason"] == "source_lost"
    second = member.source()
    assert member.types[2:] == ["stream.live"]
    assert (member.told[0].data["was_held"], member.told[2].data["was_held"]) == (False, True)
    second.detach()
    member.advance(40)
    assert member.types[3:] == ["stream.held", "stream.ended"]
    assert member.told[-1].data["reason"] == "source_stalled"
    assert len(set(member.ids)) == 5
    assert len({event.data["broadcast_id"] for event in member.told}) == 1
    sequences = [event.sequence for event in member.told]
    assert sequences == sorted(set(sequences))
    # The next broadcast is another one.
    member.source()
    assert member.types[5:] == ["stream.live"]
    assert member.told[-1].data["broadcast_id"] != member.told[0].data["broadcast_id"]
    assert member.told[-1].sequence > sequences[-1]


def test_a_source_that_takes_over_changes_nothing(member: Member) -> None:
    member.source()
    member.source()
    assert member.types == ["stream.live"]


def test_a_quiet_source_is_told_as_such(member: Member) -> None:
    member.source()
    member.advance(5)
    assert member.told[-1].data["reason"] == "source_quiet"


def test_tracks_are_told_each_once(member: Member) -> None:
    member.source()
    for title in ("One", "One", "Two", "One"):
        member.clock.advance(2)
        member.hub.set_now_playing(NowPlaying(title, "Somebody"))
    tracks = [event for event in member.told if event.type == "track.changed"]
    assert [event.data["track"]["title"] for event in tracks] == ["One", "Two", "One"]
    assert len({event.event_id for event in tracks}) == 3


def test_milestones_are_told_each_once_in_a_broadcast(member: Member) -> None:
    member.source()
    for listeners in (9, 10, 12, 60, 30, 1000):
        member.teller.note_listeners(member.hub, listeners)
    told = [event.data["milestone"] for event in member.told if event.type == "listeners.milestone"]
    assert told == [10, 25, 50, 100, 250, 500, 1000]


def test_the_same_refusal_is_told_once_in_a_minute_and_an_orderly_end_never(member: Member) -> None:
    for _ in range(20):
        member.teller.note_refusal(STREAM, "too_fast", "expected real time")
    member.teller.note_refusal(STREAM, "not_ogg_opus", "expected Ogg Opus")
    member.teller.note_refusal(STREAM, "taken_over", "a newer source has taken it over")
    assert [event.data["code"] for event in member.told] == ["too_fast", "not_ogg_opus"]
    member.clock.advance(61)
    member.teller.note_refusal(STREAM, "too_fast", "expected real time")
    assert len(set(member.ids)) == 3


def test_who_is_not_the_owner_tells_nothing() -> None:
    member = Member()
    member.owned.clear()
    member.source().detach()
    member.advance(40)
    assert member.told == []
    assert member.teller.facts() == {}


def test_the_next_owner_goes_on_with_the_same_ids() -> None:
    first = Member()
    source = first.source()
    source_id = source.source_id
    first.hub.set_now_playing(NowPlaying("One", ""))
    first.teller.note_listeners(first.hub, 10)
    # Held and back, which no other member can have counted by itself.
    first.advance(5)
    first.clock.advance(0.02)
    feed(source, body([1, 2]), first.clock.time())
    first.teller.look_at_all()
    assert first.types == [
        "stream.live",
        "track.changed",
        "listeners.milestone",
        "stream.held",
        "stream.live",
    ]
    heir = Member(first.teller.facts())
    heir.hub.set_now_playing(NowPlaying("One", ""))
    heir.source(source_id)
    assert heir.types == ["stream.live", "listeners.milestone", "track.changed"]
    assert {event.event_id for event in heir.told} <= set(first.ids)
    assert heir.ids[0] == first.ids[-1]
    assert min(event.sequence for event in heir.told) > max(event.sequence for event in first.told)
    # What is new has an id that the first one would have given it.
    first.advance(5)
    heir.advance(5)
    assert (first.types[-1], first.ids[-1]) == (heir.types[-1], heir.ids[-1]) == ("stream.held", heir.ids[-1])


def test_the_last_owner_tells_the_end_unless_another_member_has_the_source_by_then() -> None:
    for is_elsewhere in (False, True):
        member = Member()
        member.source().detach()
        if is_elsewhere:
            member.elsewhere.owned.add(STREAM)
        member.advance(40)
        assert member.types == ["stream.live", *([] if is_elsewhere else ["stream.held", "stream.ended"])]


@pytest.mark.parametrize("has_successor", [True, False])
def test_at_its_stop_it_leaves_the_end_to_who_stays(has_successor: bool) -> None:
    member = Member()
    member.source()
    member.elsewhere.has_successor = has_successor
    member.hub.end(ShuttingDown("the server stops"))
    assert member.types == ["stream.live", *([] if has_successor else ["stream.ended"])]


def test_an_end_has_one_id_whoever_tells_it() -> None:
    first = Member()
    first.source()
    heir = Member(first.teller.facts())
    facts = heir.elsewhere.known[STREAM]
    first.hub.end(BroadcastEnded("over"))
    heir.teller.tell_orphan(STREAM, facts)
    assert heir.ids == first.ids[-1:]
    assert heir.told[0].data["reason"] == "owner_lost"


def test_a_broadcast_that_is_over_at_once_is_told_whole(member: Member) -> None:
    source = Source(
        member.hub,
        source_id=SourceId.new(),
        rate_limit=RateLimit(max_kbps=0, lead_seconds=1, now=0),
        generation=0,
        dismiss=lambda error: None,
    )
    feed(source, body([0]), member.clock.time())
    member.hub.end(BroadcastEnded("over"))
    assert member.types == ["stream.live", "stream.ended"]


def test_a_source_whose_connection_to_the_owner_is_gone_is_the_last_owner_s_to_tell() -> None:
    member = Member()
    member.source()
    # The owner keeps the source of a front that is gone, for its next connection.
    member.owned.clear()
    member.advance(40)
    assert member.types == ["stream.live", "stream.held", "stream.ended"]


def test_a_mistake_in_telling_is_no_mistake_in_the_audio(
    member: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError("of a test")

    member.teller._tell = fail
    source = member.source()
    assert member.hub.source is source
    assert "webhooks_failed" in capsys.readouterr().out


def test_a_stream_that_is_forgotten_is_not_watched_any_more(member: Member) -> None:
    member.source()
    assert len(member.hub.on_change) == 2
    member.hub.end(BroadcastEnded("over"))
    assert len(member.hub.on_change) == 1
    # The end is listed for the others, and then no more.
    assert [text.split()[2] for text in member.teller.facts().values()] == ["e"]
    member.advance(61)
    assert member.teller.facts() == {}


@pytest.mark.parametrize(
    "text", ["", "x", None, 5, "1-2 3 x 0 0 - 0", "1-2 3 l 0 0 - 0 more", "1-2 3 l -1 0 - 0"]
)
def test_facts_of_another_version_are_none(text: object) -> None:
    assert BroadcastFacts.parse(text) is None


def test_facts_fit_in_a_list_and_come_back_the_same() -> None:
    facts = BroadcastFacts(
        "f" * 16 + "-" + "f" * 16, 2**63, "h", 99_999_999, 99_999_999, "0123abcd", 5_000_000
    )
    assert len(str(facts)) <= 100
    assert BroadcastFacts.parse(str(facts)) == facts
