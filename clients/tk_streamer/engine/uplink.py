"""One connection of a broadcast: takes packets from the queue, makes a bitstream of them, sends it.

It owns one thread and one socket. It never retries; how it ended goes to `control` as an event. Two may be
open at once while a server drains: the packet_queue says which of them gets the next packet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from audiocast.ogg.headers import OpusTags
from tk_streamer.audio.muxer import LiveMuxer
from tk_streamer.engine.engine_thread import EngineThread
from tk_streamer.engine.packet_queue import PacketQueue
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.streams import StreamCredentials
from tk_streamer.server.upload import upload
from tk_streamer.trouble import Trouble

# How long a connection that another one has replaced is kept: the server has the new one's audio by then, and
# sees a source that was taken over, not one that was lost.
LINGER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class UplinkOpened:
    """A connection stands, and the head of its request is out."""

    uplink: Uplink


@dataclass(frozen=True, slots=True)
class UplinkClosed:
    """A connection is no more; without a trouble it has ended as it should."""

    uplink: Uplink
    trouble: Trouble | None


class SentTotals:
    """What all connections of a broadcast have sent together; written by one thread at a time."""

    def __init__(self) -> None:
        self.bytes = 0
        self.seconds = 0.0


class Uplink:
    """Connects at once, on a thread of its own; tells `UplinkOpened`, and `UplinkClosed` at the end.

    A connection that has sent the last packet, and whose server has confirmed it, ends without a trouble.

    Args:
        credentials: The stream.
        packet_queue: Where packets come from, from `start_sending` on.
        make_tags: Gives what the bitstream says about itself, when it begins.
        sent: Where sent bytes and seconds are counted.
        report: Gets `UplinkOpened` and `UplinkClosed`, on the thread of the connection.
        number: For the name of the thread.
    """

    def __init__(
        self,
        credentials: StreamCredentials,
        packet_queue: PacketQueue,
        make_tags: Callable[[], OpusTags],
        sent: SentTotals,
        report: Callable[[UplinkOpened | UplinkClosed], None],
        *,
        number: int,
    ) -> None:
        self._ticket = credentials
        self._packet_queue = packet_queue
        self._make_tags = make_tags
        self._sent = sent
        self._report = report
        self._may_send = threading.Event()
        self._must_end = threading.Event()
        self._is_complete = False
        self._delay_seconds = 0.0
        self._session = LiveSession()
        self._thread = EngineThread(
            f"uplink {number}", self._send, lambda trouble: report(UplinkClosed(self, trouble))
        )
        self._thread.start()

    def start_sending(self, *, delay_seconds: float = 0.0) -> None:
        """Give it the packets from the next one on; it sends the first of them after a moment."""
        self._packet_queue.set_reader(self)
        self._delay_seconds = delay_seconds
        self._may_send.set()

    def abort(self) -> None:
        """Break the connection now."""
        self._must_end.set()
        self._may_send.set()
        self._session.abort()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        return self._thread.join(seconds)

    def _send(self) -> Trouble | None:
        with self._session as session:
            pages = self._pages()
            upload(session, self._ticket.ingest_url, key=self._ticket.ingest_key, pages=pages)
        return None if self._is_complete else Trouble.of_code("connection_lost", "the server ended it")

    def _pages(self) -> Iterator[bytes]:
        # Known before any connection is opened; see `EncoderThread`.
        assert self._packet_queue.opus_head is not None
        muxer = LiveMuxer(self._packet_queue.opus_head, self._make_tags())
        # At once, so that the server sees who has come.
        yield self._counted(muxer.header_pages())
        self._report(UplinkOpened(self))
        self._may_send.wait()
        self._must_end.wait(self._delay_seconds)
        while (queued := self._packet_queue.get(self)) is not None:
            if queued.is_last:
                yield self._counted(muxer.last_page(queued.packet, queued.surplus_samples), queued.seconds)
                self._is_complete = True
                return
            assert queued.packet is not None
            yield self._counted(muxer.audio_page([queued.packet]), queued.seconds)
        # Another one has taken its place.
        self._must_end.wait(LINGER_SECONDS)

    def _counted(self, pages: bytes, seconds: float = 0.0) -> bytes:
        self._sent.bytes += len(pages)
        self._sent.seconds += seconds
        return pages
