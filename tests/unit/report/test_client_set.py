"""A set of numbers that takes little memory is a set all the same."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from audiocast.report.client_set import ClientSet


@given(st.lists(st.one_of(st.integers(0, 60), st.integers(8_180, 8_210), st.integers(0, 10_000_000))))
def test_it_counts_as_a_set_does(numbers: list[int]) -> None:
    clients = ClientSet()
    for place, number in enumerate(numbers, 1):
        clients.add(number)
        assert len(clients) == len(set(numbers[:place]))


def test_numbers_stay_known_when_a_piece_becomes_bits() -> None:
    clients = ClientSet()
    for number in [*range(40), *range(40)]:
        clients.add(number)
    assert len(clients) == 40


def test_a_million_clients_take_a_bit_each() -> None:
    clients = ClientSet()
    for number in range(0, 1_000_000, 2):
        clients.add(number)
    taken = sum(sys.getsizeof(piece) for piece in clients._pieces.values())
    assert len(clients) == 500_000
    assert taken < 200_000
