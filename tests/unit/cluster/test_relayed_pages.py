"""`send_pages` here, `RelayReceiver` there: each page of a source once, whatever happens to links."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from audiocast.cluster.errors import BadMessage, Refused, Unreachable
from audiocast.cluster.page_sender import send_pages
from audiocast.cluster.peer_stream import EndFrame, FrameKind, PeerStream
from audiocast.cluster.relay_receiver import RelayReceiver
from audiocast.ogg.errors import OggError
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.source_id import SourceId
from tests.unit.cluster.fake_iostream import peer_streams
from tests.unit.stream.audio import body
from tests.unit.stream.hub_harness import Broadcaster, HubHarness

LIMITS = HubLimits(log_sources=True)
TURNS = 200


async def settle(*stages: HubHarness) -> None:
    """Let all that is under way happen."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
        for harness in stages:
            harness.clock.settle()


@contextmanager
def running(work: Coroutine[Any, Any, None]) -> Iterator["asyncio.Task[None]"]:
    task = asyncio.ensure_future(work)
    yield task
    task.cancel()


def pages_of(harness: HubHarness) -> list[bytes]:
    """Give the source's own pages at a member, header pages too."""
    assert harness.hub.source_log is not None
    return harness.hub.source_log.pages(harness.hub.source_log.first)


async def last_words(link: PeerStream) -> Refused:
    """Give why a link was ended."""
    while True:
        kind, data = await link.receive()
        if kind is FrameKind.END:
            return EndFrame.parse(data).as_refusal()


async def heard_end(link: PeerStream) -> None:
    """Return when a link was ended."""
    await last_words(link)


class Ends:
    """A member with a source, one that is to get it, and the links between them."""

    def __init__(self) -> None:
        self.here, self.there = HubHarness(LIMITS), HubHarness(LIMITS)
        self.receiver = RelayReceiver(self.there.hub, self.there.clock.time)

    def broadcast(self, numbers: Sequence[int]) -> Broadcaster:
        broadcaster = Broadcaster(self.here)
        broadcaster.begin(numbers)
        return broadcaster


@pytest.fixture
def ends() -> Ends:
    return Ends()


async def test_all_pages_cross_and_the_source_keeps_its_name(ends: Ends) -> None:
    broadcaster = ends.broadcast(range(50))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=None, last_page=None)),
        running(ends.receiver.receive(far, None)),
    ):
        await settle(ends.here, ends.there)
        assert pages_of(ends.there) == pages_of(ends.here)
        assert ends.receiver.source_id == broadcaster.source.source_id
        assert ends.here.hub.source_log is not None
        assert ends.receiver.last_page == ends.here.hub.source_log.last


async def test_a_new_link_goes_on_with_the_next_page(ends: Ends) -> None:
    whole = body(range(60))
    cut = len(body(range(30)))
    broadcaster = Broadcaster(ends.here)
    broadcaster.send(whole[:cut])
    source_id = broadcaster.source.source_id
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=source_id, last_page=None)),
        running(ends.receiver.receive(far, source_id)),
    ):
        await settle(ends.here, ends.there)
    near.close()
    far.close()
    broadcaster.send(whole[cut:])
    received: list[bytes] = []
    near, far = peer_streams()
    with running(send_pages(ends.here.hub, near, source_id=source_id, last_page=ends.receiver.last_page)):
        await settle(ends.here)
        kind, data = await far.receive()
        assert kind is FrameKind.PAGES
        received.append(data)
    assert b"".join(received) == whole[cut:]
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=source_id, last_page=ends.receiver.last_page)),
        running(ends.receiver.receive(far, source_id)),
    ):
        await settle(ends.here, ends.there)
    assert b"".join(pages_of(ends.there)) == whole


async def test_the_next_source_comes_over_the_same_link(ends: Ends) -> None:
    ends.broadcast(range(10))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=None, last_page=None)),
        running(ends.receiver.receive(far, None)),
        running(heard_end(near)) as ending,
    ):
        await settle(ends.here, ends.there)
        again = ends.broadcast(range(100, 110))
        await settle(ends.here, ends.there)
        assert ends.receiver.source_id == again.source.source_id
        assert b"".join(pages_of(ends.there)) == body(range(100, 110))
        # The one before was dismissed for it, which is no reason to end the link that brought both.
        assert not ending.done()


