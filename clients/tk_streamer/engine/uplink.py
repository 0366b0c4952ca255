"""One connection of a broadcast: takes packets from the queue, makes a bitstream of them, sends it.

An uplink owns one thread and one socket. It never retries; it reports its end as an event. While a server
drains, two uplinks may be open at once: the packet queue decides which of them gets the next packet.
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

# How long a replaced connection stays open. By then the server has audio of the new connection, and sees a
# source that was taken over, not one that was lost.
LINGER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class UplinkOpened:
    """A connection is open, and the head of its request is sent."""

    uplink: Uplink


@dataclass(frozen=True, slots=True)
class UplinkClosed:
    """A connection has ended; `trouble` is None after a proper end."""

    uplink: Uplink
    trouble: Trouble | None


class SentTotals:
    """What all connections of a broadcast have sent together. One thread at a time writes it."""

    def __init__(self) -> None:
        self.bytes = 0
        self.seconds = 0.0


class Uplink:
    """Connects at once, on a thread of its own; reports `UplinkOpened`, and `UplinkClosed` at the end.

    The end is proper if the last packet was sent and the server has confirmed it.

    Args:
        credentials: The stream's ingest address and key.
        packet_queue: Read from `start_sending` on.
        make_tags: Returns the tags of the bitstream; called when the bitstream begins.
        sent: Counts the bytes and seconds that were sent.
        report: Called with `UplinkOpened` and `UplinkClosed`, on the uplink's thread.
        number: Part of the thread's name.
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
        self._credentials = credentials
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
        """Become the reader of the packet queue; the first packet is sent after `delay_seconds`."""
        self._packet_queue.set_reader(self)
        self._delay_seconds = delay_seconds
        self._may_send.set()

    def abort(self) -> None:
        """Break the connection. Returns at once."""
        self._must_end.set()
        self._may_send.set()
        self._session.abort()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread, at most `seconds`; return whether it has ended."""
        return self._thread.join(seconds)

    def _send(self) -> Trouble | None:
        with self._session as session:
            pages = self._pages()
            upload(session, self._credentials.ingest_url, key=self._credentials.ingest_key, pages=pages)
        return None if self._is_complete else Trouble.of_code("connection_lost", "the server ended it")

    def _pages(self) -> Iterator[bytes]:
        # The encoder thread sets the head before it reports that a connection may be opened.
        assert self._packet_queue.opus_head is not None
        muxer = LiveMuxer(self._packet_queue.opus_head, self._make_tags())
        # The header pages go out at once, so that the server sees that this is an Ogg Opus source.
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
        # A newer connection is the reader now.
        self._must_end.wait(LINGER_SECONDS)

    def _counted(self, pages: bytes, seconds: float = 0.0) -> bytes:
        self._sent.bytes += len(pages)
        self._sent.seconds += seconds
        return pages
