"""Bans: who is refused, and what is ended when rules change."""

import ipaddress
from functools import partial

import pytest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.bans.access_rules import AccessRule, AccessRules, Quality
from audiocast.web.http.bans.bans import MIN_SWEPT, Bans
from audiocast.web.http.errors import ApiError
from tests.unit.web.http_request import request

PROXIES = TrustedProxies([ipaddress.ip_network("127.0.0.0/8")])
DENY = AccessRules([AccessRule(False, Quality.ADDRESS, ipaddress.ip_network("192.0.2.0/24"))])


def is_refused(bans: Bans, peer: str, **headers: str) -> bool:
    refused = bans.refused
    try:
        bans.check(request(peer=peer, **headers))
    except ApiError:
        assert bans.refused == refused + 1
        return True
    return False


def test_a_refusal_says_no_more_than_it_must() -> None:
    bans = Bans(PROXIES, is_on=True)
    bans.use(DENY)
    with pytest.raises(ApiError, match=r"^this address, program or page may not use this server$") as refusal:
        bans.check(request(peer="192.0.2.1"))
    assert (refusal.value.status, refusal.value.code) == (403, "banned")


def test_the_client_counts_and_not_the_proxy() -> None:
    bans = Bans(PROXIES, is_on=True)
    bans.use(DENY)
    assert is_refused(bans, "192.0.2.1")
    assert is_refused(bans, "127.0.0.1", X_Forwarded_For="192.0.2.1")
    # Who is no proxy says nothing of others.
    assert not is_refused(bans, "198.51.100.1", X_Forwarded_For="192.0.2.1")
    assert not is_refused(bans, "127.0.0.1", X_Forwarded_For="192.0.2.1, 198.51.100.1")
    assert not is_refused(bans, "127.0.0.1")
    assert bans.refused == 2


def test_a_new_rule_ends_what_it_denies_and_nothing_else() -> None:
    bans = Bans(PROXIES, is_on=True)
    ended: list[str] = []
    for name, peer in (("a", "192.0.2.1"), ("b", "198.51.100.1"), ("closed", "192.0.2.2")):
        bans.watch(
            request(peer=peer), is_open=partial(name.__ne__, "closed"), end=partial(ended.append, name)
        )
    bans.use(DENY)
    assert (ended, bans.ended) == (["a"], 1)
    bans.use(AccessRules())
    bans.use(DENY)
    assert ended == ["a"]


@pytest.mark.parametrize("is_on", [True, False])
def test_what_is_closed_is_not_kept(is_on: bool) -> None:
    bans = Bans(PROXIES, is_on=is_on)
    for _ in range(10 * MIN_SWEPT):
        bans.watch(request(peer="192.0.2.1"), is_open=lambda: False, end=lambda: None)
    assert len(bans._visits) <= (MIN_SWEPT if is_on else 0)