async def test_a_link_with_a_newer_source_takes_over_and_the_old_one_is_told(ends: Ends) -> None:
    (old_near, old_far), (new_near, new_far) = peer_streams(), peer_streams()
    old, new = SourceId(1, 1), SourceId(2, 2)
    with running(ends.receiver.receive(old_far, old)):
        await old_near.send(FrameKind.PAGES, body(range(10)))
        await settle(ends.there)
        with running(ends.receiver.receive(new_far, new)):
            await new_near.send(FrameKind.PAGES, body(range(100, 110)))
            await settle(ends.there)
            # It may still send until it has read why.
            await old_near.send(FrameKind.PAGES, body(range(10, 20)))
            assert (await last_words(old_near)).code == "taken_over"
            await settle(ends.there)
            assert ends.receiver.source_id == new
            assert b"".join(pages_of(ends.there)) == body(range(100, 110))


async def test_a_front_that_connects_anew_ends_its_old_link_without_a_word(ends: Ends) -> None:
    (old_near, old_far), (new_near, new_far) = peer_streams(), peer_streams()
    source_id = SourceId(1, 1)
    with running(ends.receiver.receive(old_far, source_id)):
        await old_near.send(FrameKind.PAGES, body(range(10)))
        await settle(ends.there)
        with running(ends.receiver.receive(new_far, source_id)):
            await settle(ends.there)
            with pytest.raises(Unreachable):
                await last_words(old_near)
            await new_near.send(FrameKind.PAGES, body(range(20))[len(body(range(10))) :])
            await settle(ends.there)
    assert b"".join(pages_of(ends.there)) == body(range(20))


async def test_a_newer_source_that_comes_straight_here_ends_the_link(ends: Ends) -> None:
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1))):
        await near.send(FrameKind.PAGES, body(range(10)))
        await settle(ends.there)
        Broadcaster(ends.there).begin(range(100, 110))
        await settle(ends.there)
        assert (await last_words(near)).code == "taken_over"
        assert ends.receiver.source_id is None


async def test_a_source_that_was_connected_here_is_not_wanted_again(ends: Ends) -> None:
    own = Broadcaster(ends.there)
    own.begin(range(10))
    assert ends.receiver.resume_point is None, "it is here"
    own.leave()
    ends.receiver.note_finished(own.source.source_id)
    assert ends.there.hub.source_log is not None
    known = ends.receiver.resume_point
    assert known == (own.source.source_id, ends.there.hub.source_log.last)
    assert known is not None
    # Its owner still has all of it, when this member becomes one of its edges.
    at_owner = Broadcaster(ends.here)
    at_owner.source.source_id = own.source.source_id
    at_owner.begin(range(10))
    near, far = peer_streams()
    source_id, had = known
    with (
        running(send_pages(ends.here.hub, near, source_id=source_id, last_page=had)),
        running(ends.receiver.receive(far, None)),
    ):
        await settle(ends.here, ends.there)
        assert ends.there.hub.source is None
        again = ends.broadcast(range(100, 110))
        await settle(ends.here, ends.there)
        assert ends.receiver.resume_point == (again.source.source_id, ends.there.hub.source_log.last)
        assert b"".join(pages_of(ends.there)) == body(range(100, 110))


async def test_pages_that_are_damaged_end_the_link_and_say_why(ends: Ends) -> None:
    near, far = peer_streams()
    await near.send(FrameKind.PAGES, body(range(10)) + b"garbage" * 100)
    with pytest.raises(OggError) as caught:
        await ends.receiver.receive(far, SourceId(1, 1))
    assert (await last_words(near)).code == caught.value.code


@pytest.mark.parametrize("name", [b"", b"\xff", b"1-1", b"1-1 x", b"x-1 0", b"1-1 0 0"])
async def test_a_source_without_a_name_is_refused(ends: Ends, name: bytes) -> None:
    near, far = peer_streams()
    await near.send(FrameKind.SOURCE, name)
    with pytest.raises(BadMessage, match="expected a source id"):
        await ends.receiver.receive(far, None)
    near.close()
