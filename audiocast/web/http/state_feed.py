"""The state of a stream as events for the pages that watch it: made once for all pages of the stream.

A feed describes its stream when it has changed, and else after a pause; it makes an event of the description
when that differs from the last one, and writes the same bytes to every page. Only the newest state counts: a
page whose connection has not taken the last event whole is passed over, and gets the newest event later. So a
page costs one write for a change, and a slow one holds at most one event.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

import structlog

from audiocast.stream.hub import Hub
from audiocast.web.http.json_text import encode_json

log = structlog.get_logger()

# A comment line this often keeps proxies from closing, and finds connections that are gone.
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": still here\n\n"

# Pages that are sent new numbers in a second, at most: the more pages are open, the longer the pause of each.
PAGES_PER_SECOND = 500
MIN_PAUSE_SECONDS = 2.0

# After a change that was sent at once, the next one waits so long: a stream that changes its state all the
# time costs four events a second.
MIN_CHANGE_SECONDS = 0.25

# About 3 ms of writes, then the loop has its turn.
SLICE_PAGES = 50

# The bit rate changes all the time, and is not worth an event.
NO_EVENT_FIELDS: dict[str, object] = {"bitrate_bps": None}

# Returns the public state of a stream.
Describe = Callable[[Hub], Awaitable[dict[str, Any]]]


class EventConnection(Protocol):
    """The connection of one page."""

    @property
    def is_writing(self) -> bool:
        """Whether something that was written has not been taken by the page yet."""

    def write_event(self, event: bytes) -> None:
        """Write whole lines; never waits."""

    def close_connection(self) -> None:
        """Close it; what was not taken is dropped."""


class Watchers:
    """Pages that watch streams, all streams together.

    Args:
        limit: How many may be open at a time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0

    @property
    def is_full(self) -> bool:
        """Whether one more does not fit."""
        return self.count >= self._limit

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count one more while the context is open."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


class _Page:
    """One page.

    Attributes:
        version: Of the last event that was written to it; 0: none was.
        written_at: When something was last written to it, the loop's seconds.
        is_open: It still watches.
    """

    __slots__ = ("connection", "is_open", "version", "written_at")

    def __init__(self, connection: EventConnection, now: float) -> None:
        self.connection = connection
        self.version = 0
        self.written_at = now
        self.is_open = True

    def write(self, event: bytes, version: int, now: float) -> None:
        self.connection.write_event(event)
        self.version, self.written_at = version, now


class StateFeeds:
    """The feeds of all streams that pages watch.

    Args:
        describe: Returns the public state of a stream, merged from all members.
        watchers: Counts the pages.
        stall_seconds: A page that takes nothing for so long is closed.
    """

    def __init__(self, describe: Describe, watchers: Watchers, *, stall_seconds: float) -> None:
        self.watchers = watchers
        self._describe = describe
        self._stall_seconds = stall_seconds
        self._feeds: dict[Hub, StateFeed] = {}

    @contextlib.contextmanager
    def watched(self, hub: Hub, connection: EventConnection) -> Iterator[None]:
        """Write the state of a stream to a page now, and whenever it changes, while the context is open."""
        feed = self._feeds.get(hub)
        if feed is None:
            feed = self._feeds[hub] = StateFeed(
                hub, self._describe, self.watchers, stall_seconds=self._stall_seconds
            )
        with self.watchers.counted():
            page = feed.add(connection)
            try:
                yield
            finally:
                feed.remove(page)
                if feed.is_idle:
                    feed.close()
                    del self._feeds[hub]


class StateFeed:
    """The feed of one stream, which runs from its making until `close`. Made inside the running loop.

    Args:
        hub: The stream.
        describe: See `StateFeeds`.
        watchers: Its count decides how long the pause is between two looks at changed numbers.
        stall_seconds: See `StateFeeds`.
    """

    def __init__(self, hub: Hub, describe: Describe, watchers: Watchers, *, stall_seconds: float) -> None:
        self._hub = hub
        self._describe = describe
        self._watchers = watchers
        self._stall_seconds = stall_seconds
        self._pages: dict[_Page, None] = {}
        self._state: dict[str, Any] = {}
        self._event: bytes | None = None
        self._version = 0
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        hub.on_change.add(self._changed.set)
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_idle(self) -> bool:
        """Whether no page watches."""
        return not self._pages

    def add(self, connection: EventConnection) -> _Page:
        """Add a page; it gets the newest state at once, unless a newer one is about to be described."""
        page = _Page(connection, self._loop.time())
        self._pages[page] = None
        if self._version and not self._changed.is_set():
            page.write(self._newest_event(), self._version, self._loop.time())
        return page

    def remove(self, page: _Page) -> None:
        """Write to the page no more."""
        page.is_open = False
        self._pages.pop(page, None)

    def close(self) -> None:
        """Stop."""
        self._hub.on_change.discard(self._changed.set)
        self._task.cancel()

    async def _run(self) -> None:
        is_change = False
        while True:
            self._changed.clear()
            try:
                await self._describe_anew()
            except Exception:
                # A fault of the server or of another member's answer: pages keep the state that they have.
                log.exception("state_feed_failed", stream_id=self._hub.stream_id)
            await self._write_to_pages()
            if is_change:
                await asyncio.sleep(MIN_CHANGE_SECONDS)
            is_change = await self._wait()

    async def _describe_anew(self) -> None:
        before, self._state = self._state, await self._describe(self._hub)
        if self._state != before:
            self._event = None
        if self._state | NO_EVENT_FIELDS != before | NO_EVENT_FIELDS:
            self._version += 1

    def _newest_event(self) -> bytes:
        if self._event is None:
            self._event = b"event: state\ndata: " + encode_json(self._state) + b"\n\n"
        return self._event

    async def _write_to_pages(self) -> None:
        for number, page in enumerate(list(self._pages), start=1):
            if page.is_open:
                self._write_to(page)
            if number % SLICE_PAGES == 0:
                await asyncio.sleep(0)

    def _write_to(self, page: _Page) -> None:
        now = self._loop.time()
        if page.connection.is_writing:
            if now - page.written_at >= self._stall_seconds:
                page.connection.close_connection()
        elif page.version != self._version:
            page.write(self._newest_event(), self._version, now)
        elif now - page.written_at >= HEARTBEAT_SECONDS:
            page.write(HEARTBEAT, self._version, now)

    async def _wait(self) -> bool:
        """Wait for a change, or until changed numbers may be sent; return whether it was a change."""
        pause_seconds = max(MIN_PAUSE_SECONDS, self._watchers.count / PAGES_PER_SECOND)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_seconds):
                await self._changed.wait()
                return True
        return False
