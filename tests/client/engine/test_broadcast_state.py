"""The state machine alone: a fake clock, no thread, no socket."""

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


class Driver:
    """A state machine, its clock, and what `control` does with it."""

    def __init__(self, *, retries: bool = True) -> None:
        self.now = 1000.0
        self.state = BroadcastState(clock=lambda: self.now, rng=random.Random(7), retries=retries)

    def connect(self) -> None:
        """Open a connection."""
        self.state.step()
        self.state.connection_opened()

    def go_on_air(self) -> None:
        """Start, connect, and confirm the connection."""
        self.state.start()
        self.connect()
        self.now += SOON
        self.state.live_confirmed(self.now)
        assert self.state.phase is Phase.ON_AIR

    def wait_for_retry(self) -> float:
        """Set the clock to the next try; return how many seconds that took."""
        seconds = self.state.seconds_to_next_step()
        assert seconds is not None
        self.now += seconds
        return seconds


@pytest.fixture
def driver() -> Driver:
    return Driver()


def test_it_begins_with_a_connection(driver: Driver) -> None:
    assert (driver.state.phase, driver.state.step()) == (Phase.STOPPED, Step.WAIT)
    driver.state.start()
    assert driver.state.phase is Phase.CONNECTING
    assert [driver.state.step() for _ in range(3)] == [Step.CONNECT, Step.WAIT, Step.WAIT]
    assert driver.state.seconds_to_next_step() is None


def test_it_begins_once(driver: Driver) -> None:
    driver.state.start()
    with pytest.raises(RuntimeError, match="never started"):
        driver.state.start()


def test_an_open_connection_is_not_on_the_air(driver: Driver) -> None:
    driver.state.start()
    driver.connect()
    assert driver.state.phase is Phase.CONNECTING
    assert driver.state.on_air_since is None


def test_on_the_air_is_what_the_server_says(driver: Driver) -> None:
    driver.go_on_air()
    assert driver.state.on_air_since == driver.now
    since = driver.now
    driver.now += 2
    driver.state.live_confirmed(driver.now)
    assert driver.state.on_air_since == since


def test_an_answer_from_before_the_connection_proves_nothing(driver: Driver) -> None:
    driver.state.start()
    asked_at = driver.now
    driver.now += 1
    driver.connect()
    driver.state.live_confirmed(asked_at)
    assert driver.state.phase is Phase.CONNECTING


def test_when_nobody_confirms_it_is_not_on_the_air_any_more(driver: Driver) -> None:
    driver.go_on_air()
    assert driver.state.seconds_to_next_step() == pytest.approx(CONFIRMATION_VALID_SECONDS)
    driver.now += CONFIRMATION_VALID_SECONDS
    assert driver.state.step() is Step.WAIT
    assert driver.state.phase is Phase.RECONNECTING
    assert driver.state.on_air_since is None
    assert driver.state.trouble == Trouble.of_code("unconfirmed")
    driver.state.live_confirmed(driver.now)
    assert (driver.state.phase, driver.state.trouble) == (Phase.ON_AIR, None)


def test_a_connection_that_nobody_confirms_is_given_up(driver: Driver) -> None:
    driver.state.start()
    driver.connect()
    driver.now += CONFIRMATION_TIMEOUT_SECONDS
    assert driver.state.step() is Step.ABANDON
    assert driver.state.phase is Phase.CONNECTING
    driver.wait_for_retry()
    assert driver.state.step() is Step.CONNECT


