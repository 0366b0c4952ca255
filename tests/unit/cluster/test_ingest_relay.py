"""A front offers its source to the owner, follows the stream from owner to owner, and knows when to stop."""

import asyncio
import gc
from collections.abc import Mapping
from typing import Any, cast

import pytest

from audiocast.cluster.errors import ClusterError, NoAnswer, Refused, Unreachable
from audiocast.cluster.ingest_relay import IngestRelay
from audiocast.cluster.member import Member
from audiocast.cluster.peer_stream import FrameKind, PeerStream
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import LAST_PAGE_HEADER, MOVED, OLDER, PeerRequest
from audiocast.cluster.stream_requests import ForwardRequest
from audiocast.stream.errors import ShuttingDown, StreamEnded, StreamSuspended, TakenOver
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.keys import Claims, Visibility
from audiocast.stream.source_id import SourceId
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_iostream import peer_streams
from tests.unit.stream.audio import body
from tests.unit.stream.hub_harness import HubHarness

RETRY_SECONDS = 0.2


class FakePeers:
    """The other members, of which one at a time is the stream's owner.

    Attributes:
        owner: Name of the owner; empty: this member.
        answers: What the next requests get: headers, or an error; then headers of an owner that has no page.
        asked: When a source was offered, to whom, and as what.
        links: The owner's side of each connection.
        suspected: Members that the front takes for dead; with `are_proven_dead` they are.
    """

    own_name = "me"
    are_proven_dead = True

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.answers: list[Mapping[str, str] | ClusterError] = []
        self.asked: list[tuple[float, str, ForwardRequest]] = []
        self.links: list[PeerStream] = []
        self.suspected: list[str] = []

    def owner_for_source(self, stream_id: str) -> Member | None:
        return Member(self.owner, self.owner, "1", 0.0) if self.owner else None

    async def open_stream(self, member: Member, request: PeerRequest) -> tuple[PeerStream, Mapping[str, str]]:
        await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        self.asked.append((now, member.name, ForwardRequest.parse("abc", request.headers)))
        answer = self.answers.pop(0) if self.answers else {LAST_PAGE_HEADER: ""}
        if isinstance(answer, ClusterError):
            raise answer
        near, far = peer_streams()
        self.links.append(far)
        return near, answer

    async def suspect(self, name: str, error: Unreachable) -> None:
        self.suspected.append(name)

    @property
    def membership(self) -> "FakePeers":
        return self

    def get(self, name: str) -> object:
        """Give a member that is in the view."""
        return None if self.are_proven_dead and name in self.suspected else name

    @property
    def asked_names(self) -> list[str]:
        return [name for _, name, _ in self.asked]

    def close(self) -> None:
        for link in self.links:
            link.close()


class Front:
    """One encoder, its stream here, and the members around it.

    Args:
        owner: Name of the stream's owner; empty: this member.
    """

    def __init__(self, owner: str = "a") -> None:
        self.peers = FakePeers(owner)
        self.harness = HubHarness(HubLimits(log_sources=True))
        self.encoder = self.harness.broadcaster(generation=3)
        self.relay = IngestRelay(self.harness.hub, self.encoder.source, peers=cast(Peers, self.peers))

    def send(self, count: int = 10) -> None:
        self.encoder.begin(range(count))

    async def received(self) -> bytes:
        """Give the pages that the first owner gets next."""
        kind, data = await self.peers.links[0].receive()
        assert kind is FrameKind.PAGES
        return data

    async def stop(self) -> None:
        self.relay.close()
        self.peers.close()
        await asyncio.sleep(0.1)


def test_a_source_is_offered_as_it_is_once_its_audio_has_come() -> None:
    async def test() -> None:
        front = Front()
        front.harness.hub.claims = Claims(visibility=Visibility.PUBLIC)
        await asyncio.sleep(5)
        assert (front.peers.asked, front.relay.has_audio, front.relay.owner) == ([], False, "")
        front.send()
        came_at = asyncio.get_running_loop().time()
        await asyncio.sleep(0.1)
        ((asked_at, name, request),) = front.peers.asked
        assert asked_at - came_at <= 0.03
        assert (name, front.relay.owner, front.relay.is_owner) == ("a", "a", False)
        assert front.relay.has_audio
        assert (request.source_id, request.generation) == (front.encoder.source.source_id, 3)
        assert (request.title, request.is_resumed) == ("A title", False)
        assert request.visibility is Visibility.PUBLIC
        assert 5.0 <= request.age_seconds < 5.1, "since the encoder connected"
        assert await front.received() == body(range(10))
        await front.stop()

    run(test())


