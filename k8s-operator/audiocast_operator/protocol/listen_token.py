"""Makes listen tokens, `al1.CLAIMS.MAC` (`signed_claims`), which open a private stream.

The claims: e the last moment to join in Unix seconds, s seconds that a session lasts, l label, g when it was
made in Unix milliseconds, n a number that no other link of the stream has.
"""

import secrets

from audiocast_operator.models.stream import ListenLinksSpec
from audiocast_operator.protocol.signed_claims import sign_claims

PREFIX = "al1"
# As many as a number of JSON has in every language.
NUMBER_BITS = 53

_PURPOSE = b"audiocast listen"


def build_listen_token(
    secret: str, stream_id: str, links: ListenLinksSpec, *, made_at_ms: int, expires_at: int
) -> str:
    """Return a listen token that is no other one.

    Args:
        secret: The first of the cluster's secrets.
        stream_id: The stream that it opens.
        links: Session and label.
        made_at_ms: What it says of when it was made, Unix milliseconds.
        expires_at: The last moment to join, Unix seconds; 0: none.
    """
    claims = {
        "e": expires_at,
        "s": links.session_seconds,
        "l": links.label,
        "g": made_at_ms,
        "n": secrets.randbits(NUMBER_BITS),
    }
    return sign_claims(PREFIX, _PURPOSE, secret, stream_id, claims)
