"""Icecast's access log: the combined form of web servers, and the seconds that a client stayed.

Icecast writes a line when the client goes, with the time at which it goes: the listen began as many seconds
before.
"""

import calendar
import re
from urllib.parse import parse_qs, unquote, urlsplit

from audiocast.report.records import (
    FIRST_SECOND,
    LAST_SECOND,
    MAX_BYTES,
    MAX_CLIENT_CHARACTERS,
    MAX_LISTEN_SECONDS,
    MAX_TEXT_CHARACTERS,
    UNKNOWN,
    BadLine,
    LoggedListen,
)
from audiocast.stream.now_playing import clean_text
from audiocast.telemetry.audience_log.agents import family_of

# Each part ends at a character that it cannot hold, except the agent, which is all up to the last field.
_LINE = re.compile(
    r'(?P<client>\S{1,64}) \S+ (?:\S+|"[^"]*") \[(?P<time>[^\]]{20,30})\] "(?P<request>[^"]*)" '
    r'(?P<status>\d{3}) (?P<bytes>\d{1,16}|-) "(?:[^"\\]|\\.)*" "(?P<agent>.*)" (?P<seconds>\d{1,9}|-)'
)
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}

# What else Icecast's port serves.
_NO_AUDIO = re.compile(r"/$|^/(?:admin|web)/|\.(?:xsl|css|png|ico|html?|json|xml|m3u|xspf|vclt|txt|js)$")


def parse_access_line(line: str) -> LoggedListen | None:
    """Return the listen that a line of an access log tells; None if it tells of another request.

    Raises:
        BadLine: It has not the form of such a line, or cannot be true.
    """
    found = _LINE.fullmatch(line)
    if not found:
        raise BadLine("no line of an access log")
    method, _, rest = found["request"].partition(" ")
    url = urlsplit(rest.partition(" ")[0])
    if method != "GET" or found["status"] not in ("200", "206") or found["seconds"] == "-":
        return None
    path = unquote(url.path)
    if _NO_AUDIO.search(path):
        return None
    end = _seconds(found["time"])
    seconds = int(found["seconds"])
    sent = int(found["bytes"]) if found["bytes"] != "-" else 0
    if seconds > MAX_LISTEN_SECONDS or sent > MAX_BYTES:
        raise BadLine("a number out of bounds")
    stream_id, way = _stream(path, url.query)
    return LoggedListen(
        "",
        clean_text(stream_id, MAX_TEXT_CHARACTERS),
        way,
        UNKNOWN if found["agent"] in ("", "-") else family_of(found["agent"][:MAX_TEXT_CHARACTERS]),
        clean_text(found["client"], MAX_CLIENT_CHARACTERS) if found["client"] != "-" else "",
        (end - seconds) * 1000,
        end * 1000,
        sent,
    )


def _stream(path: str, query: str) -> tuple[str, str]:
    """Return the stream and the way of a listener's request; of other servers' the mount."""
    first, _, rest = path.lstrip("/").partition("/")
    stream_id, _, below = rest.partition("/")
    if first == "stream" and below.startswith("hls/"):
        return stream_id, "hls"
    latency = parse_qs(query, max_num_fields=10).get("latency", [""])[-1] if len(query) < 2000 else ""
    way = "live" if latency == "low" else "player" if latency else "stream"
    return (rest, way) if first == "stream" and rest else (path.lstrip("/"), way)


def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found or found[2] not in _MONTHS:
        raise BadLine("no time")
    day, year, hour, minute, second = (int(found[place]) for place in (1, 3, 4, 5, 6))
    offset = (int(found[8]) * 60 + int(found[9])) * (60 if found[7] == "+" else -60)
    seconds = calendar.timegm((year, _MONTHS[found[2]], day, hour, minute, second)) - offset
    if not FIRST_SECOND <= seconds < LAST_SECOND:
        raise BadLine("a time out of bounds")
    return seconds
