"""A body in the chunked transfer coding (RFC 9112 section 7.1), decoded. No input, no output.

Chunk extensions and trailer fields are ignored, as sections 7.1.1 and 7.1.2 say: no program that sends any
expects something of them. What is not body has bounds: of each line, of the trailers, and beside the body.
"""

import math
import re

from audiocast.web.http.errors import ApiError

CRLF = b"\r\n"

# Of a chunk's size with its extensions, and of a trailer field.
MAX_LINE_BYTES = 4096

MAX_TRAILER_BYTES = 16_384

# All that is not body may have so many bytes, and beside them so many for each byte of the body. A chunk of a
# single byte has five; signatures as extensions, which some clients of object stores send, have 85.
MAX_FRAMING_BYTES = 65_536
FRAMING_BYTES_PER_BODY_BYTE = 16

# In so much there are 1,365 chunks at most, which take 2 ms.
MAX_READ_BYTES = 8192

# The size, white space that old programs put behind it, and extensions. A bare CR ends the line for some
# programs and not for others, so that they would see different requests.
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n\0]*)?")


class ChunkedBody:
    """One body.

    Args:
        max_body_bytes: A larger one is refused.

    Attributes:
        announced_bytes: Size of all chunks that have begun.
        is_complete: The end of the body, with its trailer fields, has come.
        unread: What came behind the end.
    """

    max_read_bytes = MAX_READ_BYTES

    def __init__(self, max_body_bytes: float = math.inf) -> None:
        self.announced_bytes = 0
        self._max_body_bytes = max_body_bytes
        self.is_complete = False
        self.unread = b""
        self._held = b""
        self._left_bytes = 0
        self._is_behind_data = False
        self._is_in_trailers = False
        self._trailer_bytes = 0
        self._framing_bytes = 0

    def decode(self, data: bytes) -> bytes:
        """Return what of the body is in the next bytes of the connection.

        Raises:
            ApiError: 400, it is not this coding, or more than the body may have beside it. 413, it is too
                large.
        """
        if self._held:
            data, self._held = self._held + data, b""
        pieces = []
        at = 0
        while at < len(data) and not self.is_complete:
            if self._left_bytes:
                piece = data[at : at + self._left_bytes]
                pieces.append(piece)
                at += len(piece)
                self._left_bytes -= len(piece)
                self._is_behind_data = not self._left_bytes
                continue
            end = data.find(CRLF, at, at + MAX_LINE_BYTES)
            if self._is_behind_data and end != at and data[at : at + 2] != CRLF[: len(data) - at]:
                raise _bad_chunk("the end of a line behind a chunk's data", data[at : at + 2])
            if end < 0:
                if len(data) - at >= MAX_LINE_BYTES:
                    raise _bad_chunk(f"lines below {MAX_LINE_BYTES} bytes", data[at : at + 20])
                self._held = data[at:]
                break
            self._read_line(data, at, end)
            at = end + len(CRLF)
        if self.is_complete:
            self.unread = data[at:]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_line(self, data: bytes, start: int, end: int) -> None:
        """Read the line from `start` to its CRLF at `end`."""
        self._framing_bytes += end - start + len(CRLF)
        if self._framing_bytes > MAX_FRAMING_BYTES + FRAMING_BYTES_PER_BODY_BYTE * self.announced_bytes:
            raise _bad_chunk("less framing beside the body", data[start:end][:20])
        if self._is_behind_data:
            self._is_behind_data = False
        elif self._is_in_trailers:
            self.is_complete = start == end
            self._trailer_bytes += end - start
            if self._trailer_bytes > MAX_TRAILER_BYTES:
                raise _bad_chunk(f"at most {MAX_TRAILER_BYTES} bytes of trailer fields", data[start:end][:20])
        else:
            found = _CHUNK_SIZE.fullmatch(data, start, end)
            if found is None:
                raise _bad_chunk("the size of a chunk", data[start:end][:20])
            self._left_bytes = int(found[1], 16)
            self.announced_bytes += self._left_bytes
            self._is_in_trailers = not self._left_bytes
            if self.announced_bytes > self._max_body_bytes:
                raise body_too_large(self._max_body_bytes, str(self.announced_bytes))


def body_too_large(max_body_bytes: float, digits: str) -> ApiError:
    """Return the error for a body of any coding.

    Args:
        max_body_bytes: What it may have.
        digits: What it has.
    """
    message = f"expected a body of at most {max_body_bytes} bytes, got {digits}"
    return ApiError(413, "body_too_large", message)


def _bad_chunk(expected: str, got: bytes) -> ApiError:
    return ApiError(400, "bad_chunk", f"expected {expected} (RFC 9112 section 7.1), got {got!r}")
