"""Whom a request comes from: read from right to left, and only as far as proxies are trusted."""

import ipaddress

import pytest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies, parse_address

PROXIES = TrustedProxies([ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:5678", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ('"[2001:db8::1]:80"', "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_found_however_it_is_written(text: str, address: str) -> None:
    assert parse_address(text) == ipaddress.ip_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "_hidden",
        "1.2.3",
        "1.2.3.4.5",
        "[",
        "[]:80",
        "example.org:80",
        "::1::1",
        "1" * 5000,
        "٣.٣.٣.٣",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        # A stranger is who it is, whatever it says.
        ("192.0.2.9", "", "192.0.2.9"),
        ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
        # A proxy's last word counts.
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "unknown, 198.51.100.1:4711", "198.51.100.1"),
        # Behind several proxies, the nearest that is none.
        ("10.0.0.1", "203.0.113.5, 198.51.100.1, 10.2.3.4, fd00::1", "198.51.100.1"),
        # Nobody is named, or by somebody who is not believed.
        ("10.0.0.1", "", None),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", None),
        ("10.0.0.1", "203.0.113.5, unknown", None),
        ("10.0.0.1", "203.0.113.5, unknown, 10.0.0.2", None),
        # A list that no row of proxies makes.
        ("10.0.0.1", "203.0.113.5" + ", 10.0.0.2" * 16, None),
        ("10.0.0.1", "203.0.113.5" + ", 10.0.0.2" * 15, "203.0.113.5"),
    ],
)
def test_the_client_is_the_nearest_one_that_is_no_proxy(
    peer: str, forwarded_for: str, client: str | None
) -> None:
    found = PROXIES.client_of(ipaddress.ip_address(peer), forwarded_for)
    assert found == (ipaddress.ip_address(client) if client else None)


def test_a_peer_without_an_address_is_nobody() -> None:
    assert PROXIES.client_of(None, "198.51.100.1") is None
    assert not PROXIES.has(None)
