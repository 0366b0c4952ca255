"""Secrets of webhooks, and what is signed with them: both ends of the Standard Webhooks convention.

    webhook-signature: v1,base64(HMAC-SHA256(secret, "{webhook-id}.{webhook-timestamp}.{body}")) [v1,...]

Several secrets make several signatures, so that a receiver may have the one before or the next.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

PREFIX = "whsec_"
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64

# How far a receiver's clock may be from the sender's.
TOLERANCE_SECONDS = 300

# Of those in one header.
MAX_SIGNATURES = 10


class BadWebhook(Exception):
    """A request is not the sender's, or is an old one; the message has nothing of a secret."""


def parse_secret(text: str) -> bytes:
    """Return the bytes of a secret that is written as `whsec_` and base64.

    Raises:
        ValueError: It is none. The message has nothing of it.
    """
    expected = f"expected {PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes as base64"
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(expected) from None
    if not text.startswith(PREFIX) or not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        raise ValueError(expected)
    return secret


def signed_headers(secrets: Sequence[bytes], event_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers that go with a body.

    Args:
        secrets: The current one first.
        event_id: Of the event.
        at: When it is sent, unix seconds.
        body: As it is sent.
    """
    signatures = (f"v1,{_mac(secret, event_id, str(at), body)}" for secret in secrets)
    return {ID_HEADER: event_id, TIMESTAMP_HEADER: str(at), SIGNATURE_HEADER: " ".join(signatures)}


def check_signature(
    secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: float
) -> tuple[str, int]:
    """Return id and time of a request that one of the secrets has signed.

    Raises:
        BadWebhook: It is not signed, by another secret, or not of now.
    """
    event_id, stamp = headers.get(ID_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    if not event_id or len(event_id) > 256:
        raise BadWebhook(f"expected a {ID_HEADER} of at most 256 characters")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise BadWebhook(f"expected unix seconds in {TIMESTAMP_HEADER}")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise BadWebhook(
            f"expected a {TIMESTAMP_HEADER} of the last {TOLERANCE_SECONDS} s; is the clock set?"
        )
    given = headers.get(SIGNATURE_HEADER, "").split(" ")[:MAX_SIGNATURES]
    made = [_mac(secret, event_id, stamp, body).encode() for secret in secrets]
    found = [each.removeprefix("v1,").encode() for each in given if each.startswith("v1,")]
    # All pairs are compared: nothing is told by how long it takes.
    if not sum(hmac.compare_digest(each, mine) for each in found for mine in made):
        raise BadWebhook(f"expected a {SIGNATURE_HEADER} of this receiver's secret")
    return event_id, int(stamp)


def _mac(secret: bytes, event_id: str, stamp: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, f"{event_id}.{stamp}.".encode() + body, "sha256")).decode()
