"""A timeline that gets packets in real time, by a clock of its own."""

from audiocast.hls.timeline import Timeline
from audiocast.ogg.headers import OpusHead

STEREO = OpusHead(2, 312)
MONO = OpusHead(1, 312)
FIRST = 1000
FIRST_CUT = 7
BEGAN_AT = 1_800_000_000.0


class Feed:
    """One timeline.

    Attributes:
        sent: All packets so far.
    """

    def __init__(self) -> None:
        self.timeline = Timeline("abc", FIRST, FIRST_CUT)
        self.timeline.start_bitstream(STEREO)
        self.now = BEGAN_AT
        self.sent: list[tuple[bytes, int]] = []

    def packets(self, count: int, *, samples: int = 960, size_bytes: int = 40) -> int:
        """Send packets one by one; say how many parts that made."""
        parts = 0
        for _ in range(count):
            self.now += samples / 48_000
            packet = (len(self.sent).to_bytes(4, "big").ljust(size_bytes, b"\0"), samples)
            self.sent.append(packet)
            parts += self.timeline.append([packet], self.now)
        return parts

    def seconds(self, seconds: float) -> int:
        """Send so much audio in packets of 20 ms; say how many parts that made."""
        return self.packets(round(seconds * 50))
