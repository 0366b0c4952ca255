"""The MACs on one connection that carries audio. Pure.

The keys come of the MACs of the request and of the answer that opened the connection, so each side has put a
random number of its own into them, and no frame of another connection fits. Each direction has its own key,
and each frame its number: what is left out, comes twice, in another order or from the other direction fits
neither.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable

from audiocast.cluster.errors import Unproven

# What is left of HMAC-SHA256 after truncation (RFC 2104 section 5).
FRAME_MAC_BYTES = 16

_NUMBER = struct.Struct(">Q")


class FrameMacs:
    """Makes the MACs of the frames that this side sends, and checks those of the other side.

    Args:
        outgoing: Key of the frames that this side sends.
        incoming: Key of the frames that the other side sends.
        on_forged: Called when a frame is not the other side's.
    """

    def __init__(self, outgoing: bytes, incoming: bytes, on_forged: Callable[[], None]) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._on_forged = on_forged
        self._sent = 0
        self._received = 0

    def sign(self, frame: bytes) -> bytes:
        """Return the MAC of the next frame that is sent, `FRAME_MAC_BYTES` long."""
        mac = _mac(self._outgoing, self._sent, frame)
        self._sent += 1
        return mac

    def check(self, frame: bytes, mac: bytes) -> None:
        """Check the next frame that came.

        Raises:
            Unproven: The other side has not sent it, or not as its next one.
        """
        if not hmac.compare_digest(_mac(self._incoming, self._received, frame), mac):
            self._on_forged()
            raise Unproven("expected the next frame of the other member, got one that it has not sent")
        self._received += 1


def _mac(key: bytes, number: int, frame: bytes) -> bytes:
    return hmac.digest(key, _NUMBER.pack(number) + frame, hashlib.sha256)[:FRAME_MAC_BYTES]
