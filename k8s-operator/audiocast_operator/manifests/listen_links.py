"""The links for listeners of a private stream: made once, and known again by their seal.

Links that can be made again would be no secret, so what was made is read back from its Secret. A seal over
all that they depend on, and over themselves, tells whether they are still those that are wanted.
"""

import hashlib
import hmac
from typing import NamedTuple

from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.secrets import LINKS_ENTRY, build_links_secret, read_entry
from audiocast_operator.models.stream import ListenLinksSpec
from audiocast_operator.names import LINKS_MADE, LINKS_SEAL
from audiocast_operator.protocol.listen_token import build_listen_token

# The API server takes no more in a Secret.
MAX_BYTES = 1_048_576

_PURPOSE = b"audiocast operator listen links"


class WantedLinks(NamedTuple):
    """What links depend on.

    Attributes:
        stream_id: The stream.
        page: URL of its listener's page.
        spec: How many, for how long, for whom.
        revoked_at_ms: Links that were made before are revoked, Unix milliseconds; 0: none is.
        secret: Signs them.
    """

    stream_id: str
    page: str
    spec: ListenLinksSpec
    revoked_at_ms: int
    secret: str

    @property
    def terms(self) -> str:
        """A hash of it, from which the secret cannot be found."""
        return self._mac(self.stream_id, self.page, self.spec.model_dump_json(), str(self.revoked_at_ms))

    def ends_at(self, made_at: int) -> int:
        """Return when links that were made at some time can be joined last, in Unix seconds; 0: for ever."""
        return made_at + self.spec.expires_in_seconds if self.spec.expires_in_seconds else 0

    def build(self, owner: Owner, cast_name: str, made_at: int) -> Json:
        """Return the Secret with new links.

        Args:
            owner: The Stream.
            cast_name: Its AudioCast.
            made_at: The present time, in Unix seconds.

        Raises:
            BadSpec: They do not fit into one.
        """
        # No link is revoked that was made just now, whatever the clocks say.
        made_at_ms = max(made_at * 1000, self.revoked_at_ms)
        tokens = (
            build_listen_token(
                self.secret,
                self.stream_id,
                self.spec,
                made_at_ms=made_at_ms,
                expires_at=self.ends_at(made_at),
            )
            for _ in range(self.spec.count)
        )
        text = "".join(f"{self.page}?token={token}\n" for token in tokens)
        if len(text) > MAX_BYTES:
            raise BadSpec(
                f"listenLinks: expected links of {MAX_BYTES} bytes together, got {len(text)}; want fewer, "
                "or a shorter label"
            )
        return build_links_secret(owner, cast_name, text, made_at, self._seal(made_at, text))

    def made_at(self, raw: Json | None) -> int | None:
        """Return when the links in a Secret were made, in Unix seconds; None: they are others, or not whole.

        Args:
            raw: The Secret; None: there is none.
        """
        if raw is None:
            return None
        annotations = raw["metadata"].get("annotations") or {}
        try:
            made_at, text = int(annotations.get(LINKS_MADE, "")), read_entry(raw, LINKS_ENTRY)
        except ValueError:
            # Somebody has written over it.
            return None
        seal = str(annotations.get(LINKS_SEAL, ""))
        return made_at if hmac.compare_digest(seal.encode(), self._seal(made_at, text).encode()) else None

    def _seal(self, made_at: int, text: str) -> str:
        return self._mac(self.terms, str(made_at), text)

    def _mac(self, *parts: str) -> str:
        message = b"\0".join((_PURPOSE, *(part.encode() for part in parts)))
        return hmac.digest(self.secret.encode(), message, hashlib.sha256).hex()[:32]
