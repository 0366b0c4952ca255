"""The Secrets that the operator writes, and reading them back."""

import base64
import hashlib
from datetime import datetime
from typing import cast

from audiocast_operator.decide.rotation import Keyring, Step, new_secret
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.links import StreamLinks
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.names import (
    API_TOKENS,
    SECRET_GENERATION,
    SECRET_KEYS,
    SECRET_SINCE,
    SECRET_STEP,
    ingest_secret,
    keys_secret,
    labels,
)

LONG_AGO = "1970-01-01T00:00:00+00:00"
"""When a Secret was written that does not say it."""


def build_keys_secret(owner: Owner, ring: Keyring, api_tokens: str) -> Json:
    """Give the Secret of an AudioCast, under the names that the server's settings have.

    Args:
        owner: The AudioCast.
        ring: Its secrets.
        api_tokens: Who may start streams.
    """
    return owner.child(
        "v1",
        "Secret",
        keys_secret(owner.name),
        labels(owner.name),
        annotations={
            SECRET_GENERATION: str(ring.generation),
            SECRET_STEP: ring.step,
            SECRET_SINCE: ring.since.isoformat(),
        },
        type="Opaque",
        data={SECRET_KEYS: _encode(",".join(ring.secrets)), API_TOKENS: _encode(api_tokens)},
    )


def build_ingest_secret(stream: Owner, cast_name: str, links: StreamLinks, key: str) -> Json:
    """Give the Secret of a Stream: all that an encoder needs."""
    return stream.child(
        "v1",
        "Secret",
        ingest_secret(stream.name),
        labels(cast_name),
        type="Opaque",
        data={"url": _encode(links.ingest), "key": _encode(key)},
    )


def read_keyring(raw: Json | None) -> Keyring | None:
    """Read the operator's own Secret; None when there is none, or nobody has written it."""
    text = read_entry(raw, SECRET_KEYS)
    if raw is None or not text:
        return None
    annotations = raw["metadata"].get("annotations", {})
    return Keyring(
        secrets=tuple(text.split(",")),
        generation=int(annotations.get(SECRET_GENERATION, "1")),
        step=cast(Step, annotations.get(SECRET_STEP, "Steady")),
        since=datetime.fromisoformat(annotations.get(SECRET_SINCE, LONG_AGO)),
    )


def read_api_tokens(raw: Json | None) -> str:
    """Give the tokens of the operator's own Secret; one is made up when there is none."""
    return read_entry(raw, API_TOKENS) or new_secret()


def read_given_secrets(raw: Json | None, name: str) -> tuple[str, ...]:
    """Read a Secret that somebody else has made.

    Raises:
        BadSpec: It is not there, or does not hold what is needed.
    """
    found = tuple(part.strip() for part in read_entry(raw, SECRET_KEYS).split(",") if part.strip())
    if not found:
        came = "no such Secret" if raw is None else "a Secret without it"
        raise BadSpec(f"secret.name: expected a Secret {name} with the key {SECRET_KEYS}, got {came}")
    return found


def read_entry(raw: Json | None, key: str) -> str:
    """Give an entry of a Secret; empty when there is none."""
    return base64.b64decode((raw or {}).get("data", {}).get(key, "")).decode()


def hash_of(raw: Json) -> str:
    """Give a word for what is in a Secret, which does not tell it."""
    text = "\0".join(f"{name}\0{value}" for name, value in sorted(raw.get("data", {}).items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
