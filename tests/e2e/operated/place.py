"""What the steps need of a cluster, real or simulated."""

from collections.abc import Mapping
from typing import Any, Protocol

Json = dict[str, Any]


class Place(Protocol):
    """A namespace in which an operator works. Its methods block.

    Attributes:
        namespace: Its name.
        images: Two images of the server, to roll from one to the other.
    """

    namespace: str
    images: tuple[str, str]

    def create(self, plural: str, manifest: Json) -> None:
        """Create an object, as a user does."""

    def find(self, plural: str, name: str) -> Json | None:
        """Return an object; None: there is none of that name."""

    def change(self, plural: str, name: str, spec: Json) -> None:
        """Change some fields of an object's spec."""

    def delete(self, plural: str, name: str) -> None:
        """Delete an object; what it owns goes later, as the garbage collector comes to it."""

    def pods(self, cast: str) -> Mapping[str, Json]:
        """Return the servers' pods of an AudioCast, by name."""

    def ways(self, cast: str) -> Mapping[str, int]:
        """Return the ports of loopback that lead to the pods which its Service leads to now, by name."""
