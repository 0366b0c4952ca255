"""Makes ingest keys, `ac1.CLAIMS.MAC` (`signed_claims`), which the server checks.

The claims: t title, e expiry in Unix seconds, g generation, k kbit/s, v visibility, d description, a accent,
u link, c access code, l listeners.
"""

from audiocast_operator.models.stream import StreamSpec
from audiocast_operator.protocol.signed_claims import sign_claims

PREFIX = "ac1"

_PURPOSE = b"audiocast ingest"


def build_ingest_key(secret: str, stream: StreamSpec, access_code: str = "") -> str:
    """Return the key of a stream, with the stream's limits inside.

    Args:
        secret: The first of the cluster's secrets.
        stream: Id, title and limits.
        access_code: Opens a private stream; empty: no code does.
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
        "c": access_code,
        "l": limits.max_listeners,
    }
    return sign_claims(PREFIX, _PURPOSE, secret, stream.id, claims)
