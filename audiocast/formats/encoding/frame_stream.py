"""Frames of one encoding to its listeners: MP3 and AAC have a backlog and a fan-out as Ogg's pages have.

A "page" here is one frame, or a block of them with a title. Nothing of it has a number, so a listener that is
moved ahead is moved, and no more; and there is no page that marks an end.
"""

from collections.abc import Iterator

from audiocast.stream.audience.listen import Listen
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.bitstream import ListenerSession
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.listener import Listener, Sink
from audiocast.stream.hub_state import HubLimits

_NO_PAGE = StreamPage(b"", 0, 0, 0.0)


class FrameListener(Listener):
    """A listener whose frames have no numbers."""

    __slots__ = ()

    def skip_to(self, index: int, granule: int) -> None:
        """See `Listener`."""
        self.cursor, self.next_granule = index, granule

    def numbered(self, page: StreamPage) -> bytes:
        """See `Listener`."""
        return page.data


class FrameFanout(Fanout):
    """Serves listeners whose frames have no numbers."""

    _listener_type = FrameListener


class FrameStream:
    """What has one encoding's listeners, all or those that want titles.

    Args:
        clock, counters: See `Bitstream`.
        limits: Likewise.
    """

    def __init__(self, clock: Clock, counters: Counters, limits: HubLimits) -> None:
        self._backlog = Backlog(max_seconds=limits.backlog_seconds, max_bytes=limits.backlog_bytes)
        self.fanout: Fanout = FrameFanout(self._backlog, clock, counters, limits.fanout)
        self._end_samples = 0
        self._is_new = False

    def append(self, data: bytes, samples: int, now: float) -> None:
        """Add a frame; `flush` has it sent."""
        self._end_samples += samples
        self._is_new = True
        self._backlog.append(StreamPage(data, samples, self._end_samples, now))

    def flush(self) -> None:
        """Have what was added sent in the next pass."""
        if self._is_new:
            self._is_new = False
            self.fanout.wake()

    def frames(self) -> Iterator[StreamPage]:
        """Return what the backlog holds."""
        return iter(self._backlog.pages(self._backlog.first, self._backlog.end))

    def join(
        self,
        sink: Sink,
        response_head: bytes,
        *,
        preroll_seconds: float,
        aim_seconds: float,
        listen: Listen | None = None,
    ) -> ListenerSession:
        """Add a listener; see `Fanout.join`."""
        listener = self.fanout.join(
            sink, response_head, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds, listen=listen
        )
        return ListenerSession(self, listener)

    def end_listener(self, listener: Listener, end: ListenEnd) -> None:
        """Send one listener what it lacks, and close it."""
        self.fanout.end(listener, end, lambda index, granule: _NO_PAGE)
