"""Access codes: said aloud, typed by people, compared in constant time."""

import pytest

from audiocast.stream.access.access_code import (
    CONSONANTS,
    MAX_CHARACTERS,
    VOWELS,
    is_same_code,
    make_code,
    plain_code,
)


def test_a_code_is_three_words_of_three_syllables_and_another_each_time() -> None:
    codes = {make_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        words = code.split("-")
        assert [len(word) for word in words] == [6, 6, 6]
        for word in words:
            assert set(word[::2]) <= set(CONSONANTS)
            assert set(word[1::2]) <= set(VOWELS)


@pytest.mark.parametrize(
    "typed", ["bakola-tiremu", "BAKOLA TIREMU", " bakola  tiremu ", "bakola_tiremu", "Bakola, Tiremu."]
)
def test_people_type_it_as_they_like(typed: str) -> None:
    assert is_same_code(typed, "bakola-tiremu")


@pytest.mark.parametrize("typed", ["", "bakola", "bakolatiremu", "bakola-tiremux", "-", "б"])
def test_another_one_is_another(typed: str) -> None:
    assert not is_same_code(typed, "bakola-tiremu")


def test_no_code_is_no_way_in() -> None:
    assert not is_same_code("", "")
    assert not is_same_code("anything", "")


def test_what_is_compared_is_bounded() -> None:
    assert len(plain_code("a" * 10_000)) == MAX_CHARACTERS
