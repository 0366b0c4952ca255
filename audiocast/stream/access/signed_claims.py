r"""Claims under a MAC: any member with the secret can check them, and nobody keeps a list.

    text    = prefix "." claims "." mac
    claims  URL-safe base64 of a JSON object, without padding; empty when there is nothing to claim
    mac     URL-safe base64 of the first 16 bytes of HMAC-SHA256(secret, purpose "\0" name "\0" claims)

The first secret signs, all of them are accepted, so a secret can be replaced without cutting anyone off.
16 bytes of a MAC are what RFC 2104 section 5 allows at the least.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

MAC_BYTES = 16


class UnreadableClaims(ValueError):
    """A server with the secret has signed the claims, but this version cannot read them."""


class SignedClaims:
    """Signs and checks claims for one purpose.

    Args:
        prefix: What the texts begin with; it tells people and logs one kind from another.
        purpose: Keeps a text of one kind from being taken for another one.
        secrets: The current one first, then those that are still accepted; at least one.
        max_characters: Longer texts are not looked at.
    """

    def __init__(self, prefix: str, purpose: bytes, secrets: Sequence[bytes], max_characters: int) -> None:
        if not secrets:
            raise ValueError("expected at least one secret")
        self._prefix = prefix
        self._purpose = purpose
        self._secrets = tuple(secrets)
        self._max_characters = max_characters

    def sign(self, name: str, claims: Mapping[str, object]) -> str:
        """Return the text.

        Args:
            name: What the claims are about, such as a stream's id. It is not in the text.
            claims: A JSON object.
        """
        text = ""
        if claims:
            text = to_text(json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode())
        return f"{self._prefix}.{text}.{self._mac(self._secrets[0], name, text)}"

    def read(self, name: str, text: str) -> dict[str, Any] | None:
        """Return the claims of a text; None: no secret of ours has signed it for this name.

        Raises:
            UnreadableClaims: The MAC is right, and the claims are no JSON object.
        """
        prefix, _, rest = text[: self._max_characters].partition(".")
        claims, _, mac = rest.rpartition(".")
        given = mac.encode("utf-8", "surrogateescape")
        # No early end: every secret is compared, and each comparison takes its constant time.
        fits = [hmac.compare_digest(self._mac(each, name, claims).encode(), given) for each in self._secrets]
        if prefix != self._prefix or not any(fits):
            return None
        try:
            read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) if claims else {}
        except (binascii.Error, ValueError) as error:
            raise UnreadableClaims("expected claims that this version can read") from error
        if not isinstance(read, dict):
            raise UnreadableClaims("expected claims that this version can read")
        return read

    def _mac(self, secret: bytes, name: str, claims: str) -> str:
        message = b"\0".join((self._purpose, name.encode(), claims.encode("utf-8", "surrogateescape")))
        return to_text(hmac.digest(secret, message, hashlib.sha256)[:MAC_BYTES])


def to_text(data: bytes) -> str:
    """Return URL-safe base64 without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
