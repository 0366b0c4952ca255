"""The name of a source: newer is greater, whatever the clocks say."""

import pytest

from audiocast.stream.source_id import Origin


def test_who_comes_later_is_newer_even_when_the_clock_has_gone_back() -> None:
    ahead = Origin(2**62, 5)
    assert Origin.new(newer_than=ahead) > ahead
    assert Origin.new() < ahead


def test_two_that_come_at_once_are_two() -> None:
    assert Origin(7, 1) != Origin(7, 2)
    assert len({Origin.new().nonce for _ in range(100)}) == 100


@pytest.mark.parametrize("origin", [Origin(0, 0), Origin(1, 2), Origin(2**63, 2**64 - 1), Origin.new()])
def test_text_and_back(origin: Origin) -> None:
    assert Origin.parse(str(origin)) == origin


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-", "-1", "x-1", "1-1-1", "1 -1", "A-1", "1-" + "f" * 17, "1-1\n"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an origin"):
        Origin.parse(text)
