"""The address for devices nearby: the one that a phone on the same table most likely reaches."""

import ipaddress

import pytest

from audiocast.web.http.addresses.local_network import InterfaceAddress, LocalNetwork, choose, is_loopback


def addresses(*pairs: tuple[str, str]) -> list[InterfaceAddress]:
    return [InterfaceAddress(name, ipaddress.ip_address(address)) for name, address in pairs]


WLAN = ("wlan0", "192.168.1.20")


@pytest.mark.parametrize(
    ("pairs", "host"),
    [
        ([], None),
        ([("lo", "127.0.0.1"), ("lo", "::1")], None),
        ([("docker0", "172.17.0.1"), ("br-1f2e", "172.18.0.1"), ("virbr0", "192.168.122.1")], None),
        ([("docker0", "172.17.0.1"), WLAN], "192.168.1.20"),
        ([("eth0", "203.0.114.9"), WLAN], "192.168.1.20"),
        ([("tun0", "10.8.0.2"), WLAN], "192.168.1.20"),
        ([("tun0", "10.8.0.2")], "10.8.0.2"),
        ([("eth0", "10.0.0.5"), WLAN], "10.0.0.5"),
        ([("wlan0", "2001:db8::5"), WLAN], "192.168.1.20"),
        ([("wlan0", "fe80::5"), ("wlan0", "fd00::5")], "[fd00::5]"),
        ([("eth0", "169.254.7.7")], None),
    ],
)
def test_the_nearest_network_is_chosen(pairs: list[tuple[str, str]], host: str | None) -> None:
    assert choose(addresses(*pairs)) == host


@pytest.mark.parametrize(
    ("listens_on", "host"), [("", WLAN[1]), ("0.0.0.0", WLAN[1]), ("127.0.0.1", None), ("192.168.1.20", None)]
)
def test_a_server_that_listens_on_one_address_has_no_other(listens_on: str, host: str | None) -> None:
    assert LocalNetwork(listens_on, lambda: addresses(WLAN)).host() == host


def test_the_system_is_not_asked_with_each_request() -> None:
    asked: list[int] = []

    def list_addresses() -> list[InterfaceAddress]:
        asked.append(1)
        return addresses(WLAN)

    network = LocalNetwork("", list_addresses)
    assert [network.host() for _ in range(100)] == [WLAN[1]] * 100
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("radio.localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("127.9.9.9", True),
        ("[::1]:8000", True),
        ("localhost.example:8000", False),
        ("192.168.1.20:8000", False),
        ("[fd00::1]:8000", False),
        ("radio.example", False),
    ],
)
def test_which_hosts_are_this_computer_to_whoever_asks(host: str, is_so: bool) -> None:
    assert is_loopback(host) == is_so
