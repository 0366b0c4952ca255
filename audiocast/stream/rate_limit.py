"""What a source may send: bounds of its rate, as leaky buckets. What comes in fills them, time empties them.

A source in real time keeps all of them nearly empty, whatever its jitter. One that pours a file into the
server fills them at once; without the limit, every listener would get its rush as delay.

    bucket           holds                        a second       at once
    audio            seconds of audio             1              the lead, 20 s by default
    bytes            bytes                        max_kbps       as many as in the lead
    chain segments   new Ogg streams              2              20
    decoder changes  new bitstreams of listeners  1              5
    faults           damaged pages and packets    5              50
    headers          bytes before the audio       4 million      4 million

Pages of headers are no audio, and a cover picture comes with each track at once. They fill a bucket of their
own, which refuses nothing: while it is too full, the source is not read, and waits.

While the server itself stands still, a source's audio waits in the kernel, and comes all at once when the
server goes on. So the seconds for which the server stood still are credited.
"""

from collections.abc import Callable

from audiocast.ogg.errors import OggError
from audiocast.ogg.opus import MIN_PACKET_SAMPLES, SAMPLE_RATE
from audiocast.stream.errors import TooDamaged, TooFast

BITS = 8

# What is read at once counts as so many bytes at least: a message of one byte costs as much work as a page.
# The smallest pages of speech at 12 kbit/s have about as many.
MIN_READ_BYTES = 64

# Jingles and the tracks of a file that is sent within the lead; the tags of each are shown to everybody.
MAX_CHAIN_SEGMENTS = 20
CHAIN_SEGMENTS_PER_SECOND = 2.0

# Each closes all listeners, whose players connect again.
MAX_DECODER_CHANGES = 5
DECODER_CHANGES_PER_SECOND = 1.0

# A file with a bad sector, headers in the middle of each track. At 20 ms a packet, a tenth may be damaged for
# ever; a source of which more is damaged is heard as noise. Each fault costs a search through a page at most.
MAX_FAULTS = 50
FAULTS_PER_SECOND = 5.0

# A picture of 4 MB, large for a cover, costs the server 10 ms: the headers of one source keep a processor
# busy for a hundredth of the time.
MAX_HEADER_BYTES = 4_000_000
HEADER_BYTES_PER_SECOND = 4_000_000.0

# Virtual machines are moved, and laptops sleep; who sends after a longer time has connected anew.
MAX_CREDIT_SECONDS = 120.0


class LeakyBucket:
    """One bound.

    Args:
        capacity: How much fits.
        per_second: How much of it time takes out in a second.
        now: The clock's seconds.
        stalled_seconds: For how long the server has stood still until now, since any fixed moment.

    Attributes:
        level: What is in it now. Below zero: a credit, which what comes uses up first.
    """

    def __init__(self, *, capacity: float, per_second: float, now: float, stalled_seconds: float) -> None:
        self.level = 0.0
        self._capacity = capacity
        self._per_second = per_second
        self._emptied_at = now
        self._stalled_seconds = stalled_seconds

    def add(self, amount: float, now: float, stalled_seconds: float) -> bool:
        """Add what has come; return whether it fits.

        Args:
            amount: How much has come.
            now: The clock's seconds.
            stalled_seconds: As at first, but until now. Time that the bucket did not need is lost, unless the
                server stood still in it: then it is credited, up to `MAX_CREDIT_SECONDS`.
        """
        if now > self._emptied_at:
            level = self.level - (now - self._emptied_at) * self._per_second
            if level < 0:
                credit = (stalled_seconds - self._stalled_seconds) * self._per_second
                lowest = max(min(self.level, 0.0) - credit, -MAX_CREDIT_SECONDS * self._per_second)
                level = max(level, lowest)
            self.level, self._emptied_at, self._stalled_seconds = level, now, stalled_seconds
        self.level += amount
        return self.level <= self._capacity

    def take_back(self, amount: float) -> None:
        """Take out what was added last, as far as it is still in; that is no credit."""
        self.level = max(self.level - amount, min(self.level, 0.0))

    @property
    def full_seconds(self) -> float:
        """For how long, from the last addition on, the bucket holds more than fits."""
        return max(0.0, self.level - self._capacity) / self._per_second


def _never_stalled() -> float:
    return 0.0