def test_a_server_that_says_no_is_believed_at_once(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.live_denied()
    assert driver.state.phase is Phase.RECONNECTING
    assert driver.state.is_connected


def test_after_a_loss_an_early_yes_may_be_about_the_lost_connection(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.connection_lost(LOST)
    assert driver.state.phase is Phase.RECONNECTING
    lost_at = driver.now
    driver.wait_for_retry()
    driver.connect()
    driver.now += 0.5
    driver.state.live_confirmed(driver.now)
    assert driver.state.phase is Phase.RECONNECTING
    driver.now = lost_at + LIVE_MEMORY_SECONDS
    driver.state.live_confirmed(driver.now)
    assert driver.state.phase is Phase.ON_AIR


def test_pauses_grow_to_a_bound_with_some_chance_in_them(driver: Driver) -> None:
    driver.state.start()
    pauses = []
    for _ in range(8):
        driver.state.step()
        driver.state.connection_lost(LOST)
        assert driver.state.retry_at is not None
        pauses.append(driver.wait_for_retry())
    exact = [min(FIRST_RETRY_SECONDS * 2**number, LAST_RETRY_SECONDS) for number in range(8)]
    assert pauses == pytest.approx(exact, rel=JITTER)
    assert all(pause != each for pause, each in zip(pauses, exact, strict=True))


def test_after_a_good_connection_pauses_begin_anew(driver: Driver) -> None:
    driver.state.start()
    for _ in range(5):
        driver.state.step()
        driver.state.connection_lost(LOST)
        driver.wait_for_retry()
    driver.connect()
    driver.state.live_confirmed(driver.now)
    driver.now += STABLE_SECONDS
    driver.state.live_confirmed(driver.now)
    driver.state.connection_lost(LOST)
    assert driver.wait_for_retry() <= FIRST_RETRY_SECONDS * (1 + JITTER)


@pytest.mark.parametrize(
    "code", [code for code, each in EXPLANATIONS.items() if each.permanence is Permanence.PERMANENT]
)
def test_a_permanent_trouble_ends_it(driver: Driver, code: str) -> None:
    driver.go_on_air()
    driver.state.connection_lost(Trouble.of_code(code))
    assert (driver.state.phase, driver.state.step()) == (Phase.FAILED, Step.WAIT)
    assert driver.state.trouble == Trouble.of_code(code)
    assert driver.state.retry_at is None


@pytest.mark.parametrize("code", ["certificate", "not_audiocast", "redirected"])
def test_a_wrong_address_ends_it_unless_the_server_was_there_before(code: str) -> None:
    new, old = Driver(), Driver()
    new.state.start()
    new.state.step()
    new.state.connection_lost(Trouble.of_code(code))
    assert new.state.phase is Phase.FAILED
    old.go_on_air()
    old.state.connection_lost(Trouble.of_code(code))
    assert old.state.phase is Phase.RECONNECTING


def test_without_retries_the_first_trouble_is_the_last() -> None:
    driver = Driver(retries=False)
    driver.state.start()
    driver.state.step()
    driver.state.connection_lost(LOST)
    assert (driver.state.phase, driver.state.trouble) == (Phase.FAILED, LOST)


def test_a_server_that_is_restarted_is_asked_again_at_once(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.connection_lost(Trouble.of_code("shutting_down"))
    assert driver.state.step() is Step.CONNECT
    driver.state.connection_lost(Trouble.of_code("shutting_down"))
    assert driver.state.step() is Step.WAIT


def test_a_server_that_drains_is_left_for_a_connection_that_stands(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.server_draining()
    assert driver.state.seconds_to_next_step() == 0
    assert [driver.state.step(), driver.state.step()] == [Step.REPLACE, Step.WAIT]
    assert driver.state.phase is Phase.ON_AIR
    driver.state.connection_replaced()
    driver.state.server_draining()
    assert driver.state.step() is Step.WAIT
    driver.state.server_not_draining()
    driver.now += DRAIN_MEMORY_SECONDS
    driver.state.server_draining()
    assert driver.state.step() is Step.REPLACE


def test_what_is_said_of_the_server_that_was_left_changes_nothing(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.connection_lost(Trouble.of_code("shutting_down"))
    assert driver.state.step() is Step.CONNECT
    driver.state.connection_opened()
    driver.state.server_draining()
    assert driver.state.step() is Step.WAIT
    driver.state.server_not_draining()
    driver.now += DRAIN_MEMORY_SECONDS
    driver.state.server_draining()
    assert driver.state.step() is Step.REPLACE


def test_a_replacement_that_fails_is_tried_again_and_nothing_else_changes(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.server_draining()
    driver.state.step()
    driver.state.replacement_failed()
    assert (driver.state.phase, driver.state.step()) == (Phase.ON_AIR, Step.WAIT)
    assert driver.wait_for_retry() > 0
    assert driver.state.step() is Step.REPLACE


def test_stop_is_the_end_of_all_wishes(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.server_draining()
    driver.state.stop()
    assert (driver.state.phase, driver.state.step()) == (Phase.STOPPING, Step.WAIT)
    driver.state.connection_lost(LOST)
    driver.state.live_confirmed(driver.now)
    assert driver.state.phase is Phase.STOPPING
    driver.state.stopped()
    assert driver.state.phase is Phase.STOPPED
    assert driver.state.trouble is None


def test_a_failure_is_final(driver: Driver) -> None:
    driver.go_on_air()
    driver.state.fail(Trouble.of_code("device_failed"))
    driver.state.stop()
    driver.state.stopped()
    driver.state.fail(LOST)
    assert driver.state.phase is Phase.FAILED
    assert driver.state.trouble == Trouble.of_code("device_failed")
