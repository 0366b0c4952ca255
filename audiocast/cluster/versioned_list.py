"""A list of streams that other members keep a copy of, by what has changed in it. Pure.

A greeting has the list's summary: a version that grows with each change, the number of entries, and a digest.
Its size does not depend on the entries. A member whose copy has another version asks for what has changed
since, in pages of at most `PAGE_ENTRIES`. A copy that is too old, or that came out wrong, is begun anew with
the whole list.

Each change of an entry gets a version of its own, and entries are kept in the order of their versions. So the
changes since a version are the entries behind it, and a page may end anywhere.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, Self

from audiocast.cluster.errors import BadMessage

# With ids of 64 characters about 100 KB.
PAGE_ENTRIES = 1_000

# Entries that are gone are remembered, the last ones, for copies that still have them.
MAX_GONE = 10_000

# Of one member's list. It is fifty times the default of `MAX_STREAMS`.
MAX_ENTRIES = 100_000

MAX_TEXT_CHARACTERS = 100

# The version that a page goes to, and the list's when the first page was given.
_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})")

# Source id of a stream, or the number of its first HLS segment.
Value = str | int


class ListSummary(NamedTuple):
    """What a greeting says of a list.

    Attributes:
        version: Grows with each change.
        entries: How many there are.
        digest: The same for the same entries, whatever their order, 16 hexadecimal digits.
    """

    version: int
    entries: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return self._asdict()

    @classmethod
    def parse(cls, body: object) -> Self:
        """Read a JSON value.

        Raises:
            BadMessage: It is none.
        """
        match body:
            case {"version": int(version), "entries": int(entries), "digest": str(digest)} if version >= 0:
                return cls(version, entries, digest)
        raise BadMessage(f"expected the summary of a list, got {str(body)[:200]}")


class ListPage(NamedTuple):
    """Some changes of a list.

    Attributes:
        cursor: Asks for what comes after this page.
        version: The list's, as far as this page goes.
        is_first: The copy is begun anew with this page: what it had is gone.
        changes: By id; None: the entry is gone.
    """

    cursor: str
    version: int
    is_first: bool
    changes: Mapping[str, Value | None]

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {**self._asdict(), "changes": dict(self.changes)}

    @classmethod
    def parse(cls, body: object, value_type: type[Value]) -> Self:
        """Read a JSON value.

        Args:
            body: The value.
            value_type: Type of the list's values.

        Raises:
            BadMessage: It is no page of that list.
        """
        match body:
            case {
                "cursor": str(cursor),
                "version": int(version),
                "is_first": bool(is_first),
                "changes": dict(changes),
            } if len(changes) <= PAGE_ENTRIES and all(
                _is_change(*change, value_type) for change in changes.items()
            ):
                return cls(cursor[:MAX_TEXT_CHARACTERS], version, is_first, changes)
        raise BadMessage(f"expected a page of changes, got {str(body)[:200]}")


class AnnouncedList:
    """This member's own list.

    Attributes:
        version: Number of changes so far.
    """

    def __init__(self) -> None:
        self.version = 0
        self._entries: dict[str, Value] = {}
        # The same and what is gone, with the version of the last change, in the order of these.
        self._changes: dict[str, tuple[int, Value | None]] = {}
        self._gone = 0
        # Changes up to this version may be forgotten.
        self._known_since = 0
        self._digest = 0

    @property
    def summary(self) -> ListSummary:
        """The list as greetings have it."""
        return ListSummary(self.version, len(self._entries), _as_text(self._digest))

    def update(self, entries: Mapping[str, Value]) -> None:
        """Take note of what the list is now."""
        if entries == self._entries:
            return
        for stream_id in [known for known in self._entries if known not in entries]:
            self._change(stream_id, None)
        for stream_id, value in entries.items():
            if self._entries.get(stream_id) != value:
                self._change(stream_id, value)
        self._forget_gone()

    def page_after(self, cursor: str) -> ListPage:
        """Return the next changes.

        Args:
            cursor: Of the page before; empty, or not one of this list's: the whole list.
        """
        after, begun_at = _parse_cursor(cursor)
        is_first = not 0 < after <= self.version or max(after, begun_at) < self._known_since
        if is_first:
            after, begun_at = 0, self.version
        found = [*self._changes_after(after, begun_at)]
        found.reverse()
        page = found[:PAGE_ENTRIES]
        version = page[-1][1] if len(page) < len(found) else self.version
        changes = {stream_id: value for stream_id, _, value in page}
        return ListPage(f"{version}.{begun_at}", version, is_first, changes)

    def _changes_after(self, version: int, begun_at: int) -> Iterator[tuple[str, int, Value | None]]:
        """Yield the changes behind a version, the last one first.

        What was gone before the first page was given is in no page before, and is left out.
        """
        for stream_id, (changed_at, value) in reversed(self._changes.items()):
            if changed_at <= version:
                return
            if value is not None or changed_at > begun_at:
                yield stream_id, changed_at, value

    def _change(self, stream_id: str, value: Value | None) -> None:
        before = self._entries.pop(stream_id, None)
        if before is not None:
            self._digest ^= _hash(stream_id, before)
        elif stream_id in self._changes:
            self._gone -= 1
        if value is not None:
            self._entries[stream_id] = value
            self._digest ^= _hash(stream_id, value)
        else:
            self._gone += 1
        self.version += 1
        self._changes.pop(stream_id, None)
        self._changes[stream_id] = (self.version, value)

    def _forget_gone(self) -> None:
        """Forget the oldest entries that are gone, when they are too many: all but half of the bound."""
        if self._gone <= MAX_GONE:
            return
        gone = [stream_id for stream_id, (_, value) in self._changes.items() if value is None]
        for stream_id in gone[: len(gone) - MAX_GONE // 2]:
            self._known_since, _ = self._changes.pop(stream_id)
            self._gone -= 1


class ListCopy:
    """The list of another member, as far as it is known here.

    Attributes:
        version: The list's, as far as this copy goes.
        cursor: Asks for what comes next.
        entries: By id. Not to be changed by others.
    """

    def __init__(self) -> None:
        self.version = 0
        self.cursor = ""
        self.entries: dict[str, Value] = {}
        self._digest = 0

    @property
    def summary(self) -> ListSummary:
        """The copy's own."""
        return ListSummary(self.version, len(self.entries), _as_text(self._digest))

    def apply(self, page: ListPage) -> Collection[str]:
        """Add what a page has; return the ids that have changed.

        Raises:
            BadMessage: The list has become too long.
        """
        changed = set(page.changes)
        if page.is_first:
            changed |= self.entries.keys()
            self.clear()
        for stream_id, value in page.changes.items():
            before = self.entries.pop(stream_id, None)
            if before is not None:
                self._digest ^= _hash(stream_id, before)
            if value is not None:
                self.entries[stream_id] = value
                self._digest ^= _hash(stream_id, value)
        self.version, self.cursor = page.version, page.cursor
        if len(self.entries) > MAX_ENTRIES:
            self.clear()
            raise BadMessage(f"expected a list of at most {MAX_ENTRIES} streams, got a longer one")
        return changed

    def clear(self) -> None:
        """Forget everything: the next page is the first one."""
        self.version, self.cursor, self._digest = 0, "", 0
        self.entries.clear()


def _hash(stream_id: str, value: Value) -> int:
    return int.from_bytes(blake2b(f"{stream_id} {value}".encode(), digest_size=8).digest())


def _as_text(digest: int) -> str:
    return f"{digest:016x}"


def _is_change(stream_id: str, value: object, value_type: type[Value]) -> bool:
    if len(stream_id) > MAX_TEXT_CHARACTERS:
        return False
    if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
        return False
    return value is None or isinstance(value, value_type)


def _parse_cursor(cursor: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(cursor)
    return (int(found[1]), int(found[2])) if found is not None else (0, 0)
