"""`GET /listen/{id}/calendar.ics`: a broadcast that is to begin, for the visitor's calendar (RFC 5545)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.embed_code import UNTITLED
from audiocast.web.public.streams import cluster_state

# A calendar needs an end; nobody has said when the broadcast is to end.
DURATION = "PT1H"

# Section 3.1: bytes of a line, without its end.
MAX_LINE_BYTES = 75


class CalendarHandler(PublicHandler):
    """The start of a broadcast as an event; 404 where none was told."""

    metric_label = "Calendar"

    async def get(self, stream_id: str) -> None:
        state = await cluster_state(self.services, self.checked_id(stream_id), self.request)
        starts_at = state.get("starts_at") if state else None
        if not state or not starts_at:
            raise ApiError(404, "no_start", "nobody has told when this stream begins")
        base = self.services.urls.base(self.request)
        self.set_header("Content-Type", "text/calendar; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="audiocast-{stream_id}.ics"')
        self.set_header("Cache-Control", "no-store")
        self.write(event(f"{base}/listen/{stream_id}", state["title"], starts_at))


def event(listen_url: str, title: str, starts_at: float) -> str:
    """Return a calendar with one event, an hour long.

    Args:
        listen_url: Where it can be heard. It names the event: told again with another start, it moves.
        title: Of the stream; may be empty.
        starts_at: Unix seconds.
    """
    start = f"{datetime.fromtimestamp(starts_at, UTC):%Y%m%dT%H%M%SZ}"
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//audiocast//audiocast//EN",
        "BEGIN:VEVENT",
        f"UID:{listen_url}",
        f"DTSTAMP:{start}",
        f"DTSTART:{start}",
        f"DURATION:{DURATION}",
        f"SUMMARY:{_escaped(title or UNTITLED)}",
        f"URL:{listen_url}",
        f"DESCRIPTION:{_escaped(listen_url)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _escaped(text: str) -> str:
    """Return a text as a property has it (section 3.3.11); titles have no line ends."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in parts of a bounded size, each but the first after a space (section 3.1)."""
    part = ""
    for character in line:
        if len((part + character).encode()) > MAX_LINE_BYTES:
            yield part
            part = " "
        part += character
    yield part