class RateLimit:
    """Bounds one source. What was read at once is charged as of that moment, whenever it is processed.

    Args:
        max_kbps: Bound of the mean rate of bytes, kbit/s of the whole body. 0: there are no bounds at all.
        lead_seconds: How far ahead of real time the audio may be (and how many seconds' worth of bytes may
            come at once). Covers what an encoder sends at its start, and after a network that stood still.
        now: The clock's seconds.
        stalled_seconds: Returns for how long this server has stood still since it started.
    """

    def __init__(
        self,
        *,
        max_kbps: int,
        lead_seconds: float,
        now: float,
        stalled_seconds: Callable[[], float] = _never_stalled,
    ) -> None:
        self._max_kbps = max_kbps
        self._lead_seconds = lead_seconds
        self._stalled_seconds = stalled_seconds
        self._read_at, self._stalled_at_read_seconds = now, stalled_seconds()
        bytes_per_second = max_kbps * 1000 / BITS
        self._audio = self._bucket(lead_seconds, 1.0)
        self._bytes = self._bucket(lead_seconds * bytes_per_second, bytes_per_second)
        self._chain_segments = self._bucket(MAX_CHAIN_SEGMENTS, CHAIN_SEGMENTS_PER_SECOND)
        self._decoder_changes = self._bucket(MAX_DECODER_CHANGES, DECODER_CHANGES_PER_SECOND)
        self._faults = self._bucket(MAX_FAULTS, FAULTS_PER_SECOND)
        self._headers = self._bucket(MAX_HEADER_BYTES, HEADER_BYTES_PER_SECOND)
        self._wait_seconds = 0.0

    def charge_read(self, size_bytes: int, now: float) -> None:
        """Charge what was read at once.

        Args:
            size_bytes: How much it is.
            now: The clock's seconds.

        Raises:
            TooFast: It is more than may come.
        """
        self._read_at, self._stalled_at_read_seconds = now, self._stalled_seconds()
        if size_bytes < MIN_READ_BYTES:
            size_bytes = MIN_READ_BYTES
        if self._max_kbps and not self._bytes.add(size_bytes, now, self._stalled_at_read_seconds):
            raise TooFast(f"expected at most {self._max_kbps} kbit/s, got more for {self._lead_seconds:g} s")

    @property
    def has_to_wait(self) -> bool:
        """Whether the source is to be read only after a while."""
        return self._wait_seconds > 0

    def take_wait_seconds(self) -> float:
        """Return how long not to read the source from now on; once, then it is 0 again."""
        seconds, self._wait_seconds = self._wait_seconds, 0.0
        return seconds

    def charge_headers(self, size_bytes: int) -> None:
        """Charge what is before the audio in a bucket of its own; when it was read it was charged as bytes.

        Args:
            size_bytes: Of a page without audio.
        """
        self._bytes.take_back(size_bytes)
        if not self._has_room(self._headers, size_bytes):
            self._wait_seconds = self._headers.full_seconds

    def charge_page(self, samples: int) -> None:
        """Charge a page and the audio on it. Any page counts as the shortest packet of audio at least.

        Raises:
            TooFast: It is more than may come.
        """
        if samples < MIN_PACKET_SAMPLES:
            samples = MIN_PACKET_SAMPLES
        if not self._has_room(self._audio, samples / SAMPLE_RATE):
            raise TooFast(
                f"expected audio in real time, at most {self._lead_seconds:g} s ahead of it, "
                f"got {self._audio.level:.1f} s ahead; with ffmpeg, add -re before -i"
            )

    def charge_chain_segment(self) -> None:
        """Charge a new Ogg stream on the source's connection.

        Raises:
            TooFast: It is more than may come.
        """
        if not self._has_room(self._chain_segments, 1):
            raise TooFast(
                f"expected at most {MAX_CHAIN_SEGMENTS} new Ogg streams at once and "
                f"{CHAIN_SEGMENTS_PER_SECOND:g} a second, got more; begin one with each track at most"
            )

    def charge_decoder_change(self) -> None:
        """Charge an Ogg stream that the decoders of listeners cannot go on with.

        Raises:
            TooFast: It is more than may come.
        """
        if not self._has_room(self._decoder_changes, 1):
            raise TooFast(
                f"expected at most {MAX_DECODER_CHANGES} changes of channels at once and "
                f"{DECODER_CHANGES_PER_SECOND:g} a second, got more; encode all tracks with the same settings"
            )

    def charge_fault(self, error: OggError) -> None:
        """Charge a page or packet that is damaged.

        Args:
            error: What is wrong with it.

        Raises:
            TooDamaged: Too many were.
        """
        if not self._has_room(self._faults, 1):
            raise TooDamaged(
                f"expected at most {MAX_FAULTS} damaged pages and packets at once and "
                f"{FAULTS_PER_SECOND:g} a second, got more; the last: {error}"
            )

    def _bucket(self, capacity: float, per_second: float) -> LeakyBucket:
        return LeakyBucket(
            capacity=capacity,
            per_second=per_second,
            now=self._read_at,
            stalled_seconds=self._stalled_at_read_seconds,
        )

    def _has_room(self, bucket: LeakyBucket, amount: float) -> bool:
        return not self._max_kbps or bucket.add(amount, self._read_at, self._stalled_at_read_seconds)
