"""How much faster than real time a source may be: two leaky buckets, one of audio and one of bytes.

What comes in fills them, time empties them. A source in real time keeps both nearly empty, whatever its
jitter; one that pours a file into the server fills them at once; without the limit, every listener would get
its rush as delay.
"""

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.errors import TooFast

BITS = 8


class RateLimit:
    """Bounds one source.

    Args:
        max_kbps: Bound of the mean rate of bytes, kbit/s of the whole body. 0: there are no bounds at all.
        lead_seconds: How far ahead of real time the audio may be (and how many seconds' worth of bytes may
            come at once). Covers what an encoder sends at its start, and after a network that stood still.
        now: The clock's seconds.
    """

    def __init__(self, *, max_kbps: int, lead_seconds: float, now: float) -> None:
        self._max_kbps = max_kbps
        self._lead_seconds = lead_seconds
        self._bytes_per_second = max_kbps * 1000 / BITS
        self._audio_seconds = 0.0
        self._bytes = 0.0
        self._emptied_at = now

    def charge(self, *, size_bytes: int, samples: int, now: float) -> None:
        """Charge the buckets with what has come in.

        Raises:
            TooFast: A bucket has run over.
        """
        if not self._max_kbps:
            return
        elapsed = now - self._emptied_at
        self._emptied_at = now
        self._audio_seconds = max(0.0, self._audio_seconds - elapsed) + samples / SAMPLE_RATE
        self._bytes = max(0.0, self._bytes - elapsed * self._bytes_per_second) + size_bytes
        if self._audio_seconds > self._lead_seconds:
            raise TooFast(
                f"expected audio in real time, at most {self._lead_seconds:g} s ahead of it, "
                f"got {self._audio_seconds:.1f} s ahead; with ffmpeg, add -re before -i"
            )
        if self._bytes > self._lead_seconds * self._bytes_per_second:
            raise TooFast(f"expected at most {self._max_kbps} kbit/s, got more for {self._lead_seconds:g} s")
