"""Ingest keys, `ac1.CLAIMS.MAC`: no database, any member with the secret can check one."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audiocast.stream.access.signed_claims import SignedClaims, UnreadableClaims, to_text
from audiocast.stream.access.tenant_tokens import NO_SHARE, Share
from audiocast.stream.broadcaster.presentation import NO_PRESENTATION, Presentation
from audiocast.stream.errors import BadKey
from audiocast.stream.now_playing import clean_text
from audiocast.stream.standby.rank import parse_priority

PREFIX = "ac1"

# A title of 200 characters takes up to 1,100 of them, with four bytes of UTF-8 each; in keys of earlier
# versions up to 1,650, since JSON escapes a control character in six bytes. A description of 500 takes up to
# 2,700, a link 400.
MAX_KEY_CHARACTERS = 6144

_PURPOSE = b"audiocast ingest"

# Tells the tokens of one server apart; nothing is protected by it alone.
TAG_BYTES = 9
_TAG_PURPOSE = b"audiocast api token"


class Visibility(StrEnum):
    """Who finds a stream: everybody in this server's lists, or those alone who were given its link.

    A private one is there for those alone who have a listen token or its access code.
    """

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class ListStreams(StrEnum):
    """Which streams this server lists: those that ask for it, all but those that ask not to be, or none."""

    OPT_IN = "opt-in"
    ALL = "all"
    NONE = "none"

    def visibility(self, claimed: Visibility | None) -> Visibility:
        """Return the visibility of a stream whose key claims this one; None: it claims none."""
        if claimed is Visibility.PRIVATE:
            return claimed
        if self is ListStreams.NONE:
            return Visibility.UNLISTED
        return claimed or (Visibility.PUBLIC if self is ListStreams.ALL else Visibility.UNLISTED)


class Record(StrEnum):
    """Which streams this server records: those that ask for it, all but those that ask not to be, or none."""

    OPT_IN = "opt-in"
    ALL = "all"
    NONE = "none"

    def applies(self, claimed: bool | None) -> bool:
        """Return whether a stream is recorded whose key claims this; None: it claims nothing."""
        if self is Record.NONE:
            return False
        return self is Record.ALL if claimed is None else claimed


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
        max_listeners: Of the stream at a time, at all members; 0 for no bound of its own.
        priority: Which of several sources is heard, 0 (the best) to 9.
        fallback: Name of the loop file that is played while there is no source; empty: none is.
        share: How many streams of one tenant may be on.
        access_code: Opens a private stream to those who type it; empty: no code does.
        record: Whether the broadcaster wants it recorded; None: they have not said.
    """

    title: str = ""
    expires_at: int = 0
    generation: int = 0
    max_kbps: int = 0
    token_tag: str = ""
    visibility: Visibility | None = None
    presentation: Presentation = NO_PRESENTATION
    starts_at: int = 0
    access_code: str = ""
    max_listeners: int = 0
    share: Share = NO_SHARE
    priority: int = 0
    fallback: str = ""
    record: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean_text(self.title))


class Keys:
    """Makes and checks ingest keys.

    Args:
        secrets: The current one first, then those that are still accepted; at least one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._signed = SignedClaims(PREFIX, _PURPOSE, self._secrets, MAX_KEY_CHARACTERS)

    def tag(self, token: str) -> str:
        """Return what tells an API token from others, and says nothing of it to those who lack the secret."""
        return self._tags(token)[0]

    def is_tag_of(self, tag: str, token: str) -> bool:
        """Return whether a tag is that of an API token, made with any of the secrets."""
        return tag in self._tags(token)

    def make(self, stream_id: str, claims: Claims) -> str:
        """Return a key for a stream, made with the current secret."""
        return self._signed.sign(stream_id, _encode_claims(claims))

    def check(self, stream_id: str, key: str, unix_seconds: float) -> Claims:
        """Return the claims of a key.

        Raises:
            BadKey: It is not a key of this stream, or has expired.
        """
        try:
            claimed = self._signed.read(stream_id, key)
        except UnreadableClaims as error:
            raise BadKey(str(error)) from error
        if claimed is None:
            raise BadKey("expected the ingest key of this stream, got another one")
        claims = _decode_claims(claimed)
        if claims.expires_at and unix_seconds >= claims.expires_at:
            raise BadKey("the ingest key has expired")
        return claims

    def _tags(self, token: str) -> list[str]:
        data = _TAG_PURPOSE + b"\0" + token.encode("utf-8", "surrogateescape")
        return [to_text(hmac.digest(secret, data, hashlib.sha256)[:TAG_BYTES]) for secret in self._secrets]


def _encode_claims(claims: Claims) -> dict[str, object]:
    return {
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
            ("c", claims.access_code),
            ("l", claims.max_listeners),
            ("p", claims.share.id_prefix),
            ("m", claims.share.streams),
            ("q", claims.priority),
            ("f", claims.fallback),
            ("r", {True: "on", False: "off", None: ""}[claims.record]),
        )
        if value
    }


def _decode_claims(claimed: Mapping[str, Any]) -> Claims:
    return Claims(
        str(claimed.get("t", "")),
        claimed.get("e", 0),
        claimed.get("g", 0),
        claimed.get("k", 0),
        str(claimed.get("o", "")),
        parse_visibility(claimed.get("v")),
        Presentation(*(str(claimed.get(name, "")) for name in "dau")),
        starts_at=claimed.get("s", 0),
        access_code=str(claimed.get("c", "")),
        max_listeners=claimed.get("l", 0),
        share=Share(str(claimed.get("p", "")), claimed.get("m", 0)),
        priority=parse_priority(claimed.get("q", 0)),
        fallback=str(claimed.get("f", "")),
        record={"on": True, "off": False}.get(str(claimed.get("r"))),
    )


def parse_visibility(text: object) -> Visibility | None:
    """Return the visibility that a text names; None: none that this version knows."""
    return Visibility(str(text)) if text in list(Visibility) else None
