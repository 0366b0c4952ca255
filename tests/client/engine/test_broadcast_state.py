"""The state machine alone: a turned clock, no thread, no socket."""

import random

import pytest

from tk_streamer.engine.broadcast_state import (
    CONFIRMATION_TIMEOUT_SECONDS,
    CONFIRMATION_VALID_SECONDS,
    DRAIN_MEMORY_SECONDS,
    FIRST_RETRY_SECONDS,
    JITTER,
    LAST_RETRY_SECONDS,
    LIVE_MEMORY_SECONDS,
    STABLE_SECONDS,
    BroadcastState,
    Phase,
    Step,
)
from tk_streamer.trouble import EXPLANATIONS, Permanence, Trouble

LOST = Trouble.of_code("connection_lost")
SOON = 0.001


class Stage:
    """A session, its clock, and the moves of a driver."""

    def __init__(self, *, retries: bool = True) -> None:
        self.now = 1000.0
        self.state = BroadcastState(clock=lambda: self.now, rng=random.Random(7), retries=retries)

    def connect(self) -> None:
        """Go from the wish for a connection to an open one."""
        self.state.step()
        self.state.connection_opened()

    def go_on_air(self) -> None:
        """Start, connect, and have it confirmed."""
        self.state.start()
        self.connect()
        self.now += SOON
        self.state.live_confirmed(self.now)
        assert self.state.phase is Phase.ON_AIR

    def wait_for_retry(self) -> float:
        """Turn the clock to the next try; give how long that took."""
        seconds = self.state.seconds_to_next_step()
        assert seconds is not None
        self.now += seconds
        return seconds


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_begins_with_a_connection(stage: Stage) -> None:
    assert (stage.state.phase, stage.state.step()) == (Phase.STOPPED, Step.WAIT)
    stage.state.start()
    assert stage.state.phase is Phase.CONNECTING
    assert [stage.state.step() for _ in range(3)] == [Step.CONNECT, Step.WAIT, Step.WAIT]
    assert stage.state.seconds_to_next_step() is None


def test_it_begins_once(stage: Stage) -> None:
    stage.state.start()
    with pytest.raises(RuntimeError, match="never started"):
        stage.state.start()


def test_an_open_connection_is_not_on_the_air(stage: Stage) -> None:
    stage.state.start()
    stage.connect()
    assert stage.state.phase is Phase.CONNECTING
    assert stage.state.on_air_since is None


def test_on_the_air_is_what_the_server_says(stage: Stage) -> None:
    stage.go_on_air()
    assert stage.state.on_air_since == stage.now
    since = stage.now
    stage.now += 2
    stage.state.live_confirmed(stage.now)
    assert stage.state.on_air_since == since


def test_an_answer_from_before_the_connection_proves_nothing(stage: Stage) -> None:
    stage.state.start()
    asked_at = stage.now
    stage.now += 1
    stage.connect()
    stage.state.live_confirmed(asked_at)
    assert stage.state.phase is Phase.CONNECTING


def test_when_nobody_confirms_it_is_not_on_the_air_any_more(stage: Stage) -> None:
    stage.go_on_air()
    assert stage.state.seconds_to_next_step() == pytest.approx(CONFIRMATION_VALID_SECONDS)
    stage.now += CONFIRMATION_VALID_SECONDS
    assert stage.state.step() is Step.WAIT
    assert stage.state.phase is Phase.RECONNECTING
    assert stage.state.on_air_since is None
    assert stage.state.trouble == Trouble.of_code("unconfirmed")
    stage.state.live_confirmed(stage.now)
    assert (stage.state.phase, stage.state.trouble) == (Phase.ON_AIR, None)


def test_a_connection_that_nobody_confirms_is_given_up(stage: Stage) -> None:
    stage.state.start()
    stage.connect()
    stage.now += CONFIRMATION_TIMEOUT_SECONDS
    assert stage.state.step() is Step.ABANDON
    assert stage.state.phase is Phase.CONNECTING
    stage.wait_for_retry()
    assert stage.state.step() is Step.CONNECT


