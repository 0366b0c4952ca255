"""Feeds a hub with a source's pages from another member, from one connection after the other.

The parser of a source outlives a connection: pages come whole, so the first page of the next connection fits
the last page of the one before.
"""

import asyncio
import contextlib
from collections.abc import Callable

from audiocast.cluster.peer_stream import EndFrame, FrameKind, PeerStream, SourceFrame
from audiocast.cluster.stream_requests import ResumePoint
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import SourceError, StreamError, TakenOver
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub import Hub
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position


class RelayReceiver:
    """Feeds one hub. Of its connections the newest counts.

    Args:
        hub: Fed with pages.
        clock: Seconds of the streams' clock.
        feed_scheduler: Of this node.
    """

    def __init__(self, hub: Hub, clock: Callable[[], float], feed_scheduler: FeedScheduler) -> None:
        self._hub = hub
        self._clock = clock
        self._feed_scheduler = feed_scheduler
        self._source: Source | None = None
        self._peer_stream: PeerStream | None = None
        self._endings: set[asyncio.Task[None]] = set()
        self._finished_source: SourceId | None = None

    @property
    def source_id(self) -> SourceId | None:
        """The hub's source, when it comes from another member."""
        source = self._source
        return source.source_id if source is not None and source is self._hub.source else None

    @property
    def last_page(self) -> Position | None:
        """The last page of `source_id` that is here."""
        return (
            self._hub.source_log.last
            if self._hub.source_log is not None and self.source_id is not None
            else None
        )

    @property
    def resume_point(self) -> ResumePoint | None:
        """The source that listeners here have heard last, and its last page: where the next one goes on."""
        last_page = self._hub.source_log.last if self._hub.source_log is not None else None
        source_id = self.source_id or self._finished_source
        if source_id is None or last_page is None:
            return None
        return ResumePoint(source_id, last_page)

    def process_received(self) -> None:
        """Process all pages that have come, so that `last_page` is the last of them.

        A connection that takes the place of this one goes on behind it.
        """
        # An error is not lost: the connection that has brought the page gets it with its next step.
        with contextlib.suppress(StreamError, OggError):
            while self._source is not None and self._source.process(self._clock()):
                pass

    def note_finished(self, source_id: SourceId) -> None:
        """Remember a source whose encoder was connected here: listeners here have heard all of it."""
        self._finished_source = source_id

    async def receive(
        self, peer_stream: PeerStream, source_id: SourceId | None, *, generation: int = 0
    ) -> None:
        """Feed the hub until the connection breaks. A connection in use is closed for this one.

        Args:
            peer_stream: From another member. Closed at the end.
            source_id: The source of the first pages, when no `SourceFrame` comes before them.
            generation: Generation of that source's key.

        Raises:
            audiocast.cluster.errors.Unreachable: The connection is broken.
            audiocast.cluster.errors.Refused: The other side has ended it, with its reason.
            audiocast.cluster.errors.BadMessage: What came is nothing that a member sends.
            audiocast.stream.errors.StreamError: The hub refuses the source; the other side is told.
            audiocast.ogg.errors.OggError: The pages are damaged; the other side is told.
        """
        self.process_received()
        before, self._peer_stream = self._peer_stream, peer_stream
        if before is not None and source_id is not None and source_id != self.source_id:
            self._send_end(before, TakenOver("a newer source has come through another member"))
        elif before is not None:
            before.close()
        if source_id is not None and source_id != self.source_id:
            self._start_source(source_id, generation)
        try:
            while True:
                kind, data = await peer_stream.receive()
                if kind is FrameKind.END:
                    raise EndFrame.parse(data).as_refusal()
                if self._peer_stream is not peer_stream:
                    # Another connection has taken its place, and the other side of this one is being told.
                    continue
                if kind is FrameKind.SOURCE:
                    frame = SourceFrame.parse(data)
                    self._start_source(frame.source_id, frame.generation)
                elif self._source is not None:
                    await self._feed(self._source, data)
        except (StreamError, OggError) as error:
            await peer_stream.send_end(error.code, str(error))
            raise
        finally:
            peer_stream.close()
            if self._peer_stream is peer_stream:
                self._peer_stream = None

    def close(self) -> None:
        """Close the connection; the hub keeps its pages."""
        if self._peer_stream is not None:
            self._peer_stream.close()

    async def _feed(self, source: Source, data: bytes) -> None:
        source.receive(data, self._clock())
        rest = self._feed_scheduler.run(source.step)
        if rest is not None:
            await rest

    def _start_source(self, source_id: SourceId, generation: int) -> None:
        rate_limit = RateLimit(max_kbps=0, lead_seconds=0, now=self._clock())

        def dismiss(error: SourceError) -> None:
            # A newer source has come another way, and what still comes on this connection is old. A newer one
            # that came on this connection is no reason to end it.
            if self._source is source and self._peer_stream is not None:
                self._send_end(self._peer_stream, error)

        source = self._source = Source(
            self._hub,
            source_id=source_id,
            rate_limit=rate_limit,
            generation=generation,
            dismiss=dismiss,
            is_relayed=True,
        )

    def _send_end(self, peer_stream: PeerStream, error: SourceError) -> None:
        ending = asyncio.ensure_future(peer_stream.send_end(error.code, str(error)))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
