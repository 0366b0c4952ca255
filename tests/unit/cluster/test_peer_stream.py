"""Frames between two members: whole, in order, bounded, and never silent for long."""

import asyncio
import struct

import pytest
from tornado.iostream import StreamClosedError

from audiocast.cluster import peer_stream as link_module
from audiocast.cluster.errors import BadMessage, PeerSilent, Refused, Unproven, Unreachable
from audiocast.cluster.peer_stream import EndFrame, FrameKind
from audiocast.cluster.protocol import SILENT
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_iostream import frame_macs, io_streams, peer_stream_on, peer_streams

BEAT_SECONDS = 0.5
LINGER_SECONDS = 1.0
MAX_FRAME_BYTES = 70000
SILENCE_SECONDS = 2.0
FRAME_MAC_BYTES = 16

BEAT = b"B\0\0\0\0"
BEAT_BYTES = len(BEAT) + FRAME_MAC_BYTES


async def test_frames_come_whole_and_in_order_and_beats_are_not_given() -> None:
    one, other = peer_streams()
    sent = [(FrameKind.SOURCE, b"1-1 0"), (FrameKind.PAGES, b"a" * MAX_FRAME_BYTES), (FrameKind.PAGES, b"")]
    for kind, data in sent:
        await one.send(FrameKind.BEAT)
        await one.send(kind, data)
    assert [await other.receive() for _ in sent] == sent
    for each in (one, other):
        each.close()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (struct.pack(">cI", b"P", MAX_FRAME_BYTES + 1), "expected a frame of at most 70000 bytes, got 70001"),
        (struct.pack(">cI", b"Z", 0), "expected a frame of a known kind, got b'Z'"),
        (struct.pack(">cI", b"\xff", 2) + b"ab", "expected a frame of a known kind"),
    ],
)
async def test_what_is_no_frame_is_refused(frame: bytes, message: str) -> None:
    near, far = io_streams()
    link = peer_stream_on(near)
    await far.write(frame + frame_macs(is_answerer=True).sign(frame))
    with pytest.raises(BadMessage, match=message):
        await link.receive()
    link.close()


@pytest.mark.parametrize("forged", ["no MAC", "own", "repeated", "changed"])
async def test_a_frame_of_somebody_else_ends_it(forged: str) -> None:
    near, far = io_streams()
    link = peer_stream_on(near)
    macs = frame_macs(is_answerer=True)
    frame = struct.pack(">cI", b"P", 4) + b"page"
    first, second = frame + macs.sign(frame), frame + macs.sign(frame)
    await far.write(first)
    assert await link.receive() == (FrameKind.PAGES, b"page")
    await far.write(
        {
            "no MAC": frame + bytes(FRAME_MAC_BYTES),
            "own": frame + frame_macs(is_answerer=False).sign(frame),
            "repeated": first,
            "changed": second.replace(b"page", b"evil"),
        }[forged]
    )
    with pytest.raises(Unproven):
        await link.receive()
    link.close()


async def test_a_member_that_stands_still_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SILENCE_SECONDS", 0.01)
    near, far = io_streams()
    link = peer_stream_on(near)
    await far.write(b"P\0\0")
    with pytest.raises(Unreachable, match="nothing came for"):
        await link.receive()
    link.close()


async def test_a_member_that_was_only_late_is_told_why_the_connection_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A connection that breaks would prove to it that the other member is gone.
    near, far = peer_streams()
    monkeypatch.setattr(link_module, "SILENCE_SECONDS", 0.0)
    with pytest.raises(PeerSilent):
        await near.receive()
    near.close()
    monkeypatch.undo()
    with pytest.raises(Refused) as caught:
        await far.wait_for_end()
    assert caught.value.code == SILENT
    far.close()


async def test_beats_keep_a_quiet_link_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "BEAT_SECONDS", 0.001)
    near, far = io_streams()
    link = peer_stream_on(near)
    for _ in range(3):
        assert (await far.read_bytes(BEAT_BYTES))[:5] == BEAT
    link.close()


def test_what_is_sent_is_a_beat_too() -> None:
    async def test() -> None:
        near, far = io_streams()
        link = peer_stream_on(near)
        frames = []
        for _ in range(20):
            await asyncio.sleep(BEAT_SECONDS / 10)
            await link.send(FrameKind.PAGES, b"")
        for _ in range(20 + 4):
            frames.append((await far.read_bytes(BEAT_BYTES))[:1])
            if len(frames) == 21:
                silent_since = asyncio.get_running_loop().time()
        assert frames[:21] == [b"B"] + [b"P"] * 20, "the first one is there before any page"
        assert frames[21:] == [b"B"] * 3
        assert asyncio.get_running_loop().time() - silent_since == pytest.approx(3 * BEAT_SECONDS, abs=0.01)
        link.close()

    run(test())


async def test_a_closed_connection_is_nobody_on_both_sides() -> None:
    one, other = peer_streams()
    one.close()
    with pytest.raises(Unreachable):
        await other.receive()
    with pytest.raises(Unreachable):
        await other.send(FrameKind.PAGES, b"x")
    other.close()


