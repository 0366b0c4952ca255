"""A hub's source, page by page, onto a link: from the front to the owner, and from the owner to an edge."""

import asyncio
from collections.abc import Iterator, Sequence

import structlog

from audiocast.cluster.peer_stream import MAX_FRAME_BYTES, Kind, Link
from audiocast.stream.hub import Hub
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()


async def follow(hub: Hub, link: Link, *, source_id: SourceId | None, had: Position | None) -> None:
    """Send what the other side has not got, and then each page as it comes. Never returns by itself.

    Args:
        hub: With a log of its sources.
        link: To the other side.
        source_id: The source that the other side knows.
        had: The newest page of it that the other side has.

    Raises:
        audiocast.cluster.errors.Unreachable: The other side is gone.
    """
    pages = hub.source_log
    assert pages is not None, "a node with members logs its sources"
    grown = asyncio.Event()
    pages.on_growth.add(grown.set)
    hub.on_change.add(grown.set)
    sent: SourceId | None = None
    cursor = pages.end
    try:
        while True:
            grown.clear()
            now = hub.source_id
            if now is not None and now != sent:
                if now != source_id:
                    await link.send(Kind.ORIGIN, f"{now} {hub.generation}".encode())
                headers, cursor = pages.after(had if now == source_id else None)
                sent = source_id = now
                had = None
                await _send(link, [headers] if headers else [])
                continue
            if now is not None and cursor < pages.end:
                if cursor < pages.first:
                    log.warning("link_too_slow", stream_id=hub.stream_id, pages_lost=pages.first - cursor)
                batch = pages.pages(cursor)
                cursor = pages.end
                await _send(link, batch)
                continue
            await grown.wait()
    finally:
        pages.on_growth.discard(grown.set)
        hub.on_change.discard(grown.set)


async def _send(link: Link, pages: Sequence[bytes]) -> None:
    for frame in _frames(pages):
        await link.send(Kind.PAGES, frame)


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
