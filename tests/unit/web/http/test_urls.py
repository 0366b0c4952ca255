"""URLs: right for whoever asked, and never made of what a stranger says in a header."""

import ipaddress

import pytest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.urls import Urls
from tests.unit.web.http_request import request

PROXY = "10.0.0.9"
FORWARDED = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "listen.example"}


def urls(
    domain: str = "", scheme: str = "", trust_forwarded_host: bool = True, https_redirect_port: int = 0
) -> Urls:
    return Urls(
        domain=domain,
        scheme=scheme,
        trusted_proxies=TrustedProxies([ipaddress.ip_network("10.0.0.0/8")]),
        trust_forwarded_host=trust_forwarded_host,
        https_redirect_port=https_redirect_port,
    )


@pytest.mark.parametrize(
    "host",
    [
        "radio.example",
        "radio.example:8000",
        "192.0.2.1",
        "[2001:db8::1]:8000",
        "my_radio:8000",
        "a" * 250 + ":8000",
    ],
)
def test_the_address_that_was_asked_is_the_address_of_the_links(host: str) -> None:
    assert urls().base(request(host=host)) == f"http://{host}"


@pytest.mark.parametrize("field", ["host", "X_Forwarded_Host"])
def test_a_host_that_is_too_long_is_nobodys(field: str) -> None:
    asked = {"host": "radio.example", field: "a" * 256}
    expected = "http://localhost" if field == "host" else "http://radio.example"
    assert urls().base(request(peer=PROXY, **asked)) == expected


def test_only_links_on_a_domain_that_was_set_are_the_same_for_everybody() -> None:
    assert (urls().cache_scope, urls("stream.example").cache_scope) == ("private", "public")


def test_the_scheme_of_the_connection_is_that_of_the_links() -> None:
    assert urls().base(request(protocol="https")) == "https://radio.example"


def test_a_domain_that_was_set_wins_over_everything() -> None:
    got = urls("stream.example:8443").base(request(peer=PROXY, **FORWARDED))
    assert got == "https://stream.example:8443"


def test_a_scheme_that_was_set_wins_over_everything() -> None:
    assert urls(scheme="http").base(request(peer=PROXY, protocol="https", **FORWARDED)).startswith("http://")


def test_a_trusted_proxy_says_what_it_was_asked() -> None:
    assert urls().base(request(peer=PROXY, **FORWARDED)) == "https://listen.example"


def test_a_proxy_may_be_believed_in_all_but_the_host() -> None:
    believing = urls(trust_forwarded_host=False)
    assert believing.base(request(peer=PROXY, **FORWARDED)) == "https://radio.example"


def test_an_ipv4_proxy_on_an_ipv6_socket_is_the_same_proxy() -> None:
    assert urls().base(request(peer=f"::ffff:{PROXY}", **FORWARDED)) == "https://listen.example"


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::7", "fe80::1%eth0", "", "no address"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert urls().base(request(peer=peer, **FORWARDED)) == "http://radio.example"


def test_a_zone_in_an_address_is_no_obstacle() -> None:
    trusting = Urls(domain="", scheme="", trusted_proxies=TrustedProxies([ipaddress.ip_network("fe80::/10")]))
    assert trusting.base(request(peer="fe80::1%eth0", **FORWARDED)) == "https://listen.example"


def test_of_several_proxies_the_first_one_counts() -> None:
    several = {"X_Forwarded_Proto": "HTTPS, http", "X_Forwarded_Host": "listen.example, inner.example"}
    assert urls().base(request(peer=PROXY, **several)) == "https://listen.example"


@pytest.mark.parametrize("proto", ["ftp", "", "javascript"])
def test_an_odd_scheme_is_left_alone(proto: str) -> None:
    assert urls().base(request(peer=PROXY, X_Forwarded_Proto=proto)) == "http://radio.example"


@pytest.mark.parametrize("host", ['evil.example"><script>', "a b", "a/b", "user@evil.example", "a:port", ""])
def test_a_host_that_could_break_out_of_a_link_is_left_alone(host: str) -> None:
    assert urls().base(request(peer=PROXY, X_Forwarded_Host=host)) == "http://radio.example"


@pytest.mark.parametrize("host", ["a'b", "a&b", "(a)", "[.]", "[1.2.3.4]", "[:::]:80"])
def test_without_any_good_host_there_is_still_a_link(host: str) -> None:
    """Tornado lets these through, RFC 3986 section 3.2.2 allows them."""
    assert urls().base(request(host=host)) == "http://localhost"


@pytest.mark.parametrize(
    ("port", "host", "expected"),
    [
        (443, "radio.example", "https://radio.example/a?b=%20"),
        (443, "radio.example:8000", "https://radio.example/a?b=%20"),
        (8443, "radio.example:8000", "https://radio.example:8443/a?b=%20"),
        (8443, "[2001:db8::1]:8000", "https://[2001:db8::1]:8443/a?b=%20"),
        (8443, "[2001:db8::1]", "https://[2001:db8::1]:8443/a?b=%20"),
    ],
)
def test_plain_requests_are_led_to_the_same_place(port: int, host: str, expected: str) -> None:
    asked = request("/a?b=%20", host=host)
    assert urls(https_redirect_port=port).https_url(asked) == expected


def test_a_domain_that_was_set_has_its_own_port() -> None:
    got = urls("radio.example:9443", https_redirect_port=443).https_url(request())
    assert got == "https://radio.example:9443/"


def test_nobody_is_led_from_https_or_without_the_setting() -> None:
    leading = urls(https_redirect_port=443)
    assert leading.https_url(request(protocol="https")) is None
    assert leading.https_url(request(peer=PROXY, **FORWARDED)) is None
    assert urls().https_url(request()) is None
    # A stranger cannot say that it is HTTPS.
    assert leading.https_url(request(X_Forwarded_Proto="https")) == "https://radio.example/"


def test_links_that_are_always_https_do_not_make_a_request_so() -> None:
    assert urls(scheme="https", https_redirect_port=443).https_url(request()) == "https://radio.example/"


def test_what_is_no_path_is_led_nowhere() -> None:
    assert urls(https_redirect_port=443).https_url(request("*", method="OPTIONS")) is None
