"""What members tell each other of themselves, twice a second and when they stop. Pure.

Who it is that greets is the signature's to say (`signature.header`), and nowhere else. A greeting has the
same size, below 4 KiB, however many streams there are: of its lists it has the summaries, and the rest is
asked for; see `versioned_list`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.protocol import CHANGES, GOODBYE, HELLO, PROTOCOL_VERSION, PeerRequest
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.versioned_list import ListSummary

MAX_NAME_CHARACTERS = 200

# `POST /internal/goodbye`: the process of the member that signs it ends.
GOODBYE_REQUEST = PeerRequest("POST", GOODBYE, body={})


class ListName(StrEnum):
    """A list that each member has, and all others have a copy of, which is fetched in this order."""

    # Streams that the member knows to be private, with the moment before which their listen tokens are
    # revoked, Unix milliseconds. First: no member is to find a stream's owner before it knows this.
    PRIVATE = "private"

    # Streams whose source the member has, as `OwnedSource` texts.
    OWNED = "owned"

    # Streams that the member makes HLS of, with the first segment number of each: the smaller, the older.
    HLS = "hls"

    # Streams that the member tells webhooks of, with what another one needs to go on telling.
    BROADCASTS = "broadcasts"


@dataclass(frozen=True, slots=True)
class Greeting:
    """`POST /internal/hello`, and its answer: the state of a member.

    Attributes:
        identity: The member.
        internal_port: Port where the member is reached, on the host that the greeting came from.
        is_draining: The member takes no more streams.
        view: The ring as the member sees it, in one short word.
        lists: Summaries of its lists.
        version: Version of the protocol that the member speaks.
    """

    identity: Identity
    internal_port: int
    is_draining: bool
    view: str
    lists: Mapping[ListName, ListSummary]
    version: int = PROTOCOL_VERSION

    def build(self) -> PeerRequest:
        """Return the greeting as a request."""
        return PeerRequest("POST", HELLO, body=self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {
            "protocol": self.version,
            "internal_port": self.internal_port,
            "draining": self.is_draining,
            "view": self.view,
            "lists": {name.value: summary.as_json() for name, summary in self.lists.items()},
        }

    @classmethod
    def parse(cls, body: object, identity: Identity) -> Self:
        """Check a JSON value; fields and lists that a newer version adds are ignored.

        Args:
            body: The value.
            identity: Who has signed it.

        Raises:
            BadMessage: The value is not a greeting.
        """
        match body:
            case {
                "protocol": int(version),
                "internal_port": int(internal_port),
                "draining": bool(is_draining),
                "view": str(view),
                "lists": dict(lists),
            } if (
                0 < len(identity.name) <= MAX_NAME_CHARACTERS
                and not isinstance(internal_port, bool)
                and 0 < internal_port < 65_536
            ):
                summaries = {name: ListSummary.parse(lists[name]) for name in ListName if name in lists}
                return cls(identity, internal_port, is_draining, view, summaries, version)
        raise BadMessage(f"expected a greeting, got {str(body)[:200]}")


@dataclass(frozen=True, slots=True)
class ChangesRequest:
    """`GET /internal/changes?list=&after=`: a member asks for what has changed in a list of another one.

    The answer is a `ListPage`.

    Attributes:
        list_name: Which list.
        cursor: Of the page before; empty: the whole list.
    """

    list_name: ListName
    cursor: str

    def build(self) -> PeerRequest:
        """Return the request."""
        return PeerRequest("GET", f"{CHANGES}?{urlencode({'list': self.list_name, 'after': self.cursor})}")

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """Read the query of a request.

        Raises:
            BadMessage: There is no such list.
        """
        try:
            return cls(ListName(query.get("list", "")), query.get("after", ""))
        except ValueError as error:
            raise BadMessage(str(error)) from error
