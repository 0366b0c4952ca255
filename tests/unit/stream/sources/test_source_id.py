"""The name of a source: newer is greater, whatever the clocks say."""

import secrets
import time

import pytest

from audiocast.stream.source_id import SourceId


def test_who_comes_later_is_newer_even_when_the_clock_has_gone_back() -> None:
    ahead = SourceId(2**62, 5)
    assert SourceId.new(newer_than=ahead) > ahead
    assert SourceId.new() < ahead


def test_it_says_when_the_source_came_in_unix_microseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_123_456_789)
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    source_id = SourceId.new()
    assert source_id == SourceId(1_800_000_000_123_456, 2**64 - 1)
    assert str(source_id) == f"{1_800_000_000_123_456:x}-ffffffffffffffff"
    assert SourceId.new(newer_than=SourceId(7, 7)) == source_id
    assert SourceId.new(newer_than=source_id).started_at_us == 1_800_000_000_123_457


def test_two_that_come_at_once_are_two() -> None:
    assert SourceId(7, 1) != SourceId(7, 2)
    assert len({SourceId.new().nonce for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "source_id", [SourceId(0, 0), SourceId(1, 2), SourceId(2**63, 2**64 - 1), SourceId.new()]
)
def test_text_and_back(source_id: SourceId) -> None:
    assert SourceId.parse(str(source_id)) == source_id


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-", "-1", "x-1", "1-1-1", "1 -1", "A-1", "1-" + "f" * 17, "1-1\n"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a source id"):
        SourceId.parse(text)
