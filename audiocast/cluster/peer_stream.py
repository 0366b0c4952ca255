"""A connection between two members that carries audio: opened as an HTTP request, then frames both ways.

    offset  bytes  field
         0      1  kind, an ASCII letter (see `FrameKind`)
         1      4  length of what follows, big-endian
         5      n  pages of a source as they came, text, or nothing
       5+n     16  MAC of all before it, and of the frame's number; see `signature.frame_macs`

Each side sends a frame at least every `BEAT_SECONDS`, a beat when it has nothing else, so that a member
that stands still can be told from a source that is quiet. When nothing comes for `SILENCE_SECONDS`, the
connection is given up, and the other member, if it has answered no greeting meanwhile, is taken for dead.
It is told why: a member that was only late need not ask whether this one lives.
A frame that the other member has not sent, or not as its next one, ends the connection.
"""

import asyncio
import contextlib
import json
import math
import struct
from dataclasses import dataclass
from enum import Enum
from typing import Self

from tornado.iostream import IOStream, StreamClosedError

from audiocast.cluster.errors import BadMessage, PeerSilent, Refused, Unreachable
from audiocast.cluster.protocol import SILENT
from audiocast.cluster.signature.frame_macs import FRAME_MAC_BYTES, FrameMacs
from audiocast.stream.source_id import SourceId

BEAT_SECONDS = 0.5
SILENCE_SECONDS = 2.0

# An Ogg page has at most 65,307.
MAX_FRAME_BYTES = 70_000

# After the frame that ends it, the connection stays open so long, unless the other side closes it. If it were
# closed at once, with frames of the other side unread, the kernel would send a reset, and the other side
# would take this member for dead.
LINGER_SECONDS = 1.0

MAX_MESSAGE_CHARACTERS = 300

_FRAME_HEAD = struct.Struct(">cI")


class FrameKind(Enum):
    """What a frame holds."""

    # Whole Ogg pages of the source.
    PAGES = b"P"

    # Which source the next pages are of; see `SourceFrame`.
    SOURCE = b"O"

    # Why no more comes; see `EndFrame`.
    END = b"E"

    # Nothing: the sender is alive.
    BEAT = b"B"


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """The source whose pages come next: its id, a space, the generation of its key."""

    source_id: SourceId
    generation: int

    def build(self) -> bytes:
        """Return the frame's data."""
        return f"{self.source_id} {self.generation}".encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the frame's data.

        Raises:
            BadMessage: It is not of that form.
        """
        try:
            name, _, generation = data.decode().partition(" ")
            return cls(SourceId.parse(name), int(generation))
        except ValueError as error:
            raise BadMessage(f"expected a source id and a generation, got {data[:40]!r}") from error


@dataclass(frozen=True, slots=True)
class EndFrame:
    """Why no more comes: JSON, `{"error": code, "message": text}`.

    Attributes:
        code: Name of an error as in the public API, or a code of `protocol`.
        message: What was expected and what came.
    """

    code: str
    message: str

    def build(self) -> bytes:
        """Return the frame's data."""
        return json.dumps({"error": self.code, "message": self.message}).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the frame's data; whatever it is, it is an end."""
        try:
            fields = json.loads(data)
            return cls(str(fields["error"]), str(fields["message"])[:MAX_MESSAGE_CHARACTERS])
        except (ValueError, KeyError, TypeError):
            return cls("unknown", "the member has ended the connection")

    def as_refusal(self) -> Refused:
        """Return the error that says the same."""
        return Refused(0, self.code, self.message)


class PeerStream:
    """One side of the connection. It sends beats, while it sends nothing else, until it is closed.

    Args:
        stream: The HTTP head of the other side is read already. Owned, and closed by `close`.
        macs: Of this connection's frames.
    """

    def __init__(self, stream: IOStream, macs: FrameMacs) -> None:
        self._stream = stream
        self._macs = macs
        self._sent_at = -math.inf
        self._is_ended = False
        self._ending: asyncio.Future[None] | None = None
        self._beating = asyncio.ensure_future(self._beat())

    async def send(self, kind: FrameKind, data: bytes = b"") -> None:
        """Send a frame; waits while the other side takes no more.

        Raises:
            Unreachable: The connection is gone.
        """
        self._sent_at = asyncio.get_running_loop().time()
        try:
            frame = _FRAME_HEAD.pack(kind.value, len(data)) + data
            await self._stream.write(frame + self._macs.sign(frame))
        except StreamClosedError as error:
            raise Unreachable("the connection is gone") from error

    async def receive(self) -> tuple[FrameKind, bytes]:
        """Return the next frame that is not a beat.

        Raises:
            Unreachable: The connection is gone.
            PeerSilent: Nothing came for `SILENCE_SECONDS`.
            Unproven: What came is not the next frame of the other member.
            BadMessage: What came is not a frame.
        """
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    head = await self._stream.read_bytes(_FRAME_HEAD.size)
                    letter, size = _FRAME_HEAD.unpack(head)
                    if size > MAX_FRAME_BYTES:
                        raise BadMessage(f"expected a frame of at most {MAX_FRAME_BYTES} bytes, got {size}")
                    rest = await self._stream.read_bytes(size + FRAME_MAC_BYTES)
            except TimeoutError as error:
                silence = PeerSilent(f"nothing came for {SILENCE_SECONDS:g} s")
                if not self._is_ended:
                    self._is_ended = True
                    self._ending = asyncio.ensure_future(self._end(SILENT, str(silence)))
                raise silence from error
            except StreamClosedError as error:
                raise Unreachable("the connection is gone") from error
            data = rest[:size]
            self._macs.check(head + data, rest[size:])
            try:
                kind = FrameKind(letter)
            except ValueError as error:
                raise BadMessage(f"expected a frame of a known kind, got {letter!r}") from error
            if kind is not FrameKind.BEAT:
                return kind, data

    async def wait_for_end(self) -> None:
        """Receive from a side that sends nothing but the end; other frames are dropped.

        Raises:
            Refused: The other side has ended the connection.
            Unreachable: The other side is gone.
            Unproven: What came is not the next frame of the other member.
            BadMessage: What came is not a frame.
        """
        while True:
            kind, data = await self.receive()
            if kind is FrameKind.END:
                raise EndFrame.parse(data).as_refusal()

    async def send_end(self, code: str, message: str) -> None:
        """Send why no more comes, and close the connection when the other side has had time to read it.

        Args:
            code: See `EndFrame`.
            message: See `EndFrame`.
        """
        if not self._is_ended:
            self._is_ended = True
            await self._end(code, message)

    def close(self) -> None:
        """Close the connection, unless `send_end` is about to."""
        self._beating.cancel()
        if not self._is_ended:
            self._stream.close()

    async def _end(self, code: str, message: str) -> None:
        self._beating.cancel()
        with contextlib.suppress(Unreachable, TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self.send(FrameKind.END, EndFrame(code, message).build())
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._stream.close)

    async def _beat(self) -> None:
        # A beat costs both members a system call and a MAC; of a thousand connections most carry pages.
        loop = asyncio.get_running_loop()
        with contextlib.suppress(Unreachable):
            while True:
                left_seconds = self._sent_at + BEAT_SECONDS - loop.time()
                if left_seconds > 0:
                    await asyncio.sleep(left_seconds)
                else:
                    await self.send(FrameKind.BEAT)
