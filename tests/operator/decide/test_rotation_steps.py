"""The steps of a rotation, one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audiocast_operator.decide.rotation import Keyring, new_secret, rotate

NOW = datetime(2030, 1, 1, tzinfo=UTC)
STEADY = Keyring(("old",), 1, "Steady", NOW)
OFFERED = Keyring(("old", "new"), 2, "Offered", NOW)
OVERLAP = Keyring(("new", "old"), 2, "Overlap", NOW)


def step(
    ring: Keyring | None, *, generation: int = 2, rolled_out: bool = True, seconds: float = 0
) -> Keyring:
    more: dict[str, Any] = {"overlap_seconds": 100, "is_rolled_out": rolled_out, "make": lambda: "new"}
    return rotate(ring, generation=generation, now=NOW + timedelta(seconds=seconds), **more)


def test_the_first_secret_is_made_up() -> None:
    assert step(None, generation=7) == Keyring(("new",), 7, "Steady", NOW)


def test_a_new_secret_is_offered_first_then_used_and_the_old_one_dropped_last() -> None:
    assert step(STEADY) == OFFERED
    assert step(OFFERED, seconds=5) == Keyring(("new", "old"), 2, "Overlap", NOW + timedelta(seconds=5))
    assert step(OVERLAP, seconds=100) == Keyring(("new",), 2, "Steady", NOW + timedelta(seconds=100))


@pytest.mark.parametrize("ring", [STEADY, OFFERED, OVERLAP])
def test_no_step_is_taken_before_all_pods_have_the_last(ring: Keyring) -> None:
    assert step(ring, rolled_out=False, seconds=1000) is ring


def test_the_old_secret_stays_for_the_overlap() -> None:
    assert step(OVERLAP, seconds=99) is OVERLAP


@pytest.mark.parametrize("generation", [1, 0])
def test_without_another_generation_nothing_changes(generation: int) -> None:
    assert step(STEADY, generation=generation) is STEADY


def test_secrets_are_what_the_server_takes() -> None:
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    assert all("," not in each and len(each) >= 16 for each in made)
