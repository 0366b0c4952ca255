r"""Makes ingest keys, which the server checks.

key = "ac1." claims "." mac
claims  URL-safe base64 of a JSON object (t title, e expiry in Unix seconds, g generation, k kbit/s,
        v visibility, d description, a accent, u link, l listeners), without padding and without empty claims
mac     URL-safe base64 of the first 16 bytes of HMAC-SHA256(secret, purpose "\0" id "\0" claims)
"""

import base64
import hashlib
import hmac
import json

from audiocast_operator.models.stream import StreamSpec

PREFIX = "ac1"
MAC_BYTES = 16

_PURPOSE = b"audiocast ingest"


def build_ingest_key(secret: str, stream: StreamSpec) -> str:
    """Return the key of a stream, with the stream's limits inside.

    Args:
        secret: The first of the cluster's secrets.
        stream: Id, title and limits.
    """
    limits = stream.limits
    claims = {
        "t": stream.title,
        "e": int(limits.expires_at.timestamp()) if limits.expires_at else 0,
        "g": stream.key_generation,
        "k": limits.max_kbps,
        "v": stream.visibility,
        "d": stream.description,
        "a": stream.accent,
        "u": stream.link,
        "l": limits.max_listeners,
    }
    given = {name: value for name, value in claims.items() if value}
    text = _to_text(json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode())
    message = b"\0".join((_PURPOSE, stream.id.encode(), text.encode()))
    return f"{PREFIX}.{text}.{_to_text(hmac.digest(secret.encode(), message, hashlib.sha256)[:MAC_BYTES])}"


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
