"""The rate limit of a source: real time with jitter passes, a rush does not."""

import pytest

from audiocast.stream.errors import TooFast
from audiocast.stream.rate_limit import RateLimit

SECOND = 48_000


def takes(rate_limit: RateLimit, *, size_bytes: int, samples: int, now: float) -> bool:
    """Say whether a source may send this, now."""
    try:
        rate_limit.charge(size_bytes=size_bytes, samples=samples, now=now)
    except TooFast:
        return False
    return True


def test_real_time_passes_for_as_long_as_it_lasts() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=2, now=0)
    seconds = range(1, 100_000)
    assert all(takes(rate_limit, size_bytes=12_500, samples=SECOND, now=second) for second in seconds)


def test_a_lead_may_be_used_at_once() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=20, now=0)
    assert takes(rate_limit, size_bytes=250_000, samples=20 * SECOND, now=0)


def test_more_audio_than_the_lead_is_too_fast_and_says_by_how_much() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=20, now=0)
    rate_limit.charge(size_bytes=0, samples=20 * SECOND, now=0)
    with pytest.raises(TooFast, match=r"at most 20 s ahead of it, got 20\.5 s ahead; with ffmpeg, add -re"):
        rate_limit.charge(size_bytes=0, samples=SECOND // 2, now=0)


def test_more_bytes_than_the_rate_allows_is_too_fast() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=2, now=0)
    with pytest.raises(TooFast, match="at most 100 kbit/s, got more for 2 s"):
        rate_limit.charge(size_bytes=25_001, samples=0, now=0)


def test_a_source_twice_as_fast_as_real_time_is_found_out_after_its_lead() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=2, now=0)
    for tick in range(19):
        rate_limit.charge(size_bytes=100, samples=SECOND // 5, now=tick * 0.1)
    with pytest.raises(TooFast):
        rate_limit.charge(size_bytes=100, samples=SECOND // 2, now=1.9)


def test_time_empties_the_buckets_and_no_more_than_that() -> None:
    rate_limit = RateLimit(max_kbps=100, lead_seconds=2, now=0)
    rate_limit.charge(size_bytes=25_000, samples=2 * SECOND, now=0)
    rate_limit.charge(size_bytes=25_000, samples=2 * SECOND, now=1000)
    with pytest.raises(TooFast):
        rate_limit.charge(size_bytes=0, samples=1, now=1000)


def test_a_source_without_bounds_may_send_anything() -> None:
    rate_limit = RateLimit(max_kbps=0, lead_seconds=1, now=0)
    assert takes(rate_limit, size_bytes=10**12, samples=10**12, now=0)
