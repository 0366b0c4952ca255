"""Whom the chart's pods believe, and what their links are made of."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from audiocast.settings import Settings
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.urls import Urls
from audiocast_operator.manifests.pod import FORWARDING
from tests.helm.chart import Chart
from tests.helm.test_values import env_of
from tests.unit.web.http_request import request

FORGED = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
SECURE = {"secretName": "live-tls", "hosts": ["live.example.org"]}
GATEWAY = {"name": "public", "namespace": "gateways"}


def ingress(*hosts: str, **more: Any) -> dict[str, Any]:
    return {"ingress": {"enabled": True, "hosts": list(hosts), **more}}


def route(*hosts: str, **parent: Any) -> dict[str, Any]:
    return {"httpRoute": {"enabled": True, "hostnames": list(hosts), "parentRefs": [GATEWAY | parent]}}


@pytest.mark.parametrize(
    ("values", "links"),
    [
        ({}, ("", "")),
        (ingress("live.example.org"), ("", "live.example.org")),
        (ingress("live.example.org", tls=[SECURE]), ("https", "live.example.org")),
        (ingress("live.example.org", "radio.example.org", tls=[SECURE]), ("https", "")),
        (ingress("*.example.org", tls=[SECURE]), ("https", "")),
        (ingress("live.example.org", tls=[SECURE], enabled=False), ("", "")),
        (route("live.example.org"), ("", "live.example.org")),
        (route("live.example.org", sectionName="https-live"), ("https", "live.example.org")),
        (route("live.example.org", port=443), ("https", "live.example.org")),
        (route("live.example.org", sectionName="http"), ("", "live.example.org")),
        (route(sectionName="https"), ("https", "")),
        # Two ways in: one name for both, and https only where it is for both.
        (
            ingress("live.example.org", tls=[SECURE]) | route("live.example.org", port=443),
            ("https", "live.example.org"),
        ),
        (ingress("live.example.org") | route("live.example.org", port=443), ("", "live.example.org")),
        (ingress("live.example.org", tls=[SECURE]) | route("radio.example.org", port=443), ("https", "")),
        # What is set is set.
        (
            ingress("live.example.org", tls=[SECURE])
            | {"settings": {"streamDomain": "radio.example.org:8443", "streamScheme": "http"}},
            ("http", "radio.example.org:8443"),
        ),
    ],
    ids=str,
)
def test_links_need_no_header_where_the_chart_knows_the_way_in(
    chart: Chart, values: dict[str, Any], links: tuple[str, str]
) -> None:
    environment = env_of(chart, values)
    assert (environment["STREAM_SCHEME"], environment["STREAM_DOMAIN"]) == links


def test_no_pod_decides_what_host_is_in_a_link(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = urls_of(env_of(chart), monkeypatch)
    assert urls.base(request(peer="10.1.2.3", **FORGED)) == "https://radio.example"
    # Where somebody wants it, the gateway may.
    trusting = env_of(chart, {"settings": {"trustForwardedHost": True}})
    assert urls_of(trusting, monkeypatch).base(request(peer="10.1.2.3", **FORGED)) == "https://evil.example"


@pytest.mark.parametrize(
    "gateway",
    ["127.0.0.1", "127.0.0.6", "::1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.1.2", "fd00::10"],
)
def test_gateways_say_who_listens_and_by_which_scheme(
    chart: Chart, gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = env_of(chart)
    assert urls_of(environment, monkeypatch).base(request(peer=gateway, **FORGED)).startswith("https://")
    client = proxies_of(environment).client_of(ip_address(gateway), "203.0.113.9")
    assert client == ip_address("203.0.113.9")


@pytest.mark.parametrize("stranger", ["203.0.113.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "128.0.0.1"])
def test_nobody_else_says_it(chart: Chart, stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = env_of(chart)
    assert urls_of(environment, monkeypatch).base(request(peer=stranger, **FORGED)) == "http://radio.example"
    assert proxies_of(environment).client_of(ip_address(stranger), "203.0.113.9") == ip_address(stranger)


def test_googles_load_balancer_adds_its_own_address_behind_the_clients(chart: Chart) -> None:
    """It writes "client, address of the load balancer", and comes from networks of its own."""
    networks = ["130.211.0.0/22", "35.191.0.0/16", "203.0.113.7/32"]
    proxies = proxies_of(env_of(chart, {"settings": {"trustedProxies": networks}}))
    client = proxies.client_of(ip_address("35.191.0.9"), "made.up, 198.51.100.4,203.0.113.7")
    assert client == ip_address("198.51.100.4")


def test_the_operators_pods_believe_the_same(chart: Chart) -> None:
    environment = env_of(chart)
    assert {name: environment[name] for name in FORWARDING} == FORWARDING


def proxies_of(environment: dict[str, str]) -> TrustedProxies:
    return TrustedProxies([ip_network(each) for each in environment["TRUSTED_PROXIES"].split(",")])


def urls_of(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Urls:
    """Give the URLs of a server with the forwarding settings of a pod."""
    for name in FORWARDING:
        monkeypatch.setenv(name, environment[name])
    settings = Settings.from_arguments([])
    return Urls(
        domain=environment["STREAM_DOMAIN"],
        scheme=environment["STREAM_SCHEME"],
        trusted_proxies=TrustedProxies(settings.trusted_proxies),
        trust_forwarded_host=settings.trust_forwarded_host,
    )
