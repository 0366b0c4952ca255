"""The Secrets that the operator writes, and what it reads from Secrets."""

import base64
import hashlib
from datetime import datetime
from typing import cast

from audiocast_operator.decide.rotation import Keyring, RotationStep, new_secret
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.urls import StreamUrls
from audiocast_operator.models.audio_cast import SecretSpec
from audiocast_operator.models.stream import AccessCodeRef
from audiocast_operator.names import (
    ACCESS_CODES,
    API_TOKENS,
    LINKS_MADE,
    LINKS_SEAL,
    SECRET_GENERATION,
    SECRET_KEYS,
    SECRET_SINCE,
    SECRET_STEP,
    ingest_secret,
    keys_secret,
    labels,
    listen_links_secret,
)
from audiocast_operator.protocol.access_code import MAX_CHARACTERS, MIN_CHARACTERS, is_usable

# Entries of the Secrets of a Stream.
ACCESS_CODE_ENTRY = "accessCode"
LINKS_ENTRY = "links"

# The time of a Secret without the annotation.
EPOCH = "1970-01-01T00:00:00+00:00"


def build_keys_secret(owner: Owner, ring: Keyring, api_tokens: str) -> Json:
    """Return the Secret of an AudioCast. Its entries have the names of the server's settings.

    Args:
        owner: The AudioCast.
        ring: Its secrets.
        api_tokens: The tokens that may start streams, comma-separated.
    """
    return owner.build_child(
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


def build_ingest_secret(
    stream: Owner, cast_name: str, urls: StreamUrls, key: str, code: str = "", generation: int = 0
) -> Json:
    """Return the Secret of a Stream, with all that an encoder needs.

    Args:
        stream: The Stream.
        cast_name: Its AudioCast.
        urls: Its URLs.
        key: Its key.
        code: Its access code, which is in the key; empty: it has none.
        generation: That of the key that the code was made for.
    """
    data = {"url": urls.ingest, "key": key, ACCESS_CODE_ENTRY: code}
    return stream.build_child(
        "v1",
        "Secret",
        ingest_secret(stream.name),
        labels(cast_name),
        annotations={SECRET_GENERATION: str(generation)} if code else {},
        type="Opaque",
        data={name: _encode(each) for name, each in data.items() if each},
    )


def build_links_secret(stream: Owner, cast_name: str, text: str, made_at: int, seal: str) -> Json:
    """Return the Secret with the links of a Stream.

    Args:
        stream: The Stream.
        cast_name: Its AudioCast.
        text: A URL a line.
        made_at: When they were made, in Unix seconds.
        seal: By which they are known again; see `listen_links`.
    """
    return stream.build_child(
        "v1",
        "Secret",
        listen_links_secret(stream.name),
        labels(cast_name),
        annotations={LINKS_MADE: str(made_at), LINKS_SEAL: seal},
        type="Opaque",
        data={LINKS_ENTRY: _encode(text)},
    )


def read_made_code(raw: Json | None, generation: int) -> str:
    """Return the access code in a Stream's Secret; empty: there is none, or none for this key."""
    if raw is None or (raw["metadata"].get("annotations") or {}).get(SECRET_GENERATION) != str(generation):
        return ""
    return _usable_code(raw, ACCESS_CODE_ENTRY)


def read_given_code(raw: Json | None, ref: AccessCodeRef) -> str:
    """Return the access code in a Secret of somebody else, who lets Streams have it.

    Raises:
        BadSpec: There is none. It says the same of a Secret that is not there and of one that Streams may
            not have, and nothing of what is in it.
    """
    annotations = (raw or {"metadata": {}})["metadata"].get("annotations") or {}
    code = _usable_code(raw, ref.key) if annotations.get(ACCESS_CODES) == "true" else ""
    if not code:
        raise BadSpec(
            f"accessCodeSecretRef: expected a Secret {ref.name} with the annotation {ACCESS_CODES}=true and, "
            f"in {ref.key}, a code of {MIN_CHARACTERS} to {MAX_CHARACTERS} characters"
        )
    return code


def _usable_code(raw: Json | None, key: str) -> str:
    try:
        code = read_entry(raw, key).strip()
    except ValueError:
        # It is no text.
        return ""
    return code if is_usable(code) else ""


def read_keyring(raw: Json | None) -> Keyring | None:
    """Return the secrets in the operator's own Secret; None when there is no Secret, or it has none."""
    text = read_entry(raw, SECRET_KEYS)
    if raw is None or not text:
        return None
    annotations = raw["metadata"].get("annotations", {})
    return Keyring(
        secrets=tuple(text.split(",")),
        generation=int(annotations.get(SECRET_GENERATION, "1")),
        step=cast(RotationStep, annotations.get(SECRET_STEP, "Steady")),
        since=datetime.fromisoformat(annotations.get(SECRET_SINCE, EPOCH)),
    )


def read_api_tokens(raw: Json | None) -> str:
    """Return the tokens in the operator's own Secret, or a new one when there is none."""
    return read_entry(raw, API_TOKENS) or new_secret()


def read_external_secrets(raw: Json | None, spec: SecretSpec) -> tuple[str, ...]:
    """Return the secrets in a Secret that the user has made.

    Raises:
        BadSpec: The Secret does not exist, or has no secrets in it, or no tokens where some are needed.
    """
    for key in (SECRET_KEYS, API_TOKENS):
        if key == API_TOKENS and spec.anyone_may_start:
            continue
        if not _parts(raw, key):
            came = "no such Secret" if raw is None else "a Secret without it"
            raise BadSpec(f"secret.name: expected a Secret {spec.name} with the key {key}, got {came}")
    return _parts(raw, SECRET_KEYS)


def _parts(raw: Json | None, key: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in read_entry(raw, key).split(",") if part.strip())


def read_entry(raw: Json | None, key: str) -> str:
    """Return an entry of a Secret; empty when there is none."""
    return base64.b64decode((raw or {}).get("data", {}).get(key, "")).decode()


def content_hash(raw: Json) -> str:
    """Return a hash of the content of a Secret, from which the content cannot be found."""
    text = "\0".join(f"{name}\0{value}" for name, value in sorted(raw.get("data", {}).items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
