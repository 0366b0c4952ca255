"""Another member, as this one knows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, cast

from audiocast.cluster.greeting import ListName
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.cluster.versioned_list import ListCopy
from audiocast.stream.source_id import SourceId


class OwnedSource(NamedTuple):
    """What a member lists of a stream whose source it has.

    Its text, which is in the list, is the id of the source; behind a space the generation, unless it is 0.

    Attributes:
        source_id: The source.
        generation: The highest generation of a key that a source of the stream has used.
    """

    source_id: SourceId
    generation: int = 0

    def __str__(self) -> str:
        return f"{self.source_id} {self.generation}" if self.generation else str(self.source_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text.

        Raises:
            ValueError: It is not of that form.
        """
        source_id, _, generation = text.partition(" ")
        return cls(SourceId.parse(source_id), int(generation or "0"))


def _new_copies() -> dict[ListName, ListCopy]:
    return {name: ListCopy() for name in ListName}


@dataclass(slots=True)
class Member:
    """A member that has answered. Its fields are the membership's to change.

    Attributes:
        name: Name in the ring.
        address: "host:port" of its internal port.
        instance: Random text of its process: after a restart the same name is another member.
        stable_at: When it may be in the ring, seconds of the membership's clock.
        version: Version of the protocol that it speaks.
        is_draining: It takes no more streams.
        view: Its view of the ring; see `membership.view_of`.
        copies: Its lists, as far as they are known here.
        misses: Greetings in a row without an answer.
        answered_at: When the last answer came, seconds of the membership's clock.
    """

    name: str
    address: str
    instance: str
    stable_at: float
    version: int = 0
    is_draining: bool = False
    view: str = ""
    copies: dict[ListName, ListCopy] = field(default_factory=_new_copies)
    misses: int = 0
    answered_at: float = 0.0

    @property
    def recipient(self) -> Recipient:
        """Where requests to it go."""
        return Recipient(self.address, Identity(self.name, self.instance))

    def status(self) -> dict[str, Any]:
        """Return what `GET /internal/status` says of it, as JSON."""
        return {
            "name": self.name,
            "address": self.address,
            "draining": self.is_draining,
            "view": self.view,
            "protocol": self.version,
        }

    @property
    def owned_streams(self) -> Mapping[str, str]:
        """Streams whose source it has, each with the text of an `OwnedSource`."""
        return cast(Mapping[str, str], self.copies[ListName.OWNED].entries)

    @property
    def private_streams(self) -> Mapping[str, int]:
        """Streams that it knows to be private; see `ListName`."""
        return cast(Mapping[str, int], self.copies[ListName.PRIVATE].entries)

    @property
    def hls_streams(self) -> Mapping[str, int]:
        """Streams that it makes HLS of, with the first segment number of each."""
        return cast(Mapping[str, int], self.copies[ListName.HLS].entries)
