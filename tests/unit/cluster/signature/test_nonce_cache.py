"""Numbers that count once: known for long enough, forgotten after that, and never too many."""

from audiocast.cluster.signature.nonce_cache import NonceCache
from audiocast.cluster.signature.signer import Signer
from tests.unit.cluster.signature.test_signer import A

BUCKET_SECONDS = 30.0
MAX_SKEW_SECONDS = 60.0


def nonce(number: int) -> str:
    return f"{number:015x}{'0' * 17}"


def test_a_nonce_counts_once_for_as_long_as_a_request_counts() -> None:
    now = 100.0
    cache = NonceCache(120.0, lambda: now)
    assert cache.add(nonce(1))
    while now < 100 + 120 - 1:
        assert not cache.add(nonce(1))
        now += 1.0
        assert cache.add(nonce(int(now)))


def test_it_is_forgotten_soon_after() -> None:
    now = 100.0
    cache = NonceCache(120.0, lambda: now)
    for number in range(1000):
        assert cache.add(nonce(number))
        now += 1.0
        assert len(cache) <= 120 + 2 * BUCKET_SECONDS
    now += 120 + BUCKET_SECONDS
    assert cache.add(nonce(999))
    assert len(cache) == 1


def test_a_full_cache_forgets_nothing() -> None:
    now = 0.0
    cache = NonceCache(120.0, lambda: now, limit=10)
    for number in range(10):
        assert not cache.is_full
        cache.add(nonce(number))
    assert cache.is_full
    assert not cache.add(nonce(0))
    now = 120.0 + BUCKET_SECONDS
    assert not cache.is_full


def test_a_request_of_a_clock_that_is_ahead_is_known_until_it_is_too_old() -> None:
    signer = Signer(["a-secret"], A)
    assert signer._nonces._seconds == 2 * MAX_SKEW_SECONDS


def test_nonces_of_half_a_minute_are_forgotten_together_and_none_too_soon() -> None:
    now = 1000.0
    cache = NonceCache(120.0, lambda: now)
    for second in range(60):
        now = 1000.0 + second
        cache.add(nonce(second))
    # Looking for one in few sets is quick, however many there are.
    assert [len(nonces) for _, nonces in cache._buckets] == [30, 30]
    now = 1000.0 + 149.9
    assert not cache.add(nonce(0))
    now = 1000.0 + 150.0
    assert cache.add(nonce(0))
    assert len(cache) == 31
    now = 1000.0 + 180.0
    assert not cache.is_full
    assert len(cache) == 1


def test_fifteen_digits_tell_nonces_apart() -> None:
    cache = NonceCache(120.0, lambda: 0.0)
    assert cache.add("0" * 14 + "1" + "0" * 17)
    assert cache.add("0" * 14 + "2" + "0" * 17)
    assert not cache.add("0" * 14 + "1" + "5" * 17)


def test_a_million_fit() -> None:
    cache = NonceCache(120.0, lambda: 0.0)
    cache.add(nonce(0))
    for count, is_full in ((999_999, False), (1_000_000, True)):
        cache._buckets[0] = (0.0, set(range(count)))
        assert cache.is_full is is_full
