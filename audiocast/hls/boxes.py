"""Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2): length, four letters, content.

offset  bytes  field
     0      4  length of the whole box, big-endian
     4      4  type
     8      1  version  } of a "full" box only
     9      3  flags    }
"""

import struct

_HEAD = struct.Struct(">I4s")
_FULL_HEAD = struct.Struct(">I4sI")
_VERSION_SHIFT = 24


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box of this type; the parts of its content follow each other."""
    return _HEAD.pack(_HEAD.size + sum(map(len, content)), kind) + b"".join(content)


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box that has a version (8 bits) and flags (24 bits)."""
    size = _FULL_HEAD.size + sum(map(len, content))
    return _FULL_HEAD.pack(size, kind, version << _VERSION_SHIFT | flags) + b"".join(content)
