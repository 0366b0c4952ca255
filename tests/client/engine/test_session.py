"""The state machine alone: a turned clock, no thread, no socket."""

import random

import pytest

from tk_streamer.engine.session import (
    BELIEF_SECONDS,
    DRAIN_MEMORY_SECONDS,
    FIRST_RETRY_SECONDS,
    GOOD_SECONDS,
    JITTER,
    LAST_RETRY_SECONDS,
    LIVE_MEMORY_SECONDS,
    PATIENCE_SECONDS,
    Phase,
    Session,
    Step,
)
from tk_streamer.trouble import EXPLANATIONS, Lasts, Trouble

LOST = Trouble.of_code("connection_lost")
SOON = 0.001


class Stage:
    """A session, its clock, and the moves of a driver."""

    def __init__(self, *, retries: bool = True) -> None:
        self.now = 1000.0
        self.session = Session(clock=lambda: self.now, chance=random.Random(7), retries=retries)

    def connect(self) -> None:
        """Go from the wish for a connection to an open one."""
        self.session.step()
        self.session.opened()

    def go_on_air(self) -> None:
        """Start, connect, and have it confirmed."""
        self.session.start()
        self.connect()
        self.now += SOON
        self.session.confirmed(self.now)
        assert self.session.phase is Phase.ON_AIR

    def wait_for_retry(self) -> float:
        """Turn the clock to the next try; give how long that took."""
        seconds = self.session.seconds_to_next_step()
        assert seconds is not None
        self.now += seconds
        return seconds


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_begins_with_a_connection(stage: Stage) -> None:
    assert (stage.session.phase, stage.session.step()) == (Phase.STOPPED, Step.WAIT)
    stage.session.start()
    assert stage.session.phase is Phase.CONNECTING
    assert [stage.session.step() for _ in range(3)] == [Step.CONNECT, Step.WAIT, Step.WAIT]
    assert stage.session.seconds_to_next_step() is None


def test_it_begins_once(stage: Stage) -> None:
    stage.session.start()
    with pytest.raises(RuntimeError, match="never started"):
        stage.session.start()


def test_an_open_connection_is_not_on_the_air(stage: Stage) -> None:
    stage.session.start()
    stage.connect()
    assert stage.session.phase is Phase.CONNECTING
    assert stage.session.on_air_since is None


def test_on_the_air_is_what_the_server_says(stage: Stage) -> None:
    stage.go_on_air()
    assert stage.session.on_air_since == stage.now
    since = stage.now
    stage.now += 2
    stage.session.confirmed(stage.now)
    assert stage.session.on_air_since == since


def test_an_answer_from_before_the_connection_proves_nothing(stage: Stage) -> None:
    stage.session.start()
    asked_at = stage.now
    stage.now += 1
    stage.connect()
    stage.session.confirmed(asked_at)
    assert stage.session.phase is Phase.CONNECTING


def test_when_nobody_confirms_it_is_not_on_the_air_any_more(stage: Stage) -> None:
    stage.go_on_air()
    assert stage.session.seconds_to_next_step() == pytest.approx(BELIEF_SECONDS)
    stage.now += BELIEF_SECONDS
    assert stage.session.step() is Step.WAIT
    assert stage.session.phase is Phase.RECONNECTING
    assert stage.session.on_air_since is None
    assert stage.session.trouble == Trouble.of_code("unconfirmed")
    stage.session.confirmed(stage.now)
    assert (stage.session.phase, stage.session.trouble) == (Phase.ON_AIR, None)


def test_a_connection_that_nobody_confirms_is_given_up(stage: Stage) -> None:
    stage.session.start()
    stage.connect()
    stage.now += PATIENCE_SECONDS
    assert stage.session.step() is Step.ABANDON
    assert stage.session.phase is Phase.CONNECTING
    stage.wait_for_retry()
    assert stage.session.step() is Step.CONNECT


