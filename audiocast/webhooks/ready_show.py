"""A recording is ready: what is told of it, and whether all have taken it. Pure but for its futures."""

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiocast.webhooks.event import Event, EventType, event_id, iso_time

if TYPE_CHECKING:
    # A server that records nothing loads nothing of it.
    from audiocast.recordings.show_record import ShowRecord

# After this outcome of a try another one follows.
_GOES_ON = "retried"


def ready_event(record: "ShowRecord", *, visibility: str, listen_url: str | None, base: str) -> Event:
    """Return the event of a show that is closed; its id is made of the show's alone.

    Args:
        record: Of the show.
        visibility: Of its stream.
        listen_url: Of its stream; None: this server does not know its own address.
        base: "scheme://host" of links; empty: likewise.
    """
    at = time.time()
    stream_id = record.stream_id
    missing_seconds = sum(end - start for start, end in record.missing)
    data = {
        "title": record.title,
        "broadcast_id": None,
        "visibility": "private" if record.is_private else visibility,
        "listen_url": listen_url,
        "show_id": record.show_id,
        "started_at": iso_time(record.started_at),
        "seconds": record.seconds,
        "bytes": record.size_bytes,
        "missing_seconds": round(missing_seconds, 3),
        "url": f"{base}/recordings/{record.show_id}.opus" if base else None,
    }
    name = event_id(stream_id, EventType.RECORDING_READY, record.show_id)
    return Event(EventType.RECORDING_READY, stream_id, name, at, round(at * 1e6), data)


@dataclass(slots=True)
class _Awaited:
    left: int
    done: asyncio.Future[None]


class Receipts:
    """Says when an event is over at all of its targets: taken, or given up."""

    def __init__(self) -> None:
        # One id may be told twice here, with another sequence.
        self._awaited: dict[tuple[str, int], _Awaited] = {}

    def expect(self, event: Event, targets: int) -> asyncio.Future[None]:
        """Return what is done when so many deliveries of the event have ended."""
        awaited = _Awaited(targets, asyncio.get_running_loop().create_future())
        self._awaited[event.event_id, event.sequence] = awaited
        return awaited.done

    def note(self, event: Event, outcome: str) -> None:
        """Note how a try or a delivery has ended, of any event."""
        key = event.event_id, event.sequence
        awaited = self._awaited.get(key)
        if awaited is None or outcome == _GOES_ON:
            return
        awaited.left -= 1
        if not awaited.left:
            del self._awaited[key]
            if not awaited.done.done():
                awaited.done.set_result(None)
