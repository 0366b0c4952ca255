"""Two ends of a connection without sockets, for peer streams."""

import asyncio
from collections.abc import Callable
from typing import cast

from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.signature.frame_macs import FrameMacs


class FakeIOStream:
    """What members need of an `IOStream`: what was written can be read at the other end.

    Attributes:
        other: The other end.
        is_nodelay: Small writes are sent at once.
    """

    def __init__(self) -> None:
        self.other: FakeIOStream | None = None
        self.is_nodelay = False
        self._came = asyncio.StreamReader()
        self._closed = False

    async def write(self, data: bytes) -> None:
        assert self.other is not None
        if self._closed or self.other._closed:
            raise StreamClosedError
        self.other._came.feed_data(data)

    async def read_until(self, mark: bytes, *, max_bytes: int) -> bytes:
        try:
            data = await self._came.readuntil(mark)
        except asyncio.IncompleteReadError as error:
            raise StreamClosedError from error
        if len(data) > max_bytes:
            raise StreamClosedError(UnsatisfiableReadError("expected less"))
        return data

    def set_nodelay(self, value: bool) -> None:
        self.is_nodelay = value

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


def io_streams() -> tuple[FakeIOStream, FakeIOStream]:
    """Return both ends of a new connection."""
    one, other = FakeIOStream(), FakeIOStream()
    one.other, other.other = other, one
    return one, other


def frame_macs(*, is_answerer: bool, on_forged: Callable[[], None] = lambda: None) -> FrameMacs:
    """Return the MACs of one side's frames; those of the other side have the other keys."""
    keys = (b"to the asker", b"to the answerer")
    outgoing, incoming = keys if is_answerer else reversed(keys)
    return FrameMacs(outgoing, incoming, on_forged)


def peer_stream_on(stream: FakeIOStream, *, is_answerer: bool = False) -> PeerStream:
    """Return one side's `PeerStream`."""
    return PeerStream(cast(IOStream, stream), frame_macs(is_answerer=is_answerer))


def peer_streams() -> tuple[PeerStream, PeerStream]:
    """Return both sides of a new connection."""
    one, other = io_streams()
    return peer_stream_on(one), peer_stream_on(other, is_answerer=True)