def test_a_server_that_says_no_is_believed_at_once(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.denied()
    assert stage.session.phase is Phase.RECONNECTING
    assert stage.session.is_connected


def test_after_a_loss_an_early_yes_may_be_about_the_lost_connection(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.lost(LOST)
    assert stage.session.phase is Phase.RECONNECTING
    lost_at = stage.now
    stage.wait_for_retry()
    stage.connect()
    stage.now += 0.5
    stage.session.confirmed(stage.now)
    assert stage.session.phase is Phase.RECONNECTING
    stage.now = lost_at + LIVE_MEMORY_SECONDS
    stage.session.confirmed(stage.now)
    assert stage.session.phase is Phase.ON_AIR


def test_pauses_grow_to_a_bound_with_some_chance_in_them(stage: Stage) -> None:
    stage.session.start()
    pauses = []
    for _ in range(8):
        stage.session.step()
        stage.session.lost(LOST)
        assert stage.session.retry_at is not None
        pauses.append(stage.wait_for_retry())
    exact = [min(FIRST_RETRY_SECONDS * 2**number, LAST_RETRY_SECONDS) for number in range(8)]
    assert pauses == pytest.approx(exact, rel=JITTER)
    assert all(pause != each for pause, each in zip(pauses, exact, strict=True))


def test_after_a_good_connection_pauses_begin_anew(stage: Stage) -> None:
    stage.session.start()
    for _ in range(5):
        stage.session.step()
        stage.session.lost(LOST)
        stage.wait_for_retry()
    stage.connect()
    stage.session.confirmed(stage.now)
    stage.now += GOOD_SECONDS
    stage.session.confirmed(stage.now)
    stage.session.lost(LOST)
    assert stage.wait_for_retry() <= FIRST_RETRY_SECONDS * (1 + JITTER)


@pytest.mark.parametrize(
    "code", [code for code, each in EXPLANATIONS.items() if each.lasts is Lasts.FOR_GOOD]
)
def test_what_lasts_for_good_ends_it(stage: Stage, code: str) -> None:
    stage.go_on_air()
    stage.session.lost(Trouble.of_code(code))
    assert (stage.session.phase, stage.session.step()) == (Phase.FAILED, Step.WAIT)
    assert stage.session.trouble == Trouble.of_code(code)
    assert stage.session.retry_at is None


@pytest.mark.parametrize("code", ["certificate", "not_audiocast", "redirected"])
def test_a_wrong_address_ends_it_unless_the_server_was_there_before(code: str) -> None:
    new, old = Stage(), Stage()
    new.session.start()
    new.session.step()
    new.session.lost(Trouble.of_code(code))
    assert new.session.phase is Phase.FAILED
    old.go_on_air()
    old.session.lost(Trouble.of_code(code))
    assert old.session.phase is Phase.RECONNECTING


def test_without_retries_the_first_trouble_is_the_last() -> None:
    stage = Stage(retries=False)
    stage.session.start()
    stage.session.step()
    stage.session.lost(LOST)
    assert (stage.session.phase, stage.session.trouble) == (Phase.FAILED, LOST)


def test_a_server_that_is_restarted_is_asked_again_at_once(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.lost(Trouble.of_code("shutting_down"))
    assert stage.session.step() is Step.CONNECT
    stage.session.lost(Trouble.of_code("shutting_down"))
    assert stage.session.step() is Step.WAIT


def test_a_server_that_drains_is_left_for_a_connection_that_stands(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.draining()
    assert stage.session.seconds_to_next_step() == 0
    assert [stage.session.step(), stage.session.step()] == [Step.RENEW, Step.WAIT]
    assert stage.session.phase is Phase.ON_AIR
    stage.session.renewed()
    stage.session.draining()
    assert stage.session.step() is Step.WAIT
    stage.session.settled()
    stage.now += DRAIN_MEMORY_SECONDS
    stage.session.draining()
    assert stage.session.step() is Step.RENEW


def test_what_is_told_of_the_server_that_was_left_moves_nothing(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.lost(Trouble.of_code("shutting_down"))
    assert stage.session.step() is Step.CONNECT
    stage.session.opened()
    stage.session.draining()
    assert stage.session.step() is Step.WAIT
    stage.session.settled()
    stage.now += DRAIN_MEMORY_SECONDS
    stage.session.draining()
    assert stage.session.step() is Step.RENEW


def test_a_renewal_that_fails_is_tried_again_and_nothing_else_changes(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.draining()
    stage.session.step()
    stage.session.renewal_failed()
    assert (stage.session.phase, stage.session.step()) == (Phase.ON_AIR, Step.WAIT)
    assert stage.wait_for_retry() > 0
    assert stage.session.step() is Step.RENEW


def test_stop_is_the_end_of_all_wishes(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.draining()
    stage.session.stop()
    assert (stage.session.phase, stage.session.step()) == (Phase.STOPPING, Step.WAIT)
    stage.session.lost(LOST)
    stage.session.confirmed(stage.now)
    assert stage.session.phase is Phase.STOPPING
    stage.session.stopped()
    assert stage.session.phase is Phase.STOPPED
    assert stage.session.trouble is None


def test_a_failure_is_final(stage: Stage) -> None:
    stage.go_on_air()
    stage.session.fail(Trouble.of_code("device_failed"))
    stage.session.stop()
    stage.session.stopped()
    stage.session.fail(LOST)
    assert stage.session.phase is Phase.FAILED
    assert stage.session.trouble == Trouble.of_code("device_failed")
