"""Two ends of a connection without sockets, for links."""

import asyncio
from typing import cast

from tornado.iostream import IOStream, StreamClosedError

from audiocast.cluster.peer_stream import Link


class FakeStream:
    """Does what `Link` needs of an `IOStream`. What was written is there to be read at the other end."""

    def __init__(self) -> None:
        self.other: FakeStream | None = None
        self._came = asyncio.StreamReader()
        self._closed = False

    async def write(self, data: bytes) -> None:
        assert self.other is not None
        if self._closed or self.other._closed:
            raise StreamClosedError
        self.other._came.feed_data(data)

    async def read_bytes(self, size: int) -> bytes:
        try:
            return await self._came.readexactly(size)
        except asyncio.IncompleteReadError as error:
            raise StreamClosedError from error

    def close(self) -> None:
        assert self.other is not None
        if not self._closed:
            self._closed = True
            self._came.feed_eof()
            self.other._came.feed_eof()


def streams() -> tuple[FakeStream, FakeStream]:
    """Give both ends of a new connection."""
    one, other = FakeStream(), FakeStream()
    one.other, other.other = other, one
    return one, other


def link_on(stream: FakeStream) -> Link:
    """Give one side's link."""
    return Link(cast(IOStream, stream))


def links() -> tuple[Link, Link]:
    """Give both sides of a new link."""
    one, other = streams()
    return link_on(one), link_on(other)