def test_the_owner_gets_only_what_it_has_not_got() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        assert front.harness.hub.source_log is not None
        last_page = front.harness.hub.source_log.last
        front.peers.answers.append({LAST_PAGE_HEADER: str(last_page)})
        await asyncio.sleep(0.1)
        front.encoder.send(body(range(15))[len(body(range(10))) :])
        assert await front.received() == body(range(15))[len(body(range(10))) :]
        await front.stop()

    run(test())


def test_an_owner_that_is_lost_is_suspected_and_the_next_one_is_asked_at_once() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        await asyncio.sleep(1)
        front.peers.owner = "b"
        lost_at = asyncio.get_running_loop().time()
        front.peers.links[0].close()
        await asyncio.sleep(1)
        assert (front.peers.suspected, front.peers.asked_names) == (["a"], ["a", "b"])
        asked_at, _, request = front.peers.asked[1]
        assert asked_at - lost_at < 0.1
        assert request.is_resumed
        assert front.relay.owner == "b"
        await front.stop()

    run(test())


def test_an_owner_that_lives_gets_the_source_again_at_once() -> None:
    async def test() -> None:
        front = Front()
        front.peers.are_proven_dead = False
        front.send()
        await asyncio.sleep(1)
        lost_at = asyncio.get_running_loop().time()
        front.peers.links[0].close()
        await asyncio.sleep(0.1)
        assert (front.peers.suspected, front.peers.asked_names) == (["a"], ["a", "a"])
        assert front.peers.asked[1][0] - lost_at < 0.02
        front.peers.links[1].close()
        await asyncio.sleep(1)
        assert front.peers.asked[2][0] - front.peers.asked[1][0] == pytest.approx(RETRY_SECONDS, abs=0.02)
        await front.stop()

    run(test())


def test_an_owner_that_hands_the_stream_over_is_not_suspected() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        await asyncio.sleep(1)
        front.peers.owner = "b"
        moved_at = asyncio.get_running_loop().time()
        await front.peers.links[0].send_end(MOVED, "elsewhere")
        await asyncio.sleep(0.1)
        assert (front.peers.suspected, front.peers.asked_names) == ([], ["a", "b"])
        assert front.peers.asked[1][0] - moved_at < 0.1
        assert await front.received() == body(range(10))
        with pytest.raises(Unreachable):
            await front.peers.links[0].wait_for_end()
        assert front.encoder.told == []
        await front.stop()

    run(test())


def test_a_refusal_for_now_is_followed_by_another_try_after_a_moment() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        front.peers.answers += [Refused(503, "draining", "no more streams")] * 5
        await asyncio.sleep(10)
        times = [at for at, _, _ in front.peers.asked]
        assert len(times) == 6
        assert times[-1] - times[0] == pytest.approx(5 * RETRY_SECONDS) == pytest.approx(1.0)
        assert (front.peers.suspected, front.encoder.told) == ([], [])
        assert not front.peers.asked[-1][2].is_resumed, "no owner has taken it before"
        await front.stop()

    run(test())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("taken_over", TakenOver),
        ("stream_ended", StreamEnded),
        ("stream_suspended", StreamSuspended),
        ("bad_key", TakenOver),
        ("server_full", TakenOver),
    ],
)
def test_a_refusal_for_good_sends_the_encoder_away(code: str, kind: type[Exception]) -> None:
    async def test() -> None:
        front = Front()
        front.send()
        front.peers.answers.append(Refused(409, code, "why"))
        await asyncio.sleep(10)
        (error,) = front.encoder.told
        assert (type(error), str(error)) == (kind, "why")
        assert len(front.peers.asked) == 1
        await front.stop()

    run(test())


def test_a_source_that_came_last_with_a_clock_behind_gets_a_greater_id() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        rival = SourceId(front.encoder.source.source_id.started_at_us + 3_600_000_000, 5)
        front.peers.answers.append(Refused(409, OLDER, str(rival)))
        await asyncio.sleep(0.1)
        assert len(front.peers.asked) == 2, "at once"
        assert front.peers.asked[1][2].source_id == front.encoder.source.source_id > rival
        assert front.encoder.told == []
        await front.stop()

    run(test())


