"""API tokens that carry a share, `at1.CLAIMS.MAC`: they bound what their holder makes; nobody keeps a list.

    n   the tenant's name; several tokens of one name are one tenant's
    p   what the ids of the tenant's streams begin with
    s   streams that are on at a time; 0: no bound of its own
    l   listeners of each stream at a time; 0: likewise
    k   rate of each source, kbit/s; 0: likewise
    e   expiry, Unix seconds; 0: never

The bounds become claims of the keys that are made with it, and so hold wherever these are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audiocast.stream.access.signed_claims import SignedClaims, UnreadableClaims
from audiocast.stream.now_playing import clean_text

PREFIX = "at1"

_PURPOSE = b"audiocast tenant"

MAX_NAME_CHARACTERS = 60
# An id has at most 64, and what comes behind the prefix has 10 when the server chooses it.
MAX_PREFIX_CHARACTERS = 40
# With a name of 60 characters of four bytes.
MAX_TOKEN_CHARACTERS = 768


class Share(NamedTuple):
    """How many streams of a tenant may be on at a time.

    Attributes:
        id_prefix: What their ids begin with.
        streams: How many; 0: no bound.
    """

    id_prefix: str = ""
    streams: int = 0


NO_SHARE = Share()


@dataclass(frozen=True, slots=True)
class TenantClaims:
    """What such a token claims.

    Attributes:
        tenant: The name.
        id_prefix: What ids begin with.
        streams: On at a time; 0: no bound.
        listeners: Of each stream; 0: no bound.
        kbps: Of each source; 0: no bound.
        expires_at: Unix seconds; 0: never.
    """

    tenant: str
    id_prefix: str
    streams: int = 0
    listeners: int = 0
    kbps: int = 0
    expires_at: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenant", clean_text(self.tenant, MAX_NAME_CHARACTERS))

    @property
    def share(self) -> Share:
        """What the keys claim that are made with the token."""
        return Share(self.id_prefix, self.streams)

    @property
    def identity(self) -> str:
        """Stands for the token where streams are told apart by the token that has made them."""
        return f"{PREFIX} {self.tenant} {self.id_prefix}"


# Of requests without such a token: no bounds, and any id.
NO_TENANT = TenantClaims("", "")


def is_tenant_token(token: str | None) -> bool:
    """Return whether a text looks like such a token, good or not."""
    return token is not None and token.startswith(f"{PREFIX}.")


class TenantTokens:
    """Makes and checks such tokens.

    Args:
        secrets: The current one first, then those that are still accepted; at least one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        encoded = [secret.encode() for secret in secrets]
        self._signed = SignedClaims(PREFIX, _PURPOSE, encoded, MAX_TOKEN_CHARACTERS)

    def make(self, claims: TenantClaims) -> str:
        """Return a token, made with the current secret."""
        claimed = {
            "n": claims.tenant,
            "p": claims.id_prefix,
            "s": claims.streams,
            "l": claims.listeners,
            "k": claims.kbps,
            "e": claims.expires_at,
        }
        return self._signed.sign("", {name: value for name, value in claimed.items() if value})

    def read(self, token: str, unix_seconds: float) -> TenantClaims | None:
        """Return what a token claims; None: it is none of ours, or has expired."""
        if not is_tenant_token(token):
            return None
        try:
            claimed = self._signed.read("", token)
        except UnreadableClaims:
            return None
        if claimed is None:
            return None
        claims = TenantClaims(
            str(claimed.get("n", "")),
            str(claimed.get("p", "")),
            claimed.get("s", 0),
            claimed.get("l", 0),
            claimed.get("k", 0),
            claimed.get("e", 0),
        )
        return None if claims.expires_at and unix_seconds >= claims.expires_at else claims