async def test_the_end_says_why_once_and_closes_only_when_it_is_heard() -> None:
    one, other = peer_streams()
    await one.send_end("taken_over", "a newer source has come")
    await one.send_end("moved", "never said")
    one.close()
    kind, data = await other.receive()
    assert kind is FrameKind.END
    reason = EndFrame.parse(data).as_refusal()
    assert (reason.code, reason.message) == ("taken_over", "a newer source has come")
    await other.send(FrameKind.PAGES, b"it still stands")
    other.close()
    assert await one.receive() == (FrameKind.PAGES, b"it still stands")
    with pytest.raises(Unreachable):
        await one.receive()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b'{"error": "x"}', b"\xff"])
def test_an_end_without_a_reason_is_one_too(data: bytes) -> None:
    reason = EndFrame.parse(data).as_refusal()
    assert isinstance(reason, Refused)
    assert reason.code == "unknown"


def test_no_beat_follows_an_end_or_a_close() -> None:
    async def test() -> None:
        (ended, far), (closed, _) = io_streams(), io_streams()
        ended_link, closed_link = peer_stream_on(ended), peer_stream_on(closed)
        await asyncio.sleep(0.1)
        await far.read_bytes(BEAT_BYTES)
        await ended_link.send_end("moved", "elsewhere")
        closed_link.close()
        _, size = struct.unpack(">cI", await far.read_bytes(5))
        await far.read_bytes(size + FRAME_MAC_BYTES)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "each would end with its next beat only"
        with pytest.raises(StreamClosedError):
            await far.read_bytes(1)

    run(test())


def test_an_end_that_is_not_read_closes_the_connection_after_a_while_and_no_beat_follows() -> None:
    async def test() -> None:
        near, far = io_streams()
        link = peer_stream_on(near)
        await asyncio.sleep(0.1)
        assert (await far.read_bytes(BEAT_BYTES))[:5] == BEAT
        await link.send_end("moved", "elsewhere")
        link.close()
        kind, size = struct.unpack(">cI", await far.read_bytes(5))
        await far.read_bytes(size + FRAME_MAC_BYTES)
        assert kind == b"E"
        await asyncio.sleep(LINGER_SECONDS - 0.1)
        await far.write(b"still open")
        await asyncio.sleep(0.2)
        with pytest.raises(StreamClosedError):
            await far.write(b"closed")
        with pytest.raises(StreamClosedError):
            await far.read_bytes(1)

    run(test())


def test_silence_is_noticed_after_its_time_and_beats_come_more_often() -> None:
    async def test() -> None:
        near, far = io_streams()
        link = peer_stream_on(near)
        began_at = asyncio.get_running_loop().time()
        with pytest.raises(Unreachable, match="nothing came for 2 s"):
            await link.receive()
        assert asyncio.get_running_loop().time() - began_at == pytest.approx(SILENCE_SECONDS)
        beats = [await far.read_bytes(BEAT_BYTES) for _ in range(int(SILENCE_SECONDS / BEAT_SECONDS))]
        assert [beat[:5] for beat in beats] == [BEAT] * 4
        assert len(set(beats)) == 4, "each has a MAC of its own"
        link.close()

    run(test())


def test_members_send_something_twice_a_second() -> None:
    async def test() -> None:
        near, far = io_streams()
        link = peer_stream_on(near)
        began_at = asyncio.get_running_loop().time()
        for _ in range(21):
            await far.read_bytes(BEAT_BYTES)
        assert asyncio.get_running_loop().time() - began_at == pytest.approx(10)
        link.close()

    run(test())


def test_an_end_that_is_not_taken_is_given_up_after_a_second() -> None:
    async def test() -> None:
        near, far = io_streams()
        link = peer_stream_on(near)

        async def write(data: bytes) -> None:
            await asyncio.Event().wait()

        near.write = write  # type: ignore[method-assign]
        began_at = asyncio.get_running_loop().time()
        await link.send_end("moved", "elsewhere")
        assert asyncio.get_running_loop().time() - began_at == pytest.approx(1.0)
        link.close()
        reading = asyncio.ensure_future(far.read_bytes(100))
        await asyncio.sleep(0.9)
        assert not reading.done(), "it may be read yet"
        await asyncio.sleep(0.2)
        with pytest.raises(StreamClosedError):
            await reading

    run(test())


async def test_who_waits_for_the_end_drops_all_before_it() -> None:
    one, other = peer_streams()
    await one.send(FrameKind.PAGES, b"a page")
    await one.send(FrameKind.SOURCE, b"1-1 0")
    await one.send_end("moved", "m" * 1000)
    with pytest.raises(Refused) as refused:
        await other.wait_for_end()
    assert (refused.value.status, refused.value.code) == (0, "moved")
    assert refused.value.message == "m" * 300, "the other side's words are bounded"
    other.close()
