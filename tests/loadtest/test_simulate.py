"""The simulated clusters: what they claim of the ring and of membership, and the tables of docs/scale.md."""

import re
from pathlib import Path

import pytest

from audiocast.cluster.membership import HELLO_SECONDS, STABLE_SECONDS
from loadtest.simulation import simulate
from loadtest.simulation.simulated_greetings import SimulatedGreetings
from loadtest.simulation.simulated_ring import SimulatedRing

DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"
LATENCY_SECONDS = 0.002
# The simulation looks every 10 ms.
LATE_SECONDS = 0.03


@pytest.fixture(scope="module")
def ring() -> SimulatedRing:
    return SimulatedRing(8, 2000, seed=1)


@pytest.fixture
def greetings() -> SimulatedGreetings:
    return SimulatedGreetings(12, LATENCY_SECONDS, seed=1)


def rows(text: str) -> set[str]:
    """Give the lines of tables that begin with a number."""
    return set(re.findall(r"^\| \d.*\|$", text, re.MULTILINE))


def test_the_document_has_what_the_simulation_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main(["--members", "10", "30"]) == 0
    printed = rows(capsys.readouterr().out)
    assert len(printed) == 2 * 5
    assert printed - rows(DOCUMENT.read_text()) == set()


def test_another_seed_gives_other_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--members", "10", "--streams", "200", "--listeners", "500", "--seed"]
    seen = []
    for seed in ("1", "2", "1"):
        simulate.main([*arguments, seed])
        seen.append(capsys.readouterr().out)
    assert seen[0] == seen[2] != seen[1]


def test_streams_spread_as_promised(ring: SimulatedRing) -> None:
    spread = ring.spread()
    assert spread.per_member == 250
    assert spread.busiest < 1.25


def test_a_join_moves_one_share_and_only_to_the_new_one(ring: SimulatedRing) -> None:
    join = ring.join()
    assert join.moved == pytest.approx(1 / 9, abs=0.02)
    assert join.to_others == 0


def test_a_death_burdens_all_others_alike(ring: SimulatedRing) -> None:
    death = ring.death()
    assert death.heirs == 7
    assert death.moved == ring.spread().busiest / 8
    assert death.most < 2 * 250 / 7


def test_restarts_move_a_stream_twice_at_most_and_leave_the_last_one_empty(ring: SimulatedRing) -> None:
    restart = ring.restart()
    assert 1 < restart.moves < 2
    assert restart.most_moves == 2
    assert restart.last == 0


@pytest.mark.parametrize(("listeners", "most"), [(1, 1), (100_000, 2000 * 7)])
def test_a_stream_is_relayed_once_to_each_member_at_most(
    ring: SimulatedRing, listeners: int, most: int
) -> None:
    relays = ring.relays(listeners)
    assert relays.total <= most
    assert relays.widest <= 7
    assert relays.busiest <= relays.total
    assert relays.per_listener == relays.total / listeners


def test_a_killed_member_is_out_with_the_next_greeting(greetings: SimulatedGreetings) -> None:
    noticed = greetings.killed()
    assert noticed.last_seconds <= HELLO_SECONDS + LATE_SECONDS
    assert noticed.first_seconds <= noticed.median_seconds <= noticed.last_seconds


def test_a_member_that_stands_still_is_out_after_two_greetings(greetings: SimulatedGreetings) -> None:
    noticed = greetings.stopped()
    # Each waits a second for its answer, and the second one begins half a second after that.
    assert noticed.first_seconds >= 2.5
    assert noticed.last_seconds <= 3.0 + LATE_SECONDS


def test_a_member_that_drains_is_out_at_once(greetings: SimulatedGreetings) -> None:
    assert greetings.left().median_seconds <= LATE_SECONDS


def test_a_new_member_is_in_when_it_has_been_there_for_long_enough(greetings: SimulatedGreetings) -> None:
    noticed = greetings.joined()
    assert noticed.first_seconds >= STABLE_SECONDS - LATE_SECONDS
    assert noticed.last_seconds <= STABLE_SECONDS + HELLO_SECONDS + LATE_SECONDS


def test_a_member_that_comes_and_goes_is_in_nobodys_ring(greetings: SimulatedGreetings) -> None:
    assert greetings.flapped() == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--members", "1"], "expected 2 or more, got 1"),
        (["--streams", "0"], "expected 1 or more, got 0"),
        (["--latency-ms", "500"], "expected 0 to 200 ms, got 500"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        simulate.main(arguments)
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
