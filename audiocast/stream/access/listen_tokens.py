"""Listen tokens: `al1.CLAIMS.MAC`, which open a private stream to whoever has one.

    e   the last moment to join, Unix seconds; 0: no last moment
    s   how long a session lasts from its join, seconds; 0: as long as the broadcast
    l   label, for the station's own records
    g   when it was made, Unix milliseconds: a stream revokes all that were made before a moment
    n   a number that no other link of the stream has, as good as certainly
    j   1: a session that was joined already, whose end is `e`

A link may be joined many times before its last moment. Ways to listen that make many requests (pages, HLS)
join with a link's token and go on with a session's, so that a session has an end which no server needs to
remember.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from audiocast.stream.access.signed_claims import SignedClaims, UnreadableClaims
from audiocast.stream.now_playing import clean_text

PREFIX = "al1"

_PURPOSE = b"audiocast listen"
_STAND_IN = b"audiocast stand-in\0"

MAX_LABEL_CHARACTERS = 40

# As many as a number of JSON has in every language; a million links are a million, as good as certainly.
NUMBER_BITS = 53

# With a label of 40 characters of four bytes, about 400.
MAX_TOKEN_CHARACTERS = 512

# Of a page or an HLS player whose token claims no length: a day's programme, or a sleeping phone.
USUAL_SESSION_SECONDS = 43_200


def new_number() -> int:
    """Return a number for a new link; see `ListenClaims`."""
    return secrets.randbits(NUMBER_BITS)


@dataclass(frozen=True, slots=True)
class ListenClaims:
    """What a listen token claims.

    Attributes:
        made_at_ms: When the token was made, or the link that the session was joined with; Unix milliseconds.
        expires_at: The last moment to join; of a session its end; Unix seconds, 0 for none.
        session_seconds: How long a session lasts from its join; 0: as long as the broadcast.
        label: What the station calls whoever got the token; cleaned, at most 40 characters.
        is_session: The token is a session's.
        number: Tells links apart that were made in the same moment, and their sessions; 0 for none.
    """

    made_at_ms: int = 0
    expires_at: int = 0
    session_seconds: int = 0
    label: str = ""
    is_session: bool = False
    number: int = 0

    def __post_init__(self) -> None:
        if self.label:
            object.__setattr__(self, "label", clean_text(self.label)[:MAX_LABEL_CHARACTERS])

    def is_over(self, now: float) -> bool:
        """Return whether it can be joined no more, or the session has ended, at a Unix time."""
        return bool(self.expires_at) and now >= self.expires_at

    def session_end(self, now: float) -> float | None:
        """Return when a session ends that is joined now, Unix seconds; None: with the broadcast."""
        if self.is_session:
            return float(self.expires_at)
        return now + self.session_seconds if self.session_seconds else None

    def session(self, now: float) -> "ListenClaims":
        """Return the claims of a session that is joined now."""
        if self.is_session:
            return self
        end = self.session_end(now) or max(self.expires_at, now + USUAL_SESSION_SECONDS)
        return ListenClaims(self.made_at_ms, int(end), 0, self.label, is_session=True, number=self.number)


class ListenTokens:
    """Makes and checks listen tokens.

    Args:
        secrets: The current one first, then those that are still accepted; at least one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        encoded = [secret.encode() for secret in secrets]
        self._stand_in_secret = encoded[0] if encoded else b""
        self._signed = SignedClaims(PREFIX, _PURPOSE, encoded, MAX_TOKEN_CHARACTERS)

    def make(self, stream_id: str, claims: ListenClaims) -> str:
        """Return a token for a stream, made with the current secret."""
        claimed = {
            name: value
            for name, value in (
                ("e", claims.expires_at),
                ("s", claims.session_seconds),
                ("l", claims.label),
                ("g", claims.made_at_ms),
                ("n", claims.number),
                ("j", int(claims.is_session)),
            )
            if value
        }
        return self._signed.sign(stream_id, claimed)

    def stand_in(self, stream_id: str) -> str:
        """Return the id of a stream of which nobody can know, the same at all members.

        Whoever may not have a private stream is answered as for this one.
        """
        return hmac.digest(self._stand_in_secret, _STAND_IN + stream_id.encode(), hashlib.sha256).hex()[:32]

    def check(self, stream_id: str, token: str, unix_seconds: float) -> ListenClaims | None:
        """Return the claims of a token; None: it is none of this stream, or its time is over."""
        claims = self.read(stream_id, token)
        return None if claims is None or claims.is_over(unix_seconds) else claims

    def read(self, stream_id: str, token: str) -> ListenClaims | None:
        """Return the claims of a token, also of one whose time is over; None: it is none of this stream."""
        try:
            claimed = self._signed.read(stream_id, token)
        except UnreadableClaims:
            return None
        if claimed is None:
            return None
        return ListenClaims(
            claimed.get("g", 0),
            claimed.get("e", 0),
            claimed.get("s", 0),
            str(claimed.get("l", "")),
            is_session=bool(claimed.get("j", 0)),
            number=claimed.get("n", 0),
        )
