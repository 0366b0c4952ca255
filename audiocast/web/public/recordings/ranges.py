"""The one range of bytes that a request asks for (RFC 9110 section 14). Pure."""

import re

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


class Unsatisfiable(Exception):
    """The file has no such bytes."""


def parse_range(text: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Return start and end (behind the last byte) of what is asked for; None: all of it.

    Several ranges at once, and what is no range, are answered with all of the file, as the RFC allows.

    Raises:
        Unsatisfiable: It begins behind the file's end.
    """
    found = _RANGE.fullmatch((text or "").replace(" ", ""))
    if found is None:
        return None
    if found[3]:
        length = min(int(found[3]), size_bytes)
        if not length:
            raise Unsatisfiable
        return size_bytes - length, size_bytes
    start = int(found[1])
    last = int(found[2]) if found[2] else size_bytes - 1
    if found[2] and last < start:
        return None
    if start >= size_bytes:
        raise Unsatisfiable
    return start, min(last + 1, size_bytes)
