"""What server and worker say to each other about one converted source, beside its bytes and its packets.

Of an item, the samples say what it is:

    from    samples  data
    server  0        bytes of the source
    server  1        what another job has known before: position in the stream, then its state
    worker  0        what another job must know to go on: the server keeps it
    worker  960      an Opus packet

A note of the worker is one of:

    opus_head  OpusHead in hexadecimal, before the first packet
    comments   "NAME=value" of a track that begins
    fault      what was damaged, and dropped
    done       bytes of the source that were worked through, and in headers how many of them were no sound
    refused    why the source cannot go on
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

STATE_SAMPLES = 0
DATA_SAMPLES = 0
RESUME_SAMPLES = 1

_POSITION = struct.Struct("<Q")

# What is shown of a track; Vorbis comments may hold a book.
SHOWN_FIELDS = ("TITLE=", "ARTIST=", "ALBUM=")
MAX_COMMENTS = 4
MAX_COMMENT_CHARACTERS = 400

MAX_TEXT_CHARACTERS = 200


def resume_data(position: int, state: bytes) -> bytes:
    """Return the data of a server's item with what a job has known."""
    return _POSITION.pack(position) + state


def parse_resume(data: bytes) -> tuple[int, bytes]:
    """Return position and state."""
    return _POSITION.unpack_from(data)[0], data[_POSITION.size :]


def comments_note(comments: Sequence[str]) -> dict[str, Any]:
    """Return the note of a track."""
    shown = [text[:MAX_COMMENT_CHARACTERS] for text in comments if text.upper().startswith(SHOWN_FIELDS)]
    return {"comments": shown[:MAX_COMMENTS]}


def done_note(size: int, header_bytes: int) -> dict[str, Any]:
    """Return the note of bytes that are done."""
    return {"done": size, "headers": header_bytes}


def comments_of(note: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the comments of a note, whatever it holds."""
    comments = note.get("comments")
    texts = comments if isinstance(comments, list) else []
    return tuple(text[:MAX_COMMENT_CHARACTERS] for text in texts[:MAX_COMMENTS] if isinstance(text, str))


def number_of(note: Mapping[str, Any], name: str) -> int:
    """Return a number of a note; 0 when it is none."""
    number = note.get(name)
    return number if isinstance(number, int) and number > 0 else 0


def text_of(note: Mapping[str, Any], name: str) -> str:
    """Return a text of a note; empty when there is none."""
    text = note.get(name)
    return text[:MAX_TEXT_CHARACTERS] if isinstance(text, str) else ""
