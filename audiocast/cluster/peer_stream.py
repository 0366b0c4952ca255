"""A connection between two members that carries audio: opened as an HTTP request, then frames both ways.

    offset  bytes  field
         0      1  kind, an ASCII letter (see `Kind`)
         1      4  length of what follows, big-endian
         5      n  a source's own Ogg page, text, or nothing

Both sides say something at least every `BEAT_SECONDS`, so a member that stands still is told from a source
that is quiet: who hears nothing for `SILENCE_SECONDS` takes the other side for dead.
"""

import asyncio
import contextlib
import json
import struct
from enum import Enum

from tornado.iostream import IOStream, StreamClosedError

from audiocast.cluster.errors import BadFrame, Refused, Unreachable

BEAT_SECONDS = 0.5
SILENCE_SECONDS = 2.0
MAX_FRAME_BYTES = 70_000
"""An Ogg page has at most 65,307."""

LINGER_SECONDS = 1.0
"""An ended link stays open so long, unless the other side closes it: closing at once, with what it still
sends unread, would make the kernel send a reset, and the other side would take this one for dead."""

_HEAD = struct.Struct(">cI")


class Kind(Enum):
    """What a frame is."""

    PAGES = b"P"
    """Whole Ogg pages of the source."""

    ORIGIN = b"O"
    """Text: name of the source whose pages come next, a space, and the generation of its key."""

    END = b"E"
    """JSON: why no more comes, `{"error": code, "message": text}`."""

    BEAT = b"B"
    """Nothing: the sender is there."""


class Link:
    """One side of the connection.

    Args:
        stream: Where the other side's HTTP head was read off already.
    """

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        self._ended = False
        self._beating = asyncio.ensure_future(self._beat())

    async def send(self, kind: Kind, data: bytes = b"") -> None:
        """Send a frame; waits while the other side does not take more.

        Raises:
            Unreachable: The connection is gone.
        """
        try:
            await self._stream.write(_HEAD.pack(kind.value, len(data)) + data)
        except StreamClosedError as error:
            raise Unreachable("the connection is gone") from error

    async def receive(self) -> tuple[Kind, bytes]:
        """Give the next frame that is no beat.

        Raises:
            Unreachable: The connection is gone, or nothing came for `SILENCE_SECONDS`.
            BadFrame: It is none.
        """
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    kind, size = _HEAD.unpack(await self._stream.read_bytes(_HEAD.size))
                    if size > MAX_FRAME_BYTES:
                        raise BadFrame(f"expected a frame of at most {MAX_FRAME_BYTES} bytes, got {size}")
                    data = await self._stream.read_bytes(size) if size else b""
            except TimeoutError as error:
                raise Unreachable(f"nothing came for {SILENCE_SECONDS:g} s") from error
            except StreamClosedError as error:
                raise Unreachable("the connection is gone") from error
            try:
                known = Kind(kind)
            except ValueError as error:
                raise BadFrame(f"expected a frame of a known kind, got {kind!r}") from error
            if known is not Kind.BEAT:
                return known, data

    async def end(self, code: str, message: str) -> None:
        """Say why no more comes, and hang up when that is read.

        Args:
            code: Of the error, as in the public API, or what this package's modules agree on.
            message: What was expected and what came.
        """
        if self._ended:
            return
        self._ended = True
        self._beating.cancel()
        said = json.dumps({"error": code, "message": message}).encode()
        with contextlib.suppress(Unreachable, TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self.send(Kind.END, said)
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._stream.close)

    def close(self) -> None:
        """Hang up, unless `end` does."""
        self._beating.cancel()
        if not self._ended:
            self._stream.close()

    async def _beat(self) -> None:
        with contextlib.suppress(Unreachable):
            while True:
                await self.send(Kind.BEAT)
                await asyncio.sleep(BEAT_SECONDS)


def ended(data: bytes) -> Refused:
    """Read an END frame."""
    try:
        said = json.loads(data)
        return Refused(0, str(said["error"]), str(said["message"])[:300])
    except (ValueError, KeyError, TypeError):
        return Refused(0, "unknown", "the member has ended the link")
