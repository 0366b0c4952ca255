"""Rotation of the secret with overlap. Pure.

A member that signs with a secret which the others do not know yet would lose them. So a rotation goes in
steps, and each step waits until every pod runs with the secrets of the step before:

    Steady  [old]         accepted: old         made with: old
    Offered [old, new]    accepted: old, new    made with: old
    Overlap [new, old]    accepted: old, new    made with: new    lasts for `overlapSeconds`
    Steady  [new]         accepted: new         made with: new
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

SECRET_BYTES = 32

RotationStep = Literal["Steady", "Offered", "Overlap"]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secrets of an AudioCast.

    Attributes:
        secrets: In the order of the server's setting: the first makes keys, all are accepted.
        generation: Generation of the newest secret.
        step: Where the rotation is; the head of the module has the table.
        since: When the step began.
    """

    secrets: tuple[str, ...]
    generation: int
    step: RotationStep
    since: datetime


def new_secret() -> str:
    """Return a new random secret. It has no comma, which separates secrets in the server's setting."""
    return secrets.token_urlsafe(SECRET_BYTES)


def rotate(
    ring: Keyring | None,
    *,
    generation: int,
    overlap_seconds: float,
    is_rolled_out: bool,
    now: datetime,
    make: Callable[[], str] = new_secret,
) -> Keyring:
    """Return the secrets as they should be now: the same ones, or those of the next step.

    Args:
        ring: The present secrets; None: there are none.
        generation: The generation that the spec wants.
        overlap_seconds: How long the old secret is accepted after the new one came into use.
        is_rolled_out: Every pod runs with `ring`.
        now: The present time.
        make: Returns a new secret.
    """
    if ring is None:
        return Keyring((make(),), generation, "Steady", now)
    if not is_rolled_out:
        return ring
    if ring.step == "Steady" and generation > ring.generation:
        return Keyring((ring.secrets[0], make()), generation, "Offered", now)
    if ring.step == "Offered":
        return replace(ring, secrets=tuple(reversed(ring.secrets)), step="Overlap", since=now)
    if ring.step == "Overlap" and (now - ring.since).total_seconds() >= overlap_seconds:
        return replace(ring, secrets=ring.secrets[:1], step="Steady", since=now)
    return ring
