"""Where events are sent. A URL may hold a token in its path and query: no log shows more than its origin."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from audiocast.webhooks.event import Event, EventType

MAX_URL_CHARACTERS = 2_000

_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver.

    Attributes:
        url: Where it is asked; http or https.
        secrets: What it is signed with, the current one first.
        events: What it is told.
        stream_id: The one stream that it is told of; empty: all of them.
        name: By which it is known again when it has changed; empty: it never does.
    """

    url: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)
    events: frozenset[EventType] = frozenset(EventType)
    stream_id: str = ""
    name: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port: all of the URL that may be logged."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def host(self) -> str:
        """Name or address of the host, without brackets."""
        return urlsplit(self.url).hostname or ""

    def wants(self, event: Event) -> bool:
        """Return whether it is told of an event."""
        return event.type in self.events and self.stream_id in ("", event.stream_id)

    @classmethod
    def parse(
        cls,
        url: str,
        secrets: tuple[bytes, ...],
        events: frozenset[EventType] = frozenset(EventType),
        stream_id: str = "",
        name: str = "",
    ) -> Self:
        """Check a URL.

        Raises:
            ValueError: It is none that a request can be sent to. The message has nothing of it.
        """
        try:
            parts = urlsplit(url)
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError("expected an http or https URL") from None
        if parts.scheme not in ("http", "https") or not has_host:
            raise ValueError("expected an http or https URL")
        if len(url) > MAX_URL_CHARACTERS or not _PRINTABLE.fullmatch(url):
            raise ValueError(
                f"expected a URL of at most {MAX_URL_CHARACTERS} characters of ASCII, others as %XX"
            )
        if parts.fragment:
            raise ValueError("expected a URL without a fragment (#)")
        if parts.username is not None and parts.password is None:
            raise ValueError("expected user:password@ in a URL, or neither")
        return cls(url, secrets, events, stream_id, name)
