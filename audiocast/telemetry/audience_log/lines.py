"""Records as lines: JSON objects, and the access log that Icecast 2.4 writes.

Texts of strangers are escaped: a line is one line, and no field of it ends early.
"""

import json
import math
import secrets
from datetime import UTC, datetime
from typing import Any

from audiocast.stream.audience.listen import ListenRecord, Way
from audiocast.telemetry.audience_log.agents import family_of
from audiocast.telemetry.audience_log.client_names import ClientNames

SESSION_BYTES = 8

PATHS = {Way.HLS: "/stream/{}/hls/index.m3u8", Way.MP3: "/stream/{}.mp3", Way.AAC: "/stream/{}.aac"}


def day_of(at: float) -> str:
    """Return the UTC day of a moment, Unix seconds, as in "2026-11-30"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def json_line(fields: dict[str, Any]) -> bytes:
    """Return a JSON object as a line."""
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def json_listen(record: ListenRecord, node: str, names: ClientNames) -> bytes:
    """Return a listen as a JSON line; its fields are in docs/station/audience.md."""
    is_known = math.isfinite(record.aim_seconds)
    return json_line(
        {
            "event": "listen",
            "at": round(record.ended_at, 3),
            "started_at": round(record.ended_at - record.seconds, 3),
            "session": secrets.token_hex(SESSION_BYTES),
            "node": node,
            "stream_id": record.stream_id,
            "way": record.way.value,
            "format": "opus",
            "seconds": round(record.seconds, 3),
            "bytes": record.sent_bytes,
            "agent": family_of(record.who.agent),
            "aim_ms": round(record.aim_seconds * 1000) if is_known else None,
            "end": record.end.value,
            "client": names.name(record.who.address, day_of(record.ended_at)),
            "label": record.label,
        }
    )


def icecast_listen(record: ListenRecord, names: ClientNames) -> bytes:
    """Return a listen as Icecast 2.4 writes it: Apache's combined format, and the seconds behind it.

    The time is that of the end, as there. Programs that read such logs take an address for a host: a hash
    stands in its place as one, and a network without its length.
    """
    client = names.name(record.who.address, day_of(record.ended_at))
    at = datetime.fromtimestamp(record.ended_at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    path = PATHS.get(record.way, "/stream/{}").format(record.stream_id)
    line = (
        f'{client.partition("/")[0] or "-"} - - [{at}] "GET {path} HTTP/1.1" 200 {record.sent_bytes} '
        f'"{_quoted(record.who.referrer)}" "{_quoted(record.who.agent)}" {round(record.seconds)}\n'
    )
    return line.encode("ascii", "backslashreplace")


def _quoted(text: str) -> str:
    r"""Return a text for the inside of quotes; "-" when there is none.

    Quotes and backslashes are \x22 and \x5C, as nginx writes them: AWStats takes `\"` for the end.
    """
    shown = "".join(each if each.isprintable() else "?" for each in text)
    return shown.replace("\\", r"\x5C").replace('"', r"\x22") or "-"
