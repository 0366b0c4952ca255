r"""Claims of a stream under a MAC, as ingest keys and listen tokens have them.

text    = prefix "." claims "." mac
claims  URL-safe base64 of a JSON object, without padding and without empty claims
mac     URL-safe base64 of the first 16 bytes of HMAC-SHA256(secret, purpose "\0" id "\0" claims)
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

MAC_BYTES = 16


def sign_claims(
    prefix: str, purpose: bytes, secret: str, stream_id: str, claims: Mapping[str, object]
) -> str:
    """Return the text.

    Args:
        prefix: What it begins with.
        purpose: Keeps a text of one kind from being taken for another one.
        secret: The first of the cluster's secrets.
        stream_id: What the claims are about. It is not in the text.
        claims: Texts and whole numbers in the server's own order, so that both make the same text. Empty ones
            are left out.
    """
    given = {name: value for name, value in claims.items() if value}
    text = to_text(json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode())
    message = b"\0".join((purpose, stream_id.encode(), text.encode()))
    return f"{prefix}.{text}.{to_text(hmac.digest(secret.encode(), message, hashlib.sha256)[:MAC_BYTES])}"


def to_text(data: bytes) -> str:
    """Return URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
