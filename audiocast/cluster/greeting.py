"""What members tell each other of themselves, twice a second and when they stop. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.protocol import GOODBYE, HELLO, PeerRequest

MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Greeting:
    """`POST /internal/hello`, and its answer: the state of a member.

    Attributes:
        name: Name in the ring.
        instance: Random text, another one for each process.
        internal_port: Port where the member is reached, on the host that the greeting came from.
        is_draining: The member takes no more streams.
        view: The ring as the member sees it, in one short word.
        owned_streams: Streams whose source the member has, with the source's id as text.
        hls_streams: Streams that the member makes HLS of, with the first segment number of each: the smaller,
            the older.
    """

    name: str
    instance: str
    internal_port: int
    is_draining: bool
    view: str
    owned_streams: Mapping[str, str]
    hls_streams: Mapping[str, int] = field(default_factory=dict)

    def build(self) -> PeerRequest:
        """Return the greeting as a request."""
        return PeerRequest("POST", HELLO, body=self.as_json())

    def build_goodbye(self) -> PeerRequest:
        """Return the request that announces the end of this member's process; see `Goodbye`."""
        return PeerRequest("POST", GOODBYE, body=self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {
            "name": self.name,
            "instance": self.instance,
            "internal_port": self.internal_port,
            "draining": self.is_draining,
            "view": self.view,
            "owned": dict(self.owned_streams),
            "packaged": dict(self.hls_streams),
        }

    @classmethod
    def parse(cls, body: object) -> Self:
        """Check a JSON value; fields that a newer version adds are ignored.

        Raises:
            BadMessage: The value is not a greeting.
        """
        match body:
            case {
                "name": str(name),
                "instance": str(instance),
                "internal_port": int(internal_port),
                "draining": bool(is_draining),
                "view": str(view),
                "owned": dict(owned),
                **others,
            } if (
                0 < len(name) <= MAX_NAME_CHARACTERS
                and not isinstance(internal_port, bool)
                and 0 < internal_port < 65_536
                and all(isinstance(source_id, str) for source_id in owned.values())
            ):
                # Versions before HLS do not send the last field.
                hls_streams = _first_numbers(others.get("packaged", {}))
                return cls(name, instance, internal_port, is_draining, view, owned, hls_streams)
        raise BadMessage(f"expected a greeting, got {str(body)[:200]}")


@dataclass(frozen=True, slots=True)
class Goodbye:
    """`POST /internal/goodbye`: a member's process ends. Its body is a greeting; these fields count."""

    name: str
    instance: str

    @classmethod
    def parse(cls, body: object) -> Self:
        """Read a JSON value; a field that is missing is empty, and names no member."""
        fields = body if isinstance(body, dict) else {}
        return cls(str(fields.get("name", "")), str(fields.get("instance", "")))


def _first_numbers(body: object) -> dict[str, int]:
    if not isinstance(body, dict) or not all(isinstance(number, int) for number in body.values()):
        raise BadMessage(f"expected a greeting with numbers of HLS segments, got {str(body)[:200]}")
    return body
