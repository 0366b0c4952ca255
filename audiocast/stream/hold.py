"""Silence in real time, for a stream whose source is away.

Padded to the stream's own byte rate: an `<audio>` element reads in blocks of 32 KiB and starves on the 3-byte
packets of plain digital silence (15 s of those stopped Chromium and Firefox for 12 s).
"""

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.silence import MAX_SILENCE_BYTES, SILENCE_SAMPLES, silence_packet
from audiocast.stream.muxer import TimedPacket

TICK_SECONDS = 0.1
"""How often silence is made; five packets at a time."""

PACKET_SECONDS = SILENCE_SAMPLES / SAMPLE_RATE


class Hold:
    """One absence of a stream's source.

    Args:
        opus_head: Of the stream.
        bytes_per_second: What its listeners got until now, in bytes of packets.
        now: The clock's seconds.
    """

    def __init__(self, opus_head: OpusHead, *, bytes_per_second: float, now: float) -> None:
        self.since = now
        self._made = 0
        self._packet = silence_packet(
            opus_head, min(round(bytes_per_second * PACKET_SECONDS), MAX_SILENCE_BYTES)
        )

    def silence(self, now: float) -> list[TimedPacket]:
        """Give the packets that are due since the last call, so that silence lasts as long as the absence."""
        due = int((now - self.since) / PACKET_SECONDS) - self._made
        self._made += due
        return [(self._packet, SILENCE_SAMPLES)] * due
