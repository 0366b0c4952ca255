r"""Ingest keys: no database, any member with the secret can check one.

    key = "ac1." claims "." mac
    claims  URL-safe base64 of a JSON object, without padding; empty when there is nothing to claim
    mac     URL-safe base64 of the first 16 bytes of HMAC-SHA256(secret, purpose "\0" id "\0" claims)

The first secret makes keys, all of them are accepted, so a secret can be replaced without cutting anyone off.
16 bytes of a MAC are what RFC 2104 section 5 allows at the least.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from audiocast.stream.broadcaster.presentation import NO_PRESENTATION, Presentation
from audiocast.stream.errors import BadKey
from audiocast.stream.now_playing import clean_text

PREFIX = "ac1"
MAC_BYTES = 16

# A title of 200 characters takes up to 1,100 of them, with four bytes of UTF-8 each; in keys of earlier
# versions up to 1,650, since JSON escapes a control character in six bytes. A description of 500 takes up to
# 2,700, a link 400.
MAX_KEY_CHARACTERS = 6144

_PURPOSE = b"audiocast ingest"

# Tells the tokens of one server apart; nothing is protected by it alone.
TAG_BYTES = 9
_TAG_PURPOSE = b"audiocast api token"


class Visibility(StrEnum):
    """Who finds a stream: everybody in this server's lists, or those alone who were given its link."""

    PUBLIC = "public"
    UNLISTED = "unlisted"


class ListStreams(StrEnum):
    """Which streams this server lists: those that ask for it, all but those that ask not to be, or none."""

    OPT_IN = "opt-in"
    ALL = "all"
    NONE = "none"

    def visibility(self, claimed: Visibility | None) -> Visibility:
        """Return the visibility of a stream whose key claims this one; None: it claims none."""
        if self is ListStreams.NONE:
            return Visibility.UNLISTED
        return claimed or (Visibility.PUBLIC if self is ListStreams.ALL else Visibility.UNLISTED)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a key claims beside the stream that it is for.

    Attributes:
        title: The stream's title, cleaned; a server that has forgotten it reads it here.
        expires_at: Unix seconds; 0 for never.
        generation: A key of a lower generation than one that was used is refused.
        max_kbps: Bound of the source's rate, below the server's own; 0 for none.
        token_tag: Tag of the API token that the key was made for; see `Keys.tag`. Empty: it was made without.
        visibility: What the broadcaster has asked for; None: nothing, and the server's setting decides.
        presentation: How the stream shows itself.
        starts_at: When the broadcast is to begin, as its broadcaster has told; Unix seconds, 0 for no time.
    """

    title: str = ""
    expires_at: int = 0
    generation: int = 0
    max_kbps: int = 0
    token_tag: str = ""
    visibility: Visibility | None = None
    presentation: Presentation = NO_PRESENTATION
    starts_at: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean_text(self.title))


class Keys:
    """Makes and checks ingest keys.

    Args:
        secrets: The current one first, then those that are still accepted; at least one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("expected at least one secret")
        self._secrets = [secret.encode() for secret in secrets]

    def tag(self, token: str) -> str:
        """Return what tells an API token from others, and says nothing of it to those who lack the secret."""
        return self._tags(token)[0]

    def is_tag_of(self, tag: str, token: str) -> bool:
        """Return whether a tag is that of an API token, made with any of the secrets."""
        return tag in self._tags(token)

    def make(self, stream_id: str, claims: Claims) -> str:
        """Return a key for a stream, made with the current secret."""
        text = _encode_claims(claims)
        return f"{PREFIX}.{text}.{_mac(self._secrets[0], stream_id, text)}"

    def check(self, stream_id: str, key: str, unix_seconds: float) -> Claims:
        """Return the claims of a key.

        Raises:
            BadKey: It is not a key of this stream, or has expired.
        """
        prefix, _, rest = key[:MAX_KEY_CHARACTERS].partition(".")
        text, _, mac = rest.rpartition(".")
        given = mac.encode("utf-8", "surrogateescape")
        # No early end: every secret is compared, and each comparison takes its constant time.
        fits = [
            hmac.compare_digest(_mac(secret, stream_id, text).encode(), given) for secret in self._secrets
        ]
        if prefix != PREFIX or not any(fits):
            raise BadKey("expected the ingest key of this stream, got another one")
        claims = _decode_claims(text)
        if claims.expires_at and unix_seconds >= claims.expires_at:
            raise BadKey("the ingest key has expired")
        return claims

    def _tags(self, token: str) -> list[str]:
        data = _TAG_PURPOSE + b"\0" + token.encode("utf-8", "surrogateescape")
        return [_to_text(hmac.digest(secret, data, hashlib.sha256)[:TAG_BYTES]) for secret in self._secrets]


def _mac(secret: bytes, stream_id: str, claims: str) -> str:
    message = b"\0".join((_PURPOSE, stream_id.encode(), claims.encode("utf-8", "surrogateescape")))
    return _to_text(hmac.digest(secret, message, hashlib.sha256)[:MAC_BYTES])


def _encode_claims(claims: Claims) -> str:
    claimed = {
        name: value
        for name, value in (
            ("t", claims.title),
            ("e", claims.expires_at),
            ("g", claims.generation),
            ("k", claims.max_kbps),
            ("o", claims.token_tag),
            ("v", claims.visibility),
            ("d", claims.presentation.description),
            ("a", claims.presentation.accent),
            ("u", claims.presentation.link),
            ("s", claims.starts_at),
        )
        if value
    }
    return (
        _to_text(json.dumps(claimed, separators=(",", ":"), ensure_ascii=False).encode()) if claimed else ""
    )


def _decode_claims(text: str) -> Claims:
    """Parse claims whose MAC was found good: a server with the secret has written them."""
    try:
        claimed = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else {}
    except (binascii.Error, ValueError) as error:
        raise BadKey("expected claims that this version can read") from error
    return Claims(
        str(claimed.get("t", "")),
        claimed.get("e", 0),
        claimed.get("g", 0),
        claimed.get("k", 0),
        str(claimed.get("o", "")),
        parse_visibility(claimed.get("v")),
        Presentation(*(str(claimed.get(name, "")) for name in "dau")),
        starts_at=claimed.get("s", 0),
    )


def parse_visibility(text: object) -> Visibility | None:
    """Return the visibility that a text names; None: none that this version knows."""
    return Visibility(str(text)) if text in list(Visibility) else None


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
