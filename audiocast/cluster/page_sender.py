"""Sends the pages of a hub's source to another member: from front to owner, from owner to edge."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

import structlog

from audiocast.cluster.peer_stream import MAX_FRAME_BYTES, FrameKind, PeerStream, SourceFrame
from audiocast.stream.hub import Hub
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()

# How long a page of an unknown chain segment is waited for. The other side may have heard more of the source
# than has come here, when an owner that is new to the stream still gets the pages before; or it was away for
# longer than the log goes back, and then it has waited for much longer than this.
UNKNOWN_SEGMENT_SECONDS = 1.0


async def send_pages(
    hub: Hub, peer_stream: PeerStream, *, source_id: SourceId | None, last_page: Position | None
) -> None:
    """Send the pages that the other side has not got, then each page as it comes. Never returns by itself.

    Args:
        hub: Must log its sources.
        peer_stream: To the other side. The caller closes it.
        source_id: The source that the other side knows.
        last_page: The last page of that source that the other side has; None: no page.

    Raises:
        audiocast.cluster.errors.Unreachable: The other side is gone.
    """
    pages = hub.source_log
    assert pages is not None, "a node with members logs its sources"
    hub.deferred_read.make_now()
    grown = asyncio.Event()
    pages.on_growth.add(grown.set)
    hub.on_change.add(grown.set)
    sent: SourceId | None = None
    cursor = pages.end
    loop = asyncio.get_running_loop()
    patient_until = loop.time() + UNKNOWN_SEGMENT_SECONDS
    try:
        while True:
            grown.clear()
            now = hub.source_id
            if now is not None and now != sent:
                is_known = now != source_id or last_page is None or pages.has_any_of(last_page.serial)
                if not is_known and loop.time() < patient_until:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(grown.wait(), patient_until - loop.time())
                    continue
                # All of it as of now, before anything is waited for: the next source may come meanwhile.
                is_new = now != source_id
                rest = pages.rest_of(source_id, last_page if sent is None else cursor) if is_new else []
                frame = SourceFrame(now, hub.generation).build() if is_new else b""
                headers, cursor = pages.after(None if is_new else last_page)
                sent = source_id = now
                await _send(peer_stream, rest)
                if frame:
                    await peer_stream.send(FrameKind.SOURCE, frame)
                await _send(peer_stream, [headers] if headers else [])
                continue
            # What came last of a source that is gone too.
            if sent is not None and cursor < pages.end:
                if cursor < pages.first:
                    log.warning("peer_too_slow", stream_id=hub.stream_id, pages_lost=pages.first - cursor)
                batch = pages.pages(cursor)
                cursor = pages.end
                await _send(peer_stream, batch)
                continue
            await grown.wait()
    finally:
        pages.on_growth.discard(grown.set)
        hub.on_change.discard(grown.set)


async def _send(peer_stream: PeerStream, pages: Sequence[bytes]) -> None:
    for frame in _frames(pages):
        await peer_stream.send(FrameKind.PAGES, frame)


def _frames(pages: Sequence[bytes]) -> Iterator[bytes]:
    """Join pages into frames of whole pages, as few as the bound allows."""
    frame: list[bytes] = []
    size = 0
    for page in pages:
        if frame and size + len(page) > MAX_FRAME_BYTES:
            yield b"".join(frame)
            frame, size = [], 0
        frame.append(page)
        size += len(page)
    if frame:
        yield b"".join(frame)
