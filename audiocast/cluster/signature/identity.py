"""Who sends a message, and to whom. Pure."""

import secrets
from typing import NamedTuple


class Identity(NamedTuple):
    """Who has signed something.

    Attributes:
        name: Name in the ring.
        instance: Random text, another one for each process.
    """

    name: str
    instance: str

    @classmethod
    def of_new_process(cls, name: str) -> "Identity":
        """Return the identity of a process that starts."""
        return cls(name, secrets.token_hex(8))


NOBODY = Identity("", "")


class Recipient(NamedTuple):
    """Where a request goes, and to whom.

    Attributes:
        address: "host:port" of an internal port.
        identity: The member there; `NOBODY`: nobody knows yet, as before the first greeting.
    """

    address: str
    identity: Identity = NOBODY
