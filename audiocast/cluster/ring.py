"""Rendezvous hashing (highest random weight): for each stream, all members in an order that all agree on.

The first is the stream's owner, the rest is the order of fail-over. A weight depends on one member's name and
the stream's id alone. So a member that comes or goes moves only the streams that become or were its own, 1/N
of them, and the order of all other members stays what it was. Pure: no clock, no network, no state.

Reference: D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions
on Networking 6(1), 1998.
"""

from collections.abc import Iterable
from hashlib import blake2b

WEIGHT_BYTES = 8
_PERSON = b"audiocast ring"


def order(stream_id: str, members: Iterable[str]) -> list[str]:
    """Return the members by their weight for a stream, the owner first.

    Args:
        stream_id: Any text.
        members: Names, each once, in any order.
    """
    # Equal weights do not happen with 64 bits; if they did, the name decides, everywhere alike.
    return sorted(members, key=lambda name: (weight(stream_id, name), name), reverse=True)


def weight(stream_id: str, member: str) -> bytes:
    """Return one member's weight for a stream, as bytes that compare like numbers.

    The name is the hash's key, up to 64 bytes of it (RFC 7693 section 2.1); a longer one is hashed first.
    """
    name = member.encode()
    key = name if len(name) <= 64 else blake2b(name).digest()
    return blake2b(stream_id.encode(), digest_size=WEIGHT_BYTES, key=key, person=_PERSON).digest()