def test_a_server_that_says_no_is_believed_at_once(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.live_denied()
    assert stage.state.phase is Phase.RECONNECTING
    assert stage.state.is_connected


def test_after_a_loss_an_early_yes_may_be_about_the_lost_connection(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.connection_lost(LOST)
    assert stage.state.phase is Phase.RECONNECTING
    lost_at = stage.now
    stage.wait_for_retry()
    stage.connect()
    stage.now += 0.5
    stage.state.live_confirmed(stage.now)
    assert stage.state.phase is Phase.RECONNECTING
    stage.now = lost_at + LIVE_MEMORY_SECONDS
    stage.state.live_confirmed(stage.now)
    assert stage.state.phase is Phase.ON_AIR


def test_pauses_grow_to_a_bound_with_some_chance_in_them(stage: Stage) -> None:
    stage.state.start()
    pauses = []
    for _ in range(8):
        stage.state.step()
        stage.state.connection_lost(LOST)
        assert stage.state.retry_at is not None
        pauses.append(stage.wait_for_retry())
    exact = [min(FIRST_RETRY_SECONDS * 2**number, LAST_RETRY_SECONDS) for number in range(8)]
    assert pauses == pytest.approx(exact, rel=JITTER)
    assert all(pause != each for pause, each in zip(pauses, exact, strict=True))


def test_after_a_good_connection_pauses_begin_anew(stage: Stage) -> None:
    stage.state.start()
    for _ in range(5):
        stage.state.step()
        stage.state.connection_lost(LOST)
        stage.wait_for_retry()
    stage.connect()
    stage.state.live_confirmed(stage.now)
    stage.now += STABLE_SECONDS
    stage.state.live_confirmed(stage.now)
    stage.state.connection_lost(LOST)
    assert stage.wait_for_retry() <= FIRST_RETRY_SECONDS * (1 + JITTER)


@pytest.mark.parametrize(
    "code", [code for code, each in EXPLANATIONS.items() if each.permanence is Permanence.PERMANENT]
)
def test_what_lasts_for_good_ends_it(stage: Stage, code: str) -> None:
    stage.go_on_air()
    stage.state.connection_lost(Trouble.of_code(code))
    assert (stage.state.phase, stage.state.step()) == (Phase.FAILED, Step.WAIT)
    assert stage.state.trouble == Trouble.of_code(code)
    assert stage.state.retry_at is None


@pytest.mark.parametrize("code", ["certificate", "not_audiocast", "redirected"])
def test_a_wrong_address_ends_it_unless_the_server_was_there_before(code: str) -> None:
    new, old = Stage(), Stage()
    new.state.start()
    new.state.step()
    new.state.connection_lost(Trouble.of_code(code))
    assert new.state.phase is Phase.FAILED
    old.go_on_air()
    old.state.connection_lost(Trouble.of_code(code))
    assert old.state.phase is Phase.RECONNECTING


def test_without_retries_the_first_trouble_is_the_last() -> None:
    stage = Stage(retries=False)
    stage.state.start()
    stage.state.step()
    stage.state.connection_lost(LOST)
    assert (stage.state.phase, stage.state.trouble) == (Phase.FAILED, LOST)


def test_a_server_that_is_restarted_is_asked_again_at_once(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.connection_lost(Trouble.of_code("shutting_down"))
    assert stage.state.step() is Step.CONNECT
    stage.state.connection_lost(Trouble.of_code("shutting_down"))
    assert stage.state.step() is Step.WAIT


def test_a_server_that_drains_is_left_for_a_connection_that_stands(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.server_draining()
    assert stage.state.seconds_to_next_step() == 0
    assert [stage.state.step(), stage.state.step()] == [Step.REPLACE, Step.WAIT]
    assert stage.state.phase is Phase.ON_AIR
    stage.state.connection_replaced()
    stage.state.server_draining()
    assert stage.state.step() is Step.WAIT
    stage.state.server_not_draining()
    stage.now += DRAIN_MEMORY_SECONDS
    stage.state.server_draining()
    assert stage.state.step() is Step.REPLACE


def test_what_is_told_of_the_server_that_was_left_moves_nothing(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.connection_lost(Trouble.of_code("shutting_down"))
    assert stage.state.step() is Step.CONNECT
    stage.state.connection_opened()
    stage.state.server_draining()
    assert stage.state.step() is Step.WAIT
    stage.state.server_not_draining()
    stage.now += DRAIN_MEMORY_SECONDS
    stage.state.server_draining()
    assert stage.state.step() is Step.REPLACE


def test_a_renewal_that_fails_is_tried_again_and_nothing_else_changes(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.server_draining()
    stage.state.step()
    stage.state.replacement_failed()
    assert (stage.state.phase, stage.state.step()) == (Phase.ON_AIR, Step.WAIT)
    assert stage.wait_for_retry() > 0
    assert stage.state.step() is Step.REPLACE


def test_stop_is_the_end_of_all_wishes(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.server_draining()
    stage.state.stop()
    assert (stage.state.phase, stage.state.step()) == (Phase.STOPPING, Step.WAIT)
    stage.state.connection_lost(LOST)
    stage.state.live_confirmed(stage.now)
    assert stage.state.phase is Phase.STOPPING
    stage.state.stopped()
    assert stage.state.phase is Phase.STOPPED
    assert stage.state.trouble is None


def test_a_failure_is_final(stage: Stage) -> None:
    stage.go_on_air()
    stage.state.fail(Trouble.of_code("device_failed"))
    stage.state.stop()
    stage.state.stopped()
    stage.state.fail(LOST)
    assert stage.state.phase is Phase.FAILED
    assert stage.state.trouble == Trouble.of_code("device_failed")
