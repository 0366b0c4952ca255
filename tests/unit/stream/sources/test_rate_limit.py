"""The rate limit of a source: real time with jitter passes, a rush does not."""

from collections.abc import Callable

import pytest

from audiocast.ogg.errors import BadCrc
from audiocast.stream.errors import TooDamaged, TooFast
from audiocast.stream.rate_limit import RateLimit

# The table at the top of the module, as docs/broadcaster.md tells it.
MAX_CHAIN_SEGMENTS, CHAIN_SEGMENTS_PER_SECOND = 20, 2.0
MAX_DECODER_CHANGES, DECODER_CHANGES_PER_SECOND = 5, 1.0
MAX_FAULTS, FAULTS_PER_SECOND = 50, 5.0
MAX_HEADER_BYTES, HEADER_BYTES_PER_SECOND = 4_000_000, 4_000_000.0
MIN_READ_BYTES = 64
MAX_CREDIT_SECONDS = 120.0

SECOND = 48_000
SHORTEST_PACKET_SECONDS = 0.0025


class Server:
    """What a rate limit knows of its server."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stalled_seconds = 0.0

    def stand_still(self, seconds: float) -> None:
        self.now += seconds
        self.stalled_seconds += seconds

    def rate_limit(self, *, max_kbps: int = 100, lead_seconds: float = 20) -> RateLimit:
        return RateLimit(
            max_kbps=max_kbps,
            lead_seconds=lead_seconds,
            now=self.now,
            stalled_seconds=lambda: self.stalled_seconds,
        )


@pytest.fixture
def server() -> Server:
    return Server()


def fits(charge: Callable[[], None]) -> bool:
    """Say whether a source may send this."""
    try:
        charge()
    except (TooFast, TooDamaged):
        return False
    return True


def read(rate_limit: RateLimit, size_bytes: int, now: float) -> bool:
    """Say whether a source may send so many bytes."""
    return fits(lambda: rate_limit.charge_read(size_bytes, now))


def play(rate_limit: RateLimit, seconds: float, now: float) -> bool:
    """Say whether a source may send a page with so much audio; its bytes are few."""
    rate_limit.charge_read(0, now)
    return fits(lambda: rate_limit.charge_page(round(seconds * SECOND)))


class TestAudio:
    def test_real_time_passes_for_as_long_as_it_lasts(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        assert all(play(rate_limit, 1, second) for second in range(1, 10_000))

    def test_a_lead_may_be_used_at_once(self, server: Server) -> None:
        assert play(server.rate_limit(lead_seconds=20), 20, 0)

    def test_more_than_the_lead_is_too_fast_and_says_by_how_much(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=20)
        assert play(rate_limit, 20, 0)
        with pytest.raises(TooFast, match=r"at most 20 s ahead of it, got 20\.5 s ahead; .*, add -re"):
            rate_limit.charge_page(SECOND // 2)

    def test_twice_as_fast_as_real_time_is_found_out_after_the_lead(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        assert all(play(rate_limit, 0.2, tick * 0.1) for tick in range(19))
        assert not play(rate_limit, 0.5, 1.9)

    def test_a_page_without_audio_counts_as_the_shortest_packet(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=10_000, lead_seconds=2)
        fitting = round(2 / SHORTEST_PACKET_SECONDS)
        assert [play(rate_limit, 0, 0) for _ in range(fitting + 1)] == [True] * fitting + [False]

    def test_time_empties_the_bucket_and_no_more_than_that(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        assert play(rate_limit, 2, 0)
        assert play(rate_limit, 2, 1000)
        assert not play(rate_limit, 0.1, 1000)

    def test_pages_are_charged_as_of_the_moment_when_they_were_read(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        assert play(rate_limit, 2, 0)
        server.now = 1
        assert not fits(lambda: rate_limit.charge_page(SECOND))


class TestBytes:
    def test_real_time_passes_for_as_long_as_it_lasts(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        assert all(read(rate_limit, 12_500, second) for second in range(1, 10_000))

    def test_more_than_the_rate_allows_is_too_fast(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        with pytest.raises(TooFast, match="at most 100 kbit/s, got more for 2 s"):
            rate_limit.charge_read(25_001, 0)

    def test_as_many_as_in_the_lead_may_come_at_once(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        assert read(rate_limit, 25_000, 0)
        assert read(rate_limit, 12_500, 1)
        assert not read(rate_limit, 1, 1)

    def test_a_byte_at_a_time_costs_more(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        fitting = 25_000 // MIN_READ_BYTES
        assert [read(rate_limit, 1, 0) for _ in range(fitting + 1)] == [True] * fitting + [False]


@pytest.mark.parametrize(
    ("charge", "at_once", "per_second", "message"),
    [
        (
            RateLimit.charge_chain_segment,
            MAX_CHAIN_SEGMENTS,
            CHAIN_SEGMENTS_PER_SECOND,
            "expected at most 20 new Ogg streams at once and 2 a second, got more; begin one with each track",
        ),
        (
            RateLimit.charge_decoder_change,
            MAX_DECODER_CHANGES,
            DECODER_CHANGES_PER_SECOND,
            "expected at most 5 changes of channels at once and 1 a second, got more; encode all",
        ),
        (
            lambda rate_limit: rate_limit.charge_fault(BadCrc("of the test")),
            MAX_FAULTS,
            FAULTS_PER_SECOND,
            "expected at most 50 damaged pages and packets at once and 5 a second, got more; the last: of",
        ),
    ],
    ids=["chain segments", "decoder changes", "faults"],
)
def test_chain_segments_decoder_changes_and_faults_have_bounds_of_their_own(
    server: Server, charge: Callable[[RateLimit], None], at_once: int, per_second: float, message: str
) -> None:
    def change(rate_limit: RateLimit, now: float) -> bool:
        rate_limit.charge_read(0, now)
        return fits(lambda: charge(rate_limit))

    rate_limit = server.rate_limit()
    assert all(change(rate_limit, 0) for _ in range(at_once))
    with pytest.raises((TooFast, TooDamaged), match=message):
        charge(rate_limit)
    steady = server.rate_limit()
    assert all(change(steady, number / per_second) for number in range(10_000))
    rushing = server.rate_limit()
    passed = [change(rushing, number / per_second / 2) for number in range(3 * at_once)]
    assert passed.index(False) <= 2 * at_once


def test_a_source_without_bounds_may_send_anything(server: Server) -> None:
    rate_limit = server.rate_limit(max_kbps=0, lead_seconds=1)
    assert play(rate_limit, 10**9, 0)
    assert read(rate_limit, 10**12, 0)
    assert all(fits(rate_limit.charge_chain_segment) for _ in range(1000))
    assert all(fits(rate_limit.charge_decoder_change) for _ in range(1000))


class TestHeaders:
    def test_they_count_as_no_bytes_of_audio(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        for _ in range(100):
            assert read(rate_limit, 20_000, server.now)
            rate_limit.charge_headers(20_000)
        assert read(rate_limit, 25_000, server.now)
        assert not read(rate_limit, 100, server.now), "the rest of the bytes has its bound"

    def test_they_are_no_credit(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        assert read(rate_limit, 20_000, server.now)
        server.now += 100
        assert read(rate_limit, 20_000, server.now)
        rate_limit.charge_headers(40_000)
        assert read(rate_limit, 25_000, server.now)
        assert not read(rate_limit, 100, server.now)

    def test_the_source_waits_while_there_are_too_many(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100)
        rate_limit.charge_headers(MAX_HEADER_BYTES)
        assert (rate_limit.has_to_wait, rate_limit.take_wait_seconds()) == (False, 0.0)
        rate_limit.charge_headers(round(HEADER_BYTES_PER_SECOND / 10))
        assert rate_limit.has_to_wait
        assert rate_limit.take_wait_seconds() == pytest.approx(0.1)
        assert (rate_limit.has_to_wait, rate_limit.take_wait_seconds()) == (False, 0.0), "it is told once"
        server.now += 0.1
        assert read(rate_limit, 100, server.now)
        rate_limit.charge_headers(1000)
        assert rate_limit.take_wait_seconds() == pytest.approx(1000 / HEADER_BYTES_PER_SECOND)

    def test_without_bounds_nobody_waits(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=0)
        rate_limit.charge_headers(100 * MAX_HEADER_BYTES)
        assert not rate_limit.has_to_wait


class TestServerThatStoodStill:
    def test_what_has_waited_meanwhile_comes_at_once(self, server: Server) -> None:
        rate_limit = server.rate_limit(max_kbps=100, lead_seconds=2)
        server.stand_still(60)
        for _ in range(60):
            assert read(rate_limit, 12_500, server.now)
            assert play(rate_limit, 1, server.now)

    def test_it_changes_nothing_for_a_source_that_is_ahead(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        assert play(rate_limit, 2, server.now)
        server.stand_still(60)
        assert play(rate_limit, 60, server.now)
        assert not play(rate_limit, 0.1, server.now)

    def test_the_credit_is_no_longer_than_the_server_stood_still(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        server.now += 1000
        server.stand_still(10)
        server.now += 1000
        assert play(rate_limit, 12, server.now)
        assert not play(rate_limit, 0.1, server.now)

    def test_it_is_kept_until_it_is_used(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        server.stand_still(10)
        for _ in range(100):
            server.now += 0.02
            assert play(rate_limit, 0.02, server.now)
        assert play(rate_limit, 9, server.now)
        assert not play(rate_limit, 2, server.now)

    def test_it_is_bounded(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        for _ in range(10):
            server.stand_still(MAX_CREDIT_SECONDS)
            rate_limit.charge_read(0, server.now)
        assert play(rate_limit, MAX_CREDIT_SECONDS + 2, server.now)
        assert not play(rate_limit, 0.1, server.now)

    def test_a_stall_before_the_source_came_is_nothing_to_it(self, server: Server) -> None:
        server.stand_still(60)
        rate_limit = server.rate_limit(lead_seconds=2)
        server.now += 1
        assert not play(rate_limit, 4, server.now)

    def test_pages_that_waited_while_it_stood_still_lose_no_credit(self, server: Server) -> None:
        rate_limit = server.rate_limit(lead_seconds=2)
        rate_limit.charge_read(0, server.now)
        server.stand_still(60)
        assert fits(lambda: rate_limit.charge_page(2 * SECOND))
        assert play(rate_limit, 60, server.now)
