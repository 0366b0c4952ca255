"""Frames of one connection: the other side's, each once, in their order."""

import pytest

from audiocast.cluster.errors import Unproven
from audiocast.cluster.protocol import NONCE_HEADER, PeerRequest
from audiocast.cluster.signature.frame_macs import FrameMacs
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer

FRAME_MAC_BYTES = 16

A, B = Identity("a", "1"), Identity("b", "2")
REQUEST = PeerRequest("POST", "/internal/relay/abc")


class Ends:
    """Both ends of a connection, opened by a request and its answer."""

    def __init__(self, secret: str = "a-secret-of-the-cluster") -> None:
        self.asks, self.answers = Signer([secret], A), Signer([secret], B)
        request = self.asks.sign_request(REQUEST, B, 1_800_000_000)
        answer = self.answers.sign_answer(request, 200, {NONCE_HEADER: "17"}, b"")
        self.near: FrameMacs = self.asks.frame_macs(request, answer, is_answerer=False)
        self.far: FrameMacs = self.answers.frame_macs(request, answer, is_answerer=True)


def test_frames_come_through_both_ways() -> None:
    ends = Ends()
    for number in range(1000):
        frame = b"frame %d" % (number // 2)
        mac = ends.near.sign(frame)
        assert len(mac) == FRAME_MAC_BYTES
        ends.far.check(frame, mac)
        ends.near.check(frame, ends.far.sign(frame))
    assert (ends.asks.rejections.frames, ends.answers.rejections.frames) == (0, 0)


def forgeries(ends: Ends) -> dict[str, tuple[bytes, bytes]]:
    """Give frames that the near side has not sent as its second one, with their MACs."""
    other = Ends()
    first = ends.near.sign(b"first")
    ends.far.check(b"first", first)
    second = ends.near.sign(b"second")
    third = ends.near.sign(b"third")
    other.near.sign(b"first")
    return {
        "changed": (b"secone", second),
        "another MAC": (b"second", bytes(FRAME_MAC_BYTES)),
        "no MAC": (b"second", b""),
        "shorter": (b"second", second[:-1]),
        "repeated": (b"first", first),
        "one left out": (b"third", third),
        "of the other direction": (b"first", ends.far.sign(b"first")),
        "of another connection": (b"second", other.near.sign(b"second")),
        "of another secret": (b"second", Ends("another-secret").near.sign(b"second")),
    }


@pytest.mark.parametrize("kind", forgeries(Ends()))
def test_anything_else_is_forged(kind: str) -> None:
    ends = Ends()
    with pytest.raises(Unproven, match="expected the next frame"):
        ends.far.check(*forgeries(ends)[kind])
    assert ends.answers.rejections.frames == 1
