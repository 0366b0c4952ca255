"""Rotation of the secret with overlap. Pure.

Members that sign with a secret which others do not know yet would lose each other. So it goes in steps, and
each waits until every pod runs with what the step before has written:

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

Step = Literal["Steady", "Offered", "Overlap"]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secrets of an AudioCast.

    Attributes:
        secrets: As the server takes them: the first makes keys, all are accepted.
        generation: Of the newest.
        step: See the module.
        since: When the step began.
    """

    secrets: tuple[str, ...]
    generation: int
    step: Step
    since: datetime


def new_secret() -> str:
    """Make a secret up; there is no comma in it."""
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
    """Give the secrets as they should be now.

    Args:
        ring: As they are; None: there are none.
        generation: That is wanted.
        overlap_seconds: How long the old secret is accepted beside the new one that is in use.
        is_rolled_out: Every pod runs with `ring`.
        now: The time.
        make: Makes a secret up.
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
