"""One logical bitstream as its listeners get it: the muxer, backlog and fan-out that belong together."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.silence import MAX_SILENCE_BYTES, SILENCE_SAMPLES, silence_packet
from audiocast.stream.audience.listen import Listen
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.backlog import Backlog
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.listener import Listener, Sink
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.muxer import OggMuxer, TimedPacket, page_packets
from audiocast.stream.read_pacer import TURN_SECONDS, UNHEARD_SECONDS
from audiocast.stream.tap import Tap, Taps

# Of muted sound, where nothing was heard before: 64 kbit/s.
MUTED_BYTES_PER_SECOND = 8_000.0


def paced_silence(opus_head: OpusHead, bytes_per_second: float) -> bytes:
    """Return a packet of silence that is as long as the audio of a stream with so many bytes a second."""
    size_bytes = min(round(bytes_per_second * SILENCE_SAMPLES / SAMPLE_RATE), MAX_SILENCE_BYTES)
    return silence_packet(opus_head, size_bytes)


class Bitstream:
    """Lives from the first audio of a stream to its end.

    Args:
        muxer: Makes the pages.
        clock: Time and timers.
        counters: Of this node; the fan-out adds to it.
        taps: Get the packets too.
        limits: Bounds of the backlog and of the fan-out.

    Attributes:
        gap_samples: Silence that was sent in gaps so far.
    """

    def __init__(
        self, muxer: OggMuxer, clock: Clock, counters: Counters, taps: Taps, limits: HubLimits
    ) -> None:
        self.muxer = muxer
        self.gap_samples = 0
        self._taps = taps
        # What listeners get instead of muted packets, made with the first of them, and what is owed of it.
        self._mute_packet: bytes | None = None
        self._owed_samples = 0
        self._flushes_at_once = limits.fanout.flush_interval_seconds < 2 * TURN_SECONDS
        self.backlog = Backlog(max_seconds=limits.backlog_seconds, max_bytes=limits.backlog_bytes)
        self.fanout = Fanout(self.backlog, clock, counters, limits.fanout)

    @property
    def read_seconds(self) -> float:
        """How long what the source sends may wait to be read; 0 while its pages are wanted when they come."""
        fanout = self.fanout
        if self._taps or fanout.has_live_listeners:
            return 0.0
        if not fanout.count:
            return UNHEARD_SECONDS
        return 0.0 if self._flushes_at_once else fanout.interval_seconds

    def header_pages(self, tags: OpusTags) -> bytes:
        """Return what a listener that joins now gets first.

        Args:
            tags: Comments of what is on now.
        """
        self.muxer.set_tags(tags)
        return self.muxer.header_pages

    def append(self, packets: Sequence[TimedPacket], now: float, *, eos: bool = False) -> None:
        """Make pages of packets, and have them sent in the next pass."""
        for page in self.muxer.pages(packets, now, eos=eos):
            self.backlog.append(page)
        self.fanout.wake()
        if self._taps:
            self._taps.append(packets, now)

    def append_gap(self, packets: Sequence[TimedPacket], now: float) -> None:
        """Do as `append`, with silence that no source has sent."""
        self.append(packets, now)
        self.gap_samples += sum(samples for _, samples in packets)

    def append_silence(self, packets: Sequence[TimedPacket], now: float) -> Sequence[TimedPacket]:
        """Do as `append`, with silence in the place of the packets; it lasts as long as they do.

        Returns:
            The silence.
        """
        if self._mute_packet is None:
            pace = self.bytes_per_second() or MUTED_BYTES_PER_SECOND
            self._mute_packet = paced_silence(self.muxer.opus_head, pace)
        self._owed_samples += sum(samples for _, samples in packets)
        count, self._owed_samples = divmod(self._owed_samples, SILENCE_SAMPLES)
        silence = [(self._mute_packet, SILENCE_SAMPLES)] * count
        if count:
            self.append(silence, now)
        return silence

    def finish(self, now: float, end: ListenEnd) -> None:
        """Send a last page, 20 ms of silence marked as the end of the stream, and close the listeners."""
        self.append([(silence_packet(self.muxer.opus_head), SILENCE_SAMPLES)], now, eos=True)
        self.fanout.finish(end)

    def join(
        self,
        sink: Sink,
        first_bytes: bytes,
        *,
        preroll_seconds: float,
        aim_seconds: float,
        listen: Listen | None = None,
    ) -> "ListenerSession":
        """Add a listener; see `Fanout.join`."""
        listener = self.fanout.join(
            sink, first_bytes, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds, listen=listen
        )
        return ListenerSession(self, listener)

    def end_listener(self, listener: Listener, end: ListenEnd) -> None:
        """Send one listener a last page, and close it."""
        self.fanout.end(listener, end, self.muxer.last_page)

    def end_listeners(self) -> None:
        """Send each listener a last page, and close it: nobody may listen any more who may now."""
        for listener in self.fanout.open_listeners():
            self.end_listener(listener, ListenEnd.REVOKED)
        self._taps.end_listeners()

    def close_listeners(self, count: int) -> int:
        """Close at most `count` listeners, those of taps too; return how many were."""
        closed = self.fanout.close_listeners(count)
        return closed + self._taps.close_listeners(count - closed)

    def fill(self, tap: Tap) -> None:
        """Send `tap` what the backlog holds."""
        tap.start_bitstream(self.muxer.opus_head)
        for packets, arrived_at in self._backlog_packets():
            tap.append(packets, arrived_at)

    def _backlog_packets(self) -> Iterator[tuple[list[TimedPacket], float]]:
        """Return the packets of each page of the backlog, and when they would have come one after another.

        A source that sends seconds at once has made the first of them earlier than they came: the audio is in
        real time, and as late as it can be while no page comes after its arrival.

        They are cut out of the pages: kept beside them, they would double the memory of a backlog.
        """
        streams = self.muxer.opus_head.stream_count
        pages = self.backlog.pages(self.backlog.first, self.backlog.end)
        ends = list(accumulate(page.samples / SAMPLE_RATE for page in pages))
        began_at = min((page.arrived_at - end for page, end in zip(pages, ends, strict=True)), default=0.0)
        for page, end in zip(pages, ends, strict=True):
            packets = [(packet, packet_samples(packet, streams)) for packet in page_packets(page.data)]
            yield packets, began_at + end

    def bytes_per_second(self) -> float:
        """Return what one listener gets, Ogg's own bytes included, as a mean over the backlog."""
        backlog = self.backlog
        return backlog.size_bytes / backlog.seconds if backlog.seconds else 0.0


class EndsListeners(Protocol):
    """A bitstream, or what else has listeners."""

    def end_listener(self, listener: Listener, end: ListenEnd) -> None:
        """Send one listener a last page, if there is such a page, and close it."""


class ListenerSession:
    """A listener, as whoever has admitted it may end it.

    Args:
        bitstream: What it listens to.
        listener: One of that bitstream.
    """

    def __init__(self, bitstream: EndsListeners, listener: Listener) -> None:
        self._bitstream = bitstream
        self._listener = listener

    @property
    def is_open(self) -> bool:
        """Whether it still listens."""
        return self._listener.is_open

    def end_session(self, *, is_revoked: bool) -> None:
        """Send it a last page, and close it."""
        end = ListenEnd.REVOKED if is_revoked else ListenEnd.SESSION_OVER
        self._bitstream.end_listener(self._listener, end)