def test_one_that_an_owner_had_already_does_not() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        await asyncio.sleep(1)
        source_id = front.encoder.source.source_id
        front.peers.answers.append(Refused(409, OLDER, str(SourceId(source_id.started_at_us + 1, 0))))
        await front.peers.links[0].send_end(MOVED, "elsewhere")
        await asyncio.sleep(1)
        assert len(front.peers.asked) == 3
        assert front.encoder.source.source_id == source_id
        await front.stop()

    run(test())


def test_a_front_that_is_the_owner_sends_nothing_until_it_hands_over() -> None:
    async def test() -> None:
        front = Front(owner="")
        front.send()
        await asyncio.sleep(60)
        assert (front.relay.owner, front.relay.is_owner, front.peers.asked) == ("me", True, [])
        front.peers.owner = "a"
        await asyncio.sleep(60)
        assert front.peers.asked == []
        front.relay.find_owner_anew()
        await asyncio.sleep(0.1)
        ((_, name, request),) = front.peers.asked
        assert (name, request.is_resumed, front.relay.is_owner) == ("a", True, False)
        await asyncio.sleep(60)
        assert len(front.peers.asked) == 1, "once is enough"
        await front.stop()

    run(test())


def test_a_source_that_the_hub_does_not_play_makes_no_owner() -> None:
    async def test() -> None:
        front = Front(owner="")
        front.send()
        front.harness.broadcaster(generation=3).begin([1, 2, 3])
        await asyncio.sleep(1)
        assert (front.relay.owner, front.relay.is_owner) == ("me", False)
        await front.stop()

    run(test())


def test_when_the_encoder_is_gone_the_connection_is_closed_and_nobody_is_asked() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        await asyncio.sleep(1)
        assert await front.received() == body(range(10))
        front.relay.close()
        with pytest.raises(Unreachable):
            await front.peers.links[0].receive()
        await asyncio.sleep(10)
        assert (len(front.peers.asked), front.peers.suspected) == (1, [])
        await front.stop()

    run(test())


def test_an_answer_that_is_none_closes_the_connection() -> None:
    async def test() -> None:
        front = Front()
        front.send()
        front.peers.answers.append({LAST_PAGE_HEADER: "nonsense"})
        await asyncio.sleep(0.1)
        with pytest.raises(Unreachable):
            await front.peers.links[0].receive()
        assert front.peers.suspected == [], "it is there"
        assert len(front.peers.asked) == 1
        await asyncio.sleep(0.2)
        assert len(front.peers.asked) == 2, "after a moment"
        await front.stop()

    run(test())


def test_an_owner_that_may_only_be_busy_is_asked_again_after_a_moment() -> None:
    async def test() -> None:
        front = Front()
        front.peers.are_proven_dead = False
        front.send()
        front.peers.answers += [NoAnswer("Timeout during request")] * 5
        await asyncio.sleep(10)
        times = [at for at, _, _ in front.peers.asked]
        assert len(times) == 6
        assert times[-1] - times[0] == pytest.approx(1.0)
        await front.stop()

    run(test())


def test_an_encoder_that_is_to_connect_elsewhere_is_told() -> None:
    async def test() -> None:
        front = Front()
        error: Any = ShuttingDown("elsewhere")
        front.relay.dismiss(error)
        assert front.encoder.told == [error]
        await front.stop()

    run(test())


@pytest.mark.parametrize("turns", range(8))
def test_an_encoder_that_goes_while_its_owner_is_lost_is_forwarded_no_more(turns: int) -> None:
    async def test() -> None:
        front = Front()
        front.send()
        await asyncio.sleep(0.1)
        front.peers.links[0].close()
        for _ in range(turns):
            await asyncio.sleep(0)
        asked = len(front.peers.asked)
        front.relay.close()
        await asyncio.sleep(60)
        assert front.relay._task.done()
        assert len(front.peers.asked) <= asked + 1, "one may be under way"
        await front.stop()

    run(test())


def test_a_connection_that_breaks_both_ways_leaves_no_error_that_nobody_reads() -> None:
    async def test() -> None:
        reports: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reports.append(str(context["message"]))
        )
        front = Front()
        front.send()
        await asyncio.sleep(0.1)
        front.peers.owner = ""
        # In the same moment the owner is gone, and more is to be sent to it.
        front.peers.links[0].close()
        front.encoder.send(body(range(15))[len(body(range(10))) :])
        await asyncio.sleep(1)
        assert front.peers.suspected == ["a"]
        assert front.relay.is_owner
        log = front.harness.hub.source_log
        assert log is not None
        assert log.on_growth == set(), "nothing of the connection is left"
        await front.stop()
        gc.collect()
        assert reports == []

    run(test())
