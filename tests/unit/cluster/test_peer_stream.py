"""Frames between two members: whole, in order, bounded, and never silent for long."""

import struct

import pytest

from audiocast.cluster import peer_stream as link_module
from audiocast.cluster.errors import BadFrame, Refused, Unreachable
from audiocast.cluster.peer_stream import MAX_FRAME_BYTES, Kind, ended
from tests.unit.cluster.fake_stream import link_on, links, streams


async def test_frames_come_whole_and_in_order_and_beats_are_not_given() -> None:
    one, other = links()
    sent = [(Kind.ORIGIN, b"1-1 0"), (Kind.PAGES, b"a" * MAX_FRAME_BYTES), (Kind.PAGES, b"")]
    for kind, data in sent:
        await one.send(Kind.BEAT)
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
    near, far = streams()
    link = link_on(near)
    await far.write(frame)
    with pytest.raises(BadFrame, match=message):
        await link.receive()
    link.close()


async def test_a_member_that_stands_still_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SILENCE_SECONDS", 0.01)
    near, far = streams()
    link = link_on(near)
    await far.write(b"P\0\0")
    with pytest.raises(Unreachable, match="nothing came for"):
        await link.receive()
    link.close()


async def test_beats_keep_a_quiet_link_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "BEAT_SECONDS", 0.001)
    near, far = streams()
    link = link_on(near)
    for _ in range(3):
        assert await far.read_bytes(5) == b"B\0\0\0\0"
    link.close()


async def test_a_closed_connection_is_nobody_on_both_sides() -> None:
    one, other = links()
    one.close()
    with pytest.raises(Unreachable):
        await other.receive()
    with pytest.raises(Unreachable):
        await other.send(Kind.PAGES, b"x")
    other.close()


async def test_the_end_says_why_once_and_closes_only_when_it_is_heard() -> None:
    one, other = links()
    await one.end("taken_over", "a newer source has come")
    await one.end("moved", "never said")
    one.close()
    kind, data = await other.receive()
    assert kind is Kind.END
    reason = ended(data)
    assert (reason.code, reason.message) == ("taken_over", "a newer source has come")
    await other.send(Kind.PAGES, b"it still stands")
    other.close()
    assert await one.receive() == (Kind.PAGES, b"it still stands")
    with pytest.raises(Unreachable):
        await one.receive()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b'{"error": "x"}', b"\xff"])
def test_an_end_without_a_reason_is_one_too(data: bytes) -> None:
    reason = ended(data)
    assert isinstance(reason, Refused)
    assert reason.code == "unknown"
