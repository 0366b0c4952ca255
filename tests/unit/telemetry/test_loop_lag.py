"""The loop's lag: measured against what was asked for, four times a second."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from audiocast.telemetry.loop_lag import INTERVAL_SECONDS, LoopLag
from tests.support.clock.fake_clock import FakeClock

NAME = "audiocast_loop_lag_seconds"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    return clock


@pytest.fixture
def metrics() -> CollectorRegistry:
    return CollectorRegistry()


def measured(metrics: CollectorRegistry) -> tuple[Any, Any]:
    """Return how often the lag was measured, and its sum in seconds."""
    return metrics.get_sample_value(f"{NAME}_count"), metrics.get_sample_value(f"{NAME}_sum")


def test_a_loop_on_time_has_no_lag(clock: FakeClock, metrics: CollectorRegistry) -> None:
    LoopLag(metrics, lambda now, lag_seconds: None).start()
    clock.advance(10.1)
    assert measured(metrics) == (40, pytest.approx(0, abs=1e-6))


def test_a_call_that_holds_the_loop_up_is_seen(clock: FakeClock, metrics: CollectorRegistry) -> None:
    LoopLag(metrics, lambda now, lag_seconds: None).start()
    clock.call_later(INTERVAL_SECONDS - 0.01, lambda: setattr(clock, "_now", clock.time() + 0.31))
    clock.advance(INTERVAL_SECONDS)
    assert measured(metrics) == (1, pytest.approx(0.3))


def test_one_hold_up_is_not_counted_again(clock: FakeClock, metrics: CollectorRegistry) -> None:
    LoopLag(metrics, lambda now, lag_seconds: None).start()
    clock.call_later(INTERVAL_SECONDS - 0.01, lambda: setattr(clock, "_now", clock.time() + 5.01))
    clock.advance(INTERVAL_SECONDS)
    clock.advance(1.01)
    assert measured(metrics) == (5, pytest.approx(5))


def test_the_time_for_which_it_stood_still_is_known_before_it_is_measured(
    clock: FakeClock, metrics: CollectorRegistry
) -> None:
    lag = LoopLag(metrics, lambda now, lag_seconds: None)
    assert lag.stalled_seconds() == 0
    lag.start()
    clock.advance(INTERVAL_SECONDS - 0.01)
    assert lag.stalled_seconds() == 0
    clock.skip(60.01)
    assert lag.stalled_seconds() == pytest.approx(60)
    clock.advance(0.1)
    assert lag.stalled_seconds() == pytest.approx(60)
    clock.advance(10.05)
    clock.skip(5)
    assert lag.stalled_seconds() == pytest.approx(65, abs=INTERVAL_SECONDS)


def test_stopped_it_measures_no_more(clock: FakeClock, metrics: CollectorRegistry) -> None:
    lag = LoopLag(metrics, lambda now, lag_seconds: None)
    lag.start()
    clock.advance(1.01)
    lag.stop()
    clock.advance(10)
    assert measured(metrics)[0] == 4
    assert clock.due == 0


def test_it_may_be_stopped_before_it_started(metrics: CollectorRegistry) -> None:
    LoopLag(metrics, lambda now, lag_seconds: None).stop()
    assert measured(metrics)[0] == 0
