"""`send_pages` here, `RelayReceiver` there: each page of a source once, whatever happens to links."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from audiocast.cluster import page_sender
from audiocast.cluster.errors import BadMessage, Refused, Unreachable
from audiocast.cluster.page_sender import send_pages
from audiocast.cluster.peer_stream import EndFrame, FrameKind, PeerStream, SourceFrame
from audiocast.cluster.relay_receiver import RelayReceiver
from audiocast.ogg.errors import OggError
from audiocast.ogg.reader import PageReader
from audiocast.stream.errors import BadKey
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.read_pacer import PacedRead
from audiocast.stream.source_id import SourceId
from tests.unit.cluster.fake_iostream import peer_streams
from tests.unit.stream.audio import body
from tests.unit.stream.hub_harness import Broadcaster, HubHarness

MAX_FRAME_BYTES = 70000
SLICE_SECONDS = 0.002

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
        self.feed_scheduler = FeedScheduler(self.there.clock)
        self.receiver = RelayReceiver(self.there.hub, self.there.clock.time, self.feed_scheduler)

    def use_up_slice(self) -> None:
        """Let what comes next at the other member wait for a turn of the loop."""

        def work(now: float) -> bool:
            self.there.clock.skip(2 * SLICE_SECONDS)
            return False

        assert self.feed_scheduler.run(work) is None

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


async def test_what_was_for_nobody_until_then_is_read_and_crosses_at_once(ends: Ends) -> None:
    broadcaster = ends.broadcast(range(3))
    page = body([3])
    page = page[page.rindex(b"OggS") :]
    ends.here.hub.deferred_read = PacedRead(lambda: broadcaster.send(page))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=None, last_page=None)),
        running(ends.receiver.receive(far, None)),
    ):
        await settle(ends.here, ends.there)
        assert page in pages_of(ends.there)


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


@pytest.mark.parametrize("is_chained", [False, True])
async def test_an_owner_that_gets_the_pages_before_repeats_none_to_who_has_them(
    ends: Ends, is_chained: bool
) -> None:
    # As at a member that drains: its listeners have heard all from the owner before, and this owner is new.
    def sent(count: int) -> bytes:
        return body(range(30)) + body(range(30, count), serial=9) if is_chained else body(range(count))

    source_id = SourceId(1, 1)
    near, far = peer_streams()
    with running(ends.receiver.receive(far, source_id)):
        await near.send(FrameKind.PAGES, sent(60))
        await settle(ends.there)
        had = ends.receiver.last_page
        sink = ends.there.listen()
    owner = Broadcaster(ends.here)
    owner.source.source_id = source_id
    owner.send(body(range(30)))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=source_id, last_page=had)),
        running(ends.receiver.receive(far, source_id)),
    ):
        for before, after in pairwise([30, 60, 70]):
            await settle(ends.here, ends.there)
            owner.send(sent(after)[len(sent(before)) if before > 30 else len(body(range(30))) :])
        await settle(ends.here, ends.there)
    assert b"".join(pages_of(ends.there)) == sent(70)
    numbers = ends.there.heard(sink).numbers
    assert numbers == list(range(numbers[0], 70))


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


async def test_an_edge_that_asks_anew_while_the_encoder_moves_gets_the_rest_of_both(ends: Ends) -> None:
    old = Broadcaster(ends.here)
    old.send(body(range(60)))
    source_id = old.source.source_id
    near, far = peer_streams()
    with running(ends.receiver.receive(far, source_id)):
        await near.send(FrameKind.PAGES, body(range(50)))
        await settle(ends.there)
        had = ends.receiver.last_page
        sink = ends.there.listen()
    ends.broadcast(range(100, 110))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=source_id, last_page=had)),
        running(ends.receiver.receive(far, source_id)),
    ):
        await settle(ends.here, ends.there)
        numbers = ends.there.heard(sink).numbers
        assert numbers == [*range(numbers[0], 60), *range(100, 110)]


@pytest.mark.parametrize("is_replaced", [True, False])
async def test_what_came_last_of_a_source_crosses_before_it_is_gone(ends: Ends, is_replaced: bool) -> None:
    old = Broadcaster(ends.here)
    old.send(body(range(10)))
    near, far = peer_streams()
    with (
        running(send_pages(ends.here.hub, near, source_id=None, last_page=None)),
        running(ends.receiver.receive(far, None)),
    ):
        await settle(ends.here, ends.there)
        sink = ends.there.listen()
        # In one turn of the loop.
        old.send(body(range(20))[len(body(range(10))) :])
        if is_replaced:
            ends.broadcast(range(100, 110))
        else:
            old.leave()
        await settle(ends.here, ends.there)
        numbers = ends.there.heard(sink).numbers
        assert numbers == [*range(numbers[0], 20), *(range(100, 110) if is_replaced else ())]


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


async def test_pages_that_wait_for_their_turn_are_there_once_whoever_goes_on(ends: Ends) -> None:
    (old_near, old_far), (new_near, new_far) = peer_streams(), peer_streams()
    source_id = SourceId(1, 1)
    first, rest = body(range(10)), body(range(20))[len(body(range(10))) :]
    with running(ends.receiver.receive(old_far, source_id)):
        ends.use_up_slice()
        await old_near.send(FrameKind.PAGES, first)
        await asyncio.sleep(0.01)
        assert ends.receiver.last_page is None, "they wait"
        ends.receiver.process_received()
        assert b"".join(pages_of(ends.there)) == first
        with running(ends.receiver.receive(new_far, source_id)):
            await new_near.send(FrameKind.PAGES, rest)
            await asyncio.sleep(0.01)
            assert b"".join(pages_of(ends.there)) == first, "they wait"
            await settle(ends.there)
    assert b"".join(pages_of(ends.there)) == body(range(20))


async def test_pages_that_wait_are_played_before_those_of_a_newer_source(ends: Ends) -> None:
    (old_near, old_far), (new_near, new_far) = peer_streams(), peer_streams()
    first = body([0])
    with running(ends.receiver.receive(old_far, SourceId(1, 1))):
        await old_near.send(FrameKind.PAGES, first)
        await settle(ends.there)
        sink = ends.there.listen()
        ends.use_up_slice()
        await old_near.send(FrameKind.PAGES, body(range(10))[len(first) :])
        await asyncio.sleep(0.01)
        with running(ends.receiver.receive(new_far, SourceId(2, 1))):
            await new_near.send(FrameKind.PAGES, body(range(100, 110), serial=8))
            await settle(ends.there)
    assert ends.there.heard(sink).numbers == [*range(10), *range(100, 110)]


async def test_damage_in_pages_that_waited_is_told_to_the_member_that_sent_them(ends: Ends) -> None:
    near, far = peer_streams()
    ends.use_up_slice()
    await near.send(FrameKind.PAGES, body(range(10)) + b"garbage" * 100)
    with running(ends.receiver.receive(far, SourceId(1, 1))) as receiving:
        await asyncio.sleep(0.01)
        ends.receiver.process_received()
        assert not receiving.done()
        await settle(ends.there)
        with pytest.raises(OggError) as caught:
            await receiving
    assert (await last_words(near)).code == caught.value.code


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


async def received(link: PeerStream) -> tuple[FrameKind, bytes]:
    """Give the next frame, which is under way."""
    return await asyncio.wait_for(link.receive(), 1)


def page_sizes(data: bytes) -> list[int]:
    """Give the sizes of whole pages; fails when the last one is cut."""
    reader = PageReader()
    reader.feed(data)
    sizes = []
    while (page := reader.next_page()) is not None:
        sizes.append(len(page.encode()))
    reader.close()
    return sizes


async def test_pages_go_in_as_few_frames_as_their_bound_allows() -> None:
    here = HubHarness(HubLimits(log_sources=True, backlog_seconds=100.0, backlog_bytes=1_000_000))
    broadcaster = Broadcaster(here)
    whole = body(range(4000))
    broadcaster.send(whole)
    near, far = peer_streams()
    frames: list[bytes] = []
    source_id = broadcaster.source.source_id
    with running(send_pages(here.hub, near, source_id=source_id, last_page=None)):
        await settle(here)
        while sum(map(len, frames)) < len(whole):
            frames.append((await received(far))[1])
    sizes = list(map(page_sizes, frames))
    assert b"".join(frames) == whole
    assert max(map(len, frames)) <= MAX_FRAME_BYTES
    for frame, (first, *_) in zip(frames, sizes[1:], strict=False):
        assert len(frame) + first > MAX_FRAME_BYTES, "another page would have fitted"


async def test_a_frame_may_be_full_to_its_last_byte(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    ends.broadcast(range(20))
    first, second, *_ = page_sizes(b"".join(pages_of(ends.here)[2:]))
    monkeypatch.setattr(page_sender, "MAX_FRAME_BYTES", first + second)
    near, far = peer_streams()
    source_id = ends.here.hub.source_id
    with running(send_pages(ends.here.hub, near, source_id=source_id, last_page=None)):
        await settle(ends.here)
        frames: list[bytes] = []
        while sum(map(len, frames)) < len(body(range(20))):
            frames.append((await received(far))[1])
    audio = [frame for frame in frames if len(page_sizes(frame)) == 2 and len(frame) == first + second]
    assert len(audio) == 10


async def test_who_goes_leaves_nothing_behind_at_the_hub(ends: Ends) -> None:
    ends.broadcast(range(10))
    before = set(ends.here.hub.on_change)
    near, far = peer_streams()
    with running(send_pages(ends.here.hub, near, source_id=None, last_page=None)):
        await settle(ends.here)
        assert ends.here.hub.on_change != before
    await settle(ends.here)
    assert ends.here.hub.on_change == before
    assert ends.here.hub.source_log is not None
    assert ends.here.hub.source_log.on_growth == set()
    near.close()
    far.close()


async def test_an_edge_that_is_too_slow_misses_what_is_gone_and_gets_the_rest() -> None:
    here = HubHarness(HubLimits(log_sources=True, backlog_seconds=1.0))
    broadcaster = Broadcaster(here)
    whole = body(range(500))
    broadcaster.send(whole[: len(body(range(10)))])
    near, far = peer_streams()
    came: list[bytes] = []
    sending = send_pages(here.hub, near, source_id=broadcaster.source.source_id, last_page=None)
    with capture_logs() as events, running(sending):
        came.append((await received(far))[1])
        broadcaster.send(whole[len(body(range(10))) :])
        came.append((await received(far))[1])
        assert b"".join(pages_of(here)) == came[1]
        assert 40 <= len(page_sizes(came[1])) <= 51, "a second of audio"
        broadcaster.send(body(range(501))[len(whole) :])
        assert (await received(far))[1] == body(range(501))[len(whole) :], "and all of it from then on"
    (event,) = [event for event in events if event["event"] == "peer_too_slow"]
    assert event["pages_lost"] == 490 - len(page_sizes(came[1]))
    near.close()
    far.close()


async def test_a_link_waits_for_a_source_that_is_not_here_yet(ends: Ends) -> None:
    near, far = peer_streams()
    with running(send_pages(ends.here.hub, near, source_id=None, last_page=None)) as sending:
        await settle(ends.here)
        assert not sending.done()
        broadcaster = ends.here.broadcaster(generation=3)
        broadcaster.begin(range(5))
        kind, data = await received(far)
        assert (kind, SourceFrame.parse(data)) == (
            FrameKind.SOURCE,
            SourceFrame(broadcaster.source.source_id, 3),
        )
        assert await received(far) == (FrameKind.PAGES, body(range(5)))
    near.close()
    far.close()


async def test_a_source_with_a_key_that_was_replaced_is_refused_and_its_link_is_told(ends: Ends) -> None:
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1), generation=5)):
        await near.send(FrameKind.PAGES, body(range(5)))
        await settle(ends.there)
        assert ends.there.hub.generation == 5
    await settle(ends.there)
    near, far = peer_streams()
    await near.send(FrameKind.SOURCE, SourceFrame(SourceId(2, 2), 4).build())
    await near.send(FrameKind.PAGES, body(range(5)))
    with pytest.raises(BadKey):
        await ends.receiver.receive(far, None)
    assert (await last_words(near)).code == "bad_key"


async def test_without_a_word_a_source_has_the_first_generation(ends: Ends) -> None:
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1))):
        await near.send(FrameKind.PAGES, body(range(5)))
        await settle(ends.there)
        assert ends.there.hub.generation == 0
        near.close()


async def test_members_are_not_held_to_real_time(ends: Ends) -> None:
    """An owner that is new to a stream gets all that its front has."""
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1))) as receiving:
        await near.send(FrameKind.PAGES, body(range(600)))
        await settle(ends.there)
        assert b"".join(pages_of(ends.there)) == body(range(600))
        assert not receiving.done()
    near.close()


async def test_pages_of_a_source_that_nobody_has_named_are_dropped(ends: Ends) -> None:
    near, far = peer_streams()
    with running(ends.receiver.receive(far, None)) as receiving:
        await near.send(FrameKind.PAGES, body(range(5)))
        await settle(ends.there)
        assert not receiving.done()
        assert not ends.there.hub.is_on
        assert (ends.receiver.source_id, ends.receiver.last_page) == (None, None)
        assert ends.receiver.resume_point is None
    near.close()


async def test_closing_the_receiver_ends_its_link_and_keeps_the_pages(ends: Ends) -> None:
    ends.receiver.close()
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1))) as receiving:
        await near.send(FrameKind.PAGES, body(range(5)))
        await settle(ends.there)
        ends.receiver.close()
        with pytest.raises(Unreachable):
            await asyncio.wait_for(receiving, 1)
    with pytest.raises(Unreachable):
        await near.send(FrameKind.PAGES, b"")
    assert ends.there.hub.is_on
    assert b"".join(pages_of(ends.there)) == body(range(5))


async def test_the_other_sides_last_words_are_the_reason_and_the_link_is_closed(ends: Ends) -> None:
    near, far = peer_streams()
    await near.send_end("moved", "elsewhere")
    with pytest.raises(Refused, match="moved: elsewhere"):
        await ends.receiver.receive(far, SourceId(1, 1))
    with pytest.raises(Unreachable):
        await far.send(FrameKind.PAGES, b"")


async def test_a_source_that_goes_on_over_an_edges_link_is_the_same_source(ends: Ends) -> None:
    """An edge names the source that it knows; the link it opens ends the one before without a word."""
    whole, cut = body(range(20)), len(body(range(10)))
    near, far = peer_streams()
    with running(ends.receiver.receive(far, SourceId(1, 1))):
        await near.send(FrameKind.PAGES, whole[:cut])
        await settle(ends.there)
    await settle(ends.there)
    source = ends.there.hub.source
    for source_id in (SourceId(1, 1), None):
        near, far = peer_streams()
        with running(ends.receiver.receive(far, source_id)):
            await near.send(FrameKind.PAGES, whole[cut:] if source_id else b"")
            await settle(ends.there)
        await settle(ends.there)
    assert ends.there.hub.source is source
    assert b"".join(pages_of(ends.there)) == whole
