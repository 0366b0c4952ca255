"""What the server and a format worker say to each other, as bytes. No socket, loop or clock here.

A message; numbers are big-endian:

    offset  bytes  field
         0      4  length n of all that follows
         4      1  kind
         5      4  job; 0: the worker itself
         9    n-5  body

    kind    from    body
    OPEN    server  length of the job's type (1 byte), the type, parameters as a JSON object
    DATA    server  items for the job
    CLOSE   both    none. The server's: the job is to finish; the worker's: it has finished
    FRAMES  worker  items that the job has made
    NOTE    worker  a JSON object: what the job tells beside its frames, in their order
    DONE    worker  none: one more OPEN or DATA is worked through; one for each, in their order
    ERROR   worker  a text: the job has failed, and there is nothing more to come of it
    LOAD    worker  2 bytes: how much of the last second the worker was busy, in thousandths

    an item: duration in 48 kHz samples (4 bytes), length (4 bytes), that many bytes

Both ends are bounded: a message is at most 1 MiB, and what does not fit is an error of the whole connection.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

MAX_MESSAGE_BYTES = 1_048_576
MAX_JSON_BYTES = 8_192
MAX_TEXT_BYTES = 500
MAX_ITEM_SAMPLES = 48_000 * 60

_HEAD = struct.Struct(">IBI")
_ITEM = struct.Struct(">II")
_LOAD = struct.Struct(">H")

# Of what the length counts, before the body.
_COUNTED_BYTES = _HEAD.size - 4


class BadWorkerMessage(Exception):
    """The other end has sent what is no message: nothing more of it can be understood."""


class MessageKind(IntEnum):
    """See the module."""

    OPEN = 1
    DATA = 2
    CLOSE = 3
    FRAMES = 4
    NOTE = 5
    DONE = 6
    ERROR = 7
    LOAD = 8


class Item(NamedTuple):
    """A packet, a frame, or some bytes of a source.

    Attributes:
        data: The bytes.
        samples: How long it lasts, in 48 kHz samples; 0: it is no audio (or nobody knows yet), as OpusHead.
    """

    data: bytes
    samples: int = 0


class WorkerMessage(NamedTuple):
    """One message; the body is as the module describes it."""

    kind: MessageKind
    job: int
    body: bytes


class MessageReader:
    """Cuts a connection's bytes into messages, however they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def read(self, data: bytes) -> list[WorkerMessage]:
        """Return the messages that are whole now.

        Raises:
            BadWorkerMessage: What has come is none.
        """
        buffer = self._buffer
        buffer += data
        messages = []
        start = 0
        while len(buffer) - start >= _HEAD.size:
            size, kind, job = _HEAD.unpack_from(buffer, start)
            if not _COUNTED_BYTES <= size <= MAX_MESSAGE_BYTES:
                raise BadWorkerMessage(f"expected a message of at most {MAX_MESSAGE_BYTES} bytes, got {size}")
            if kind not in _KINDS:
                raise BadWorkerMessage(f"expected a kind of message, got {kind}")
            end = start + 4 + size
            if len(buffer) < end:
                break
            messages.append(WorkerMessage(_KINDS[kind], job, bytes(buffer[start + _HEAD.size : end])))
            start = end
        del buffer[:start]
        return messages


_KINDS = {int(kind): kind for kind in MessageKind}


def encode_message(kind: MessageKind, job: int = 0, body: bytes = b"") -> bytes:
    """Return a message as bytes.

    Raises:
        BadWorkerMessage: The body is too large.
    """
    size = _COUNTED_BYTES + len(body)
    if size > MAX_MESSAGE_BYTES:
        raise BadWorkerMessage(f"expected a message of at most {MAX_MESSAGE_BYTES} bytes, got {size}")
    return _HEAD.pack(size, kind, job) + body


def encode_open(job_type: str, parameters: Mapping[str, Any]) -> bytes:
    """Return the body of an OPEN."""
    name = job_type.encode()
    return bytes((len(name),)) + name + encode_json_object(parameters)


def parse_open(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return a job's type and its parameters.

    Raises:
        BadWorkerMessage: The body is no OPEN's.
    """
    if not body or len(body) < 1 + body[0]:
        raise BadWorkerMessage("expected the type of a job, got less")
    end = 1 + body[0]
    return body[1:end].decode("utf-8", "replace"), parse_json_object(body[end:])


def encode_items(items: Iterable[Item]) -> bytes:
    """Return the body of a DATA or of FRAMES."""
    parts: list[bytes] = []
    for data, samples in items:
        parts += (_ITEM.pack(samples, len(data)), data)
    return b"".join(parts)


def parse_items(body: bytes) -> list[Item]:
    """Return the items of a body.

    Raises:
        BadWorkerMessage: One is cut off, or lasts longer than a minute.
    """
    items = []
    at = 0
    while at < len(body):
        if len(body) - at < _ITEM.size:
            raise BadWorkerMessage(f"expected an item of {_ITEM.size} bytes or more, got {len(body) - at}")
        samples, size = _ITEM.unpack_from(body, at)
        at += _ITEM.size
        if size > len(body) - at or samples > MAX_ITEM_SAMPLES:
            raise BadWorkerMessage(f"expected an item of at most {len(body) - at} bytes and a minute")
        items.append(Item(body[at : at + size], samples))
        at += size
    return items


def encode_json_object(values: Mapping[str, Any]) -> bytes:
    """Return an object as it stands in a body.

    Raises:
        BadWorkerMessage: It is too large.
    """
    text = json.dumps(values, separators=(",", ":")).encode()
    if len(text) > MAX_JSON_BYTES:
        raise BadWorkerMessage(f"expected at most {MAX_JSON_BYTES} bytes of JSON, got {len(text)}")
    return text


def parse_json_object(text: bytes) -> dict[str, Any]:
    """Return an object of a body.

    Raises:
        BadWorkerMessage: It is none.
    """
    try:
        values = json.loads(text) if len(text) <= MAX_JSON_BYTES else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise BadWorkerMessage(f"expected an object as JSON, got {text[:20]!r}")
    return values


def encode_load(busy_share: float) -> bytes:
    """Return the body of a LOAD; the share is 0 to 1."""
    return _LOAD.pack(round(1000 * min(1.0, max(0.0, busy_share))))


def parse_load(body: bytes) -> float:
    """Return the share of a LOAD, 0 to 1.

    Raises:
        BadWorkerMessage: The body is no LOAD's.
    """
    if len(body) != _LOAD.size:
        raise BadWorkerMessage(f"expected {_LOAD.size} bytes, got {len(body)}")
    (thousandths,) = _LOAD.unpack(body)
    return min(1.0, float(thousandths) / 1000)
