"""The table of stages: what is on when, and at which pace."""

import pytest

from loadtest.locust.stages import STAGES, stage_at

LENGTH_SECONDS = sum(stage.seconds for stage in STAGES)


@pytest.mark.parametrize("pace", [0.5, 1, 20])
def test_every_stage_has_its_time(pace: float) -> None:
    at_seconds = 0.0
    for stage in STAGES:
        assert stage_at(at_seconds / pace, pace) is stage
        at_seconds += stage.seconds
    assert stage_at(LENGTH_SECONDS / pace, pace) is None


def test_nobody_is_sent_home_between_stages() -> None:
    # Who goes is chosen by Locust; a listener who is gone would say nothing about the server.
    shares = [stage.share for stage in STAGES]
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] == 1
