"""What members say of themselves when they greet each other: JSON, checked before anything is made of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from audiocast.cluster.errors import BadFrame

MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Greeting:
    """Of one member.

    Attributes:
        name: In the ring.
        instance: Random, of its process.
        internal_port: Where it is reached, on the host that the greeting came from.
        draining: It takes no more streams.
        view: What it thinks the ring is, in one short word.
        owned: Streams whose source it has now, with their origins as text.
        packaged: Streams that it gives as HLS now, with the first number of each: the smaller, the older.
    """

    name: str
    instance: str
    internal_port: int
    draining: bool
    view: str
    owned: Mapping[str, str]
    packaged: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, said: Any) -> Self:
        """Check what came as JSON; fields that a newer version adds are passed over.

        Raises:
            BadFrame: It is no greeting.
        """
        match said:
            case {
                "name": str(name),
                "instance": str(instance),
                "internal_port": int(internal_port),
                "draining": bool(draining),
                "view": str(view),
                "owned": dict(owned),
            } if (
                0 < len(name) <= MAX_NAME_CHARACTERS
                and not isinstance(internal_port, bool)
                and 0 < internal_port < 65_536
                and all(isinstance(source_id, str) for source_id in owned.values())
            ):
                return cls(name, instance, internal_port, draining, view, owned, _packaged(said))
        raise BadFrame(f"expected a greeting, got {str(said)[:200]}")

    def as_json(self) -> dict[str, Any]:
        """Give what `parse` reads."""
        return asdict(self)


def _packaged(said: Mapping[str, Any]) -> dict[str, int]:
    """Read what older versions do not say."""
    packaged = said.get("packaged", {})
    if not isinstance(packaged, dict) or not all(isinstance(number, int) for number in packaged.values()):
        raise BadFrame(f"expected a greeting with numbers of HLS muxers, got {str(packaged)[:200]}")
    return packaged
