"""How shows are called, and which object of the store has what of them. Pure.

    open/STREAM/TIME                      a show that is on, or is being closed; see `open_show`
    chunks/STREAM/TIME/REEL/NUMBER.opus   its audio, until it is closed
    shows/STREAM/TIME.json                what is known of it; its index, when it is closed
    files/STREAM/TIME.opus                the show, when it is closed
    deleted/STREAM/TIME                   a show that is being deleted

A list of `shows/STREAM` has all shows of a stream, with an object for each. Chunks sort by their names as the
audio comes one behind the other, whichever member has written them: a reel has the next free number, which
only one recorder gets.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

OPEN, CHUNKS, SHOWS, FILES, DELETED = "open", "chunks", "shows", "files", "deleted"

TIME_FORMAT = "%Y%m%dT%H%M%SZ"

_TEXT = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})-(\d{8}T\d{6}Z)")
_CHUNK = re.compile(r"(\d{5})/(\d{7})\.opus")
_OF_SHOW = re.compile(r"[a-z]+/([A-Za-z0-9][A-Za-z0-9_-]{0,63})/(\d{8}T\d{6}Z)(?:\.json|\.opus)?")


@dataclass(frozen=True, slots=True, order=True)
class ShowId:
    """The identity of a show; as a text, STREAM-TIME.

    Attributes:
        stream_id: Its stream.
        time: When it began, in UTC, as 20261130T194500Z.
    """

    stream_id: str
    time: str

    @classmethod
    def of(cls, stream_id: str, at: float) -> Self:
        """Return the id of a show that begins at a moment, Unix seconds."""
        return cls(stream_id, datetime.fromtimestamp(at, UTC).strftime(TIME_FORMAT))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text form.

        Raises:
            ValueError: `text` is none.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"expected a show's id like stream-20261130T194500Z, got {text[:100]!r}")
        show_id = cls(found[1], found[2])
        datetime.strptime(show_id.time, TIME_FORMAT)
        return show_id

    @classmethod
    def of_key(cls, key: str) -> Self | None:
        """Return whose object a key is; None: no show's, or a chunk's."""
        found = _OF_SHOW.fullmatch(key)
        return cls(found[1], found[2]) if found is not None else None

    def __str__(self) -> str:
        return f"{self.stream_id}-{self.time}"

    @property
    def started_at(self) -> float:
        """When it began, Unix seconds."""
        return datetime.strptime(self.time, TIME_FORMAT).replace(tzinfo=UTC).timestamp()

    @property
    def open_key(self) -> str:
        """Of the object that says that the show is on, or being closed."""
        return f"{OPEN}/{self.stream_id}/{self.time}"

    @property
    def record_key(self) -> str:
        """Of what is known of the show."""
        return f"{SHOWS}/{self.stream_id}/{self.time}.json"

    @property
    def file_key(self) -> str:
        """Of its audio, when it is closed."""
        return f"{FILES}/{self.stream_id}/{self.time}.opus"

    @property
    def deleted_key(self) -> str:
        """Of the object that says that the show is being deleted."""
        return f"{DELETED}/{self.stream_id}/{self.time}"

    @property
    def chunks_folder(self) -> str:
        """The folder of its chunks."""
        return f"{CHUNKS}/{self.stream_id}/{self.time}"

    def chunk_key(self, reel: int, number: int) -> str:
        """Return the key of a chunk."""
        return f"{self.chunks_folder}/{reel:05}/{number:07}.opus"


def reel_of(key: str) -> int | None:
    """Return the reel of a chunk's key; None: the key is no chunk's."""
    found = _CHUNK.fullmatch("/".join(key.split("/")[-2:]))
    return int(found[1]) if found is not None else None
