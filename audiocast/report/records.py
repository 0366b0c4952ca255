"""The lines of the audience log, and what of them cannot be true.

Times are milliseconds of unix time. Whatever a line holds, it costs no more than its length: numbers have
bounds, texts are cut and cleaned, and what does not fit is no record.
"""

import json
from dataclasses import dataclass
from typing import Any

from audiocast.stream.now_playing import clean_text

MAX_TEXT_CHARACTERS = 200
MAX_CLIENT_CHARACTERS = 64
# Of one stream at one member. More than a machine has ports, and a line must not stand for endless work.
MAX_OPEN_LISTENS = 1_000_000
MAX_BYTES = 1 << 50

FIRST_SECOND = 946_684_800  # 2000
LAST_SECOND = 4_102_444_800  # 2100
# A listen of a year and a month is a broken clock.
MAX_LISTEN_SECONDS = 400 * 86_400

UNKNOWN = "unknown"


class BadLine(ValueError):
    """A line is no record: it is counted, and passed over."""


@dataclass(frozen=True, slots=True)
class LoggedListen:
    """One ended listen.

    Attributes:
        node: The member that wrote it; empty in Icecast's form.
        stream_id: The stream, or the mount at an Icecast server.
        way: How it was listened to.
        agent: The family of the client's program.
        client: A hash, an address or a network; empty: not told.
        start, end: Milliseconds of unix time.
        bytes: Sent.
    """

    node: str
    stream_id: str
    way: str
    agent: str
    client: str
    start: int
    end: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LoggedOpen:
    """What was open at a member at one time: the trace of those listens, should it be killed."""

    node: str
    stream_id: str
    way: str
    at: int
    listeners: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A member's process has started, or has stopped properly."""

    node: str
    at: int
    is_start: bool


@dataclass(frozen=True, slots=True)
class LoggedTrack:
    """Another track is on; without title and artist: nobody has said which."""

    stream_id: str
    at: int
    title: str
    artist: str


Record = LoggedListen | LoggedOpen | ProcessMark | LoggedTrack


def parse_record(line: str) -> Record | None:
    """Return what a line of JSON records; None if it is of another kind.

    Raises:
        BadLine: It is no JSON object, or one that cannot be true.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine("no JSON") from error
    if not isinstance(fields, dict):
        raise BadLine("no object")
    event = fields.get("event")
    if event == "listen":
        return _listen(fields)
    if event == "open":
        return _open(fields)
    if event in ("started", "stopped"):
        return ProcessMark(_text(fields, "node"), _time(fields), event == "started")
    if event == "track":
        return LoggedTrack(
            _text(fields, "stream_id"), _time(fields), _text(fields, "title"), _text(fields, "artist")
        )
    return None


def _listen(fields: dict[str, Any]) -> LoggedListen:
    end = _time(fields)
    # Of a clock that nobody sets: `at` and `started_at` differ by more, or less, when the time was corrected.
    length = milliseconds(_number(fields, "seconds", MAX_LISTEN_SECONDS))
    return LoggedListen(
        _text(fields, "node"),
        _text(fields, "stream_id"),
        _text(fields, "way") or UNKNOWN,
        _text(fields, "agent") or UNKNOWN,
        _text(fields, "client")[:MAX_CLIENT_CHARACTERS],
        end - length,
        end,
        int(_number(fields, "bytes", MAX_BYTES)),
    )


def _open(fields: dict[str, Any]) -> LoggedOpen:
    listeners = int(_number(fields, "listeners", MAX_OPEN_LISTENS))
    return LoggedOpen(
        _text(fields, "node"),
        _text(fields, "stream_id"),
        _text(fields, "way") or UNKNOWN,
        _time(fields),
        listeners,
        milliseconds(_number(fields, "seconds", listeners * MAX_LISTEN_SECONDS)),
    )


def milliseconds(seconds: float) -> int:
    """Return the nearest whole number of milliseconds."""
    return round(seconds * 1000)


def _time(fields: dict[str, Any]) -> int:
    seconds = fields.get("at")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadLine("no time")
    # A comparison that NaN fails.
    if not FIRST_SECOND <= seconds < LAST_SECOND:
        raise BadLine("a time out of bounds")
    return milliseconds(seconds)


def _number(fields: dict[str, Any], name: str, highest: int) -> float:
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise BadLine(f"no {name} that can be")
    return value


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(f"no {name} that can be")
    return clean_text(value, MAX_TEXT_CHARACTERS)
