"""The Secret with the targets of Streams' webhooks, and what is read from the Secrets that Streams name."""

import base64

from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.secrets import read_entry
from audiocast_operator.models.webhooks import WebhookEntryRef
from audiocast_operator.names import WEBHOOK_ANNOTATION, WEBHOOKS_FILE, labels, webhooks_secret
from audiocast_operator.protocol.webhook_targets import (
    MAX_BYTES,
    MAX_SECRET_BYTES,
    MAX_SECRETS,
    MAX_TARGETS,
    MIN_SECRET_BYTES,
    PREFIX,
    is_secret,
    is_url,
)


def build_webhooks_secret(owner: Owner, text: str, count: int) -> Json:
    """Return the Secret that the pods of an AudioCast mount.

    Args:
        owner: The AudioCast.
        text: The file, see `webhook_targets`.
        count: How many targets are in it.

    Raises:
        BadSpec: They are too many for one Secret.
    """
    size = len(text.encode())
    if count > MAX_TARGETS or size > MAX_BYTES:
        raise BadSpec(
            f"expected Streams with at most {MAX_TARGETS} webhooks of {MAX_BYTES} bytes together, got "
            f"{count} of {size}; delete some, or move Streams to another AudioCast"
        )
    return owner.build_child(
        "v1",
        "Secret",
        webhooks_secret(owner.name),
        labels(owner.name),
        type="Opaque",
        data={WEBHOOKS_FILE: base64.b64encode(text.encode()).decode()},
    )


def read_secrets(raw: Json | None, ref: WebhookEntryRef) -> tuple[str, ...]:
    """Return what a target's events are signed with.

    Raises:
        BadSpec: There is nothing of the kind. It says the same of a Secret that is not there and of one that
            Streams may not have, and nothing of what is in it.
    """
    secrets = tuple(each.strip() for each in _entry(raw, ref).split(",") if each.strip())
    if not 0 < len(secrets) <= MAX_SECRETS or not all(map(is_secret, secrets)):
        what = f"{PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes as base64"
        raise BadSpec(f"secretRef: {_expected(ref, what)}")
    return secrets


def read_url(raw: Json | None, ref: WebhookEntryRef) -> str:
    """Return a target's URL.

    Raises:
        BadSpec: As for `read_secrets`.
    """
    url = _entry(raw, ref)
    if not is_url(url):
        raise BadSpec(f"urlSecretRef: {_expected(ref, 'an http or https URL')}")
    return url


def _expected(ref: WebhookEntryRef, what: str) -> str:
    allowed = f"the annotation {WEBHOOK_ANNOTATION}=true"
    return f"expected a Secret {ref.name} with {allowed} and, in {ref.key}, {what}"


def _entry(raw: Json | None, ref: WebhookEntryRef) -> str:
    annotations = (raw or {"metadata": {}})["metadata"].get("annotations") or {}
    if annotations.get(WEBHOOK_ANNOTATION) != "true":
        return ""
    try:
        return read_entry(raw, ref.key).strip()
    except ValueError:
        # It is no text.
        return ""
