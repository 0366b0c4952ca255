"""Sends one case from an address of its own, and reads what comes back for a moment."""

import contextlib
import re
import socket
import struct
import time

from tests.fuzz.cases import Case
from tests.support.http.exchange import HOST

# Loopback has 16 million addresses on Linux; so many strangers are enough to have no budget in common.
STRANGERS = 200
CONNECT_SECONDS = 10.0
SEND_SECONDS = 2.0
# A stream, an event stream and a wait for audio do not end by themselves.
ANSWER_SECONDS = 0.4
MOST_ANSWER_BYTES = 100_000

_READ_BYTES = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_CODE = re.compile(rb'\{"error": ?"(\w+)"')
_CLOSE_FRAME = 0x88
SWITCHING_PROTOCOLS = b"101"


def deliver(case: Case, port: int) -> bytes:
    """Send a case; return what came back, nothing if nothing did."""
    with socket.socket() as connection:
        connection.settimeout(CONNECT_SECONDS)
        connection.bind((f"127.0.1.{1 + case.number % STRANGERS}", 0))
        connection.connect((HOST, port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(SEND_SECONDS)
        answer = b""
        # The server may refuse, and close, before all is sent, or read no more.
        with contextlib.suppress(OSError):
            for piece in case.pieces:
                connection.sendall(piece)
        if case.ending == "half-close":
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        if case.ending != "reset":
            answer = _read(connection)
        # No connection waits for its end in the kernel; there are thousands.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    return answer


def outcome_of(answer: bytes) -> str:
    """Return what the answer says in a word or two: its status, and the code of its error."""
    status = _STATUS.match(answer)
    if status is None:
        return "no answer"
    if status[1] == SWITCHING_PROTOCOLS:
        code = _close_code(answer.partition(b"\r\n\r\n")[2])
        return f"101, closed with {code}" if code else "101"
    error = _CODE.search(answer)
    return f"{status[1].decode()} {error[1].decode()}" if error else status[1].decode()


def _read(connection: socket.socket) -> bytes:
    answer = b""
    deadline = time.monotonic() + ANSWER_SECONDS
    with contextlib.suppress(OSError):
        while (left := deadline - time.monotonic()) > 0 and len(answer) < MOST_ANSWER_BYTES:
            connection.settimeout(left)
            data = connection.recv(_READ_BYTES)
            if not data:
                break
            answer += data
            if _is_whole(answer):
                break
    return answer


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end) and length is not None and len(body) >= int(length[1])


def _close_code(frames: bytes) -> int:
    """Return the code of a server's close frame (RFC 6455 section 5.5.1), which has no mask; 0: none."""
    while len(frames) >= 2:
        first, size = frames[0], frames[1]
        if first == _CLOSE_FRAME and len(frames) >= 4:
            return int.from_bytes(frames[2:4], "big")
        frames = frames[2 + size :]
    return 0
