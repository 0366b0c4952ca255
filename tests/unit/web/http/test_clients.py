"""Clients: who is one, what each may have, and a table that strangers cannot make grow."""

import ipaddress
from collections.abc import Sequence

import pytest
import structlog
from tornado.httputil import HTTPServerRequest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.clients import RATE_SECONDS, UNNAMED_SHARE, Budget, Clients, Holding, Lease, Rate
from audiocast.web.http.errors import ApiError
from tests.unit.web.http_request import request

TOKEN = "an-api-token"
MAX_CLIENTS = 10
BUDGET = 3


class Table:
    """A table of clients, on a clock that is turned by hand."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.now = 1000.0
        budgets: dict[Budget, int] = dict.fromkeys((*Holding, *Rate), budget)
        self.clients = Clients(
            budgets,
            trusted_proxies=TrustedProxies([ipaddress.ip_network("10.0.0.0/8")]),
            api_tokens=[TOKEN],
            now=lambda: self.now,
            max_clients=MAX_CLIENTS,
        )

    def acquire(self, peer: str, count: int = 1, kind: Holding = Holding.LISTENERS) -> list[Lease]:
        return [self.clients.acquire(request(peer=peer), kind) for _ in range(count)]

    def charge(self, peer: str, count: int = 1, kind: Rate = Rate.STARTS) -> int:
        """Charge until it is refused; give how often it was not."""
        for number in range(count):
            try:
                self.clients.charge(request(peer=peer), kind)
            except ApiError:
                return number
        return count


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize("kind", Holding)
def test_a_client_has_so_many_and_then_no_more(table: Table, kind: Holding) -> None:
    first, *_ = table.acquire("192.0.2.1", BUDGET, kind)
    with pytest.raises(ApiError) as refused:
        table.acquire("192.0.2.1", kind=kind)
    assert (refused.value.status, refused.value.code) == (429, "client_limit")
    assert refused.value.headers == {"Retry-After": "5"}
    assert refused.value.message.startswith(f"expected at most {BUDGET} ")
    assert "192.0.2.1" not in refused.value.message
    assert table.clients.refused[kind] == sum(table.clients.refused.values()) == 1
    first.release()
    table.acquire("192.0.2.1", kind=kind)


def test_kinds_and_clients_are_apart(table: Table) -> None:
    for kind in Holding:
        for peer in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
            table.acquire(peer, BUDGET, kind)
    assert sum(table.clients.refused.values()) == 0


def test_a_lease_is_given_back_once(table: Table) -> None:
    first, *_ = table.acquire("192.0.2.1", BUDGET)
    first.release()
    first.release()
    table.acquire("192.0.2.1")
    with pytest.raises(ApiError):
        table.acquire("192.0.2.1")


def test_a_lease_ends_with_its_block(table: Table) -> None:
    for _ in range(2 * BUDGET):
        with pytest.raises(ZeroDivisionError), table.acquire("192.0.2.1")[0]:
            1 / 0  # noqa: B018
    assert sum(table.clients.refused.values()) == 0


@pytest.mark.parametrize("kind", Rate)
def test_a_client_does_so_much_in_a_minute(table: Table, kind: Rate) -> None:
    assert table.charge("192.0.2.1", 100, kind) == BUDGET
    assert table.charge("192.0.2.2", 1, kind) == 1
    table.now += RATE_SECONDS / BUDGET
    assert table.charge("192.0.2.1", 100, kind) == 1
    table.now += RATE_SECONDS
    assert table.charge("192.0.2.1", 100, kind) == BUDGET
    assert table.clients.refused[kind] == 3


def test_what_is_refunded_was_never_done(table: Table) -> None:
    for _ in range(10 * BUDGET):
        assert table.charge("192.0.2.1") == 1
        table.clients.refund(request(peer="192.0.2.1"), Rate.STARTS)
    assert table.charge("192.0.2.1", 100) == BUDGET


def test_zero_is_no_bound() -> None:
    table = Table(budget=0)
    table.acquire("192.0.2.1", 1000)
    assert table.charge("192.0.2.1", 1000) == 1000
    assert len(table.clients) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:0:1f00::1", "2001:db8:0:1fff:ffff::9", True),
        ("2001:db8:0:1f00::1", "2001:db8:0:2000::1", False),
    ],
)
def test_a_client_is_an_address_or_what_a_subscriber_has(
    table: Table, one: str, other: str, same: bool
) -> None:
    identify = table.clients.identify
    assert (identify(request(peer=one)) == identify(request(peer=other))) is same


def test_a_proxy_speaks_for_its_clients(table: Table) -> None:
    behind = request(peer="10.0.0.1", X_Forwarded_For="203.0.113.5, 192.0.2.1")
    assert table.clients.identify(behind) == table.clients.identify(request(peer="192.0.2.1"))


def test_a_proxy_that_names_nobody_has_no_budgets_and_is_told_of_once(table: Table) -> None:
    with structlog.testing.capture_logs() as events:
        table.acquire("10.0.0.1", 100)
        assert table.charge("10.0.0.2", 100) == 100
        table.acquire("192.0.2.1")
    assert len(table.clients) == 1
    (event,) = events
    assert (event["event"], event["proxy"]) == ("proxy_names_no_client", "10.0.0.1")
    assert "X-Forwarded-For" in event["hint"]


@pytest.mark.parametrize("forwarded_for", ["", "192.0.2.1"])
def test_a_request_with_a_token_has_no_budgets(table: Table, forwarded_for: str) -> None:
    for peer in ("192.0.2.1", "10.0.0.1"):
        one = request(peer=peer, Authorization=f"Bearer {TOKEN}", X_Forwarded_For=forwarded_for)
        for _ in range(100):
            table.clients.charge(one, Rate.STARTS)
            table.clients.acquire(one, Holding.SOURCES)
    other = request(peer="192.0.2.1", Authorization="Bearer another")
    assert table.clients.identify(other) != b""


def test_a_member_has_no_budgets(table: Table) -> None:
    for _ in range(100):
        table.clients.acquire(None, Holding.HLS_MUXERS)
        table.clients.charge(None, Rate.UNKNOWN_IDS)
    assert len(table.clients) == 0


class TestTheTable:
    def peers(self, count: int, first: int = 0) -> Sequence[HTTPServerRequest]:
        return [request(peer=f"198.51.{each // 250}.{each % 250}") for each in range(first, first + count)]

    def test_it_never_grows_beyond_its_bound(self, table: Table) -> None:
        for each in self.peers(1000):
            table.clients.charge(each, Rate.STARTS)
            assert len(table.clients) <= MAX_CLIENTS

    def test_those_who_asked_longest_ago_go_first(self, table: Table) -> None:
        table.charge("192.0.2.1", BUDGET)
        for each in self.peers(MAX_CLIENTS - 1):
            table.clients.charge(each, Rate.STARTS)
        # It asks again, in vain, and so another one is the oldest.
        assert table.charge("192.0.2.1") == 0
        for each in self.peers(MAX_CLIENTS - 1, first=500):
            table.clients.charge(each, Rate.STARTS)
        assert table.charge("192.0.2.1") == 0
        for each in self.peers(MAX_CLIENTS, first=500):
            table.clients.charge(each, Rate.STARTS)
        assert table.charge("192.0.2.1") == 1

    def test_those_who_have_something_stay(self, table: Table) -> None:
        table.acquire("192.0.2.1", BUDGET)
        for each in self.peers(1000):
            table.clients.charge(each, Rate.STARTS)
        with pytest.raises(ApiError):
            table.acquire("192.0.2.1")

    def test_when_all_have_something_a_new_one_is_served_without_an_entry(self, table: Table) -> None:
        leases = [table.clients.acquire(each, Holding.LISTENERS) for each in self.peers(MAX_CLIENTS)]
        assert table.charge("192.0.2.1", 100) == 100
        table.acquire("192.0.2.1", 100)
        assert len(table.clients) == MAX_CLIENTS
        leases[0].release()
        assert table.charge("192.0.2.1", 100) == BUDGET
        assert len(table.clients) == MAX_CLIENTS


def test_whom_no_proxy_names_shares_a_budget_for_each_stream(table: Table) -> None:
    def tries(peer: str, stream_id: str) -> int:
        for number in range(10 * UNNAMED_SHARE * BUDGET):
            try:
                table.clients.charge(request(peer=peer), Rate.WRONG_PASSWORDS, stream_id=stream_id)
            except ApiError:
                return number
        return -1

    assert tries("10.0.0.1", "news") == UNNAMED_SHARE * BUDGET
    # Through another proxy it is the same stream; another stream is none of it, nor is who is named.
    assert tries("10.0.0.2", "news") == 0
    assert tries("10.0.0.1", "late") == UNNAMED_SHARE * BUDGET
    assert tries("192.0.2.1", "news") == BUDGET
    assert tries("192.0.2.1", "late") == 0
    # Who had the right one has tried nothing.
    table.clients.refund(request(peer="10.0.0.1"), Rate.WRONG_PASSWORDS, stream_id="news")
    assert tries("10.0.0.3", "news") == 1
    table.now += RATE_SECONDS
    assert tries("10.0.0.1", "news") == UNNAMED_SHARE * BUDGET
    # All else is not counted there.
    assert table.charge("10.0.0.1", 100, Rate.WRONG_PASSWORDS) == 100
