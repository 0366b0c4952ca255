"""Which addresses webhooks may go to, in every form that an address has."""

import pytest

from audiocast.webhooks.addresses import AddressRules

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8"]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "192.88.99.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert AddressRules().allows("hooks.example", address)


@pytest.mark.parametrize("address", PRIVATE)
def test_any_other_is_refused(address: str) -> None:
    assert not AddressRules().allows("hooks.example", address)


def test_a_network_that_is_named_is_allowed_in_all_its_forms_and_no_other() -> None:
    rules = AddressRules.parse(["10.1.2.0/24", "fd00:1::/64", "127.0.0.1"])
    allowed = ["10.1.2.9", "::ffff:10.1.2.9", "64:ff9b::10.1.2.9", "fd00:1::5", "127.0.0.1"]
    assert [rules.allows("any", address) for address in allowed] == [True] * 5
    refused = ["10.1.3.9", "fd00:2::5", "127.0.0.2", "169.254.169.254", "::1"]
    assert [rules.allows("any", address) for address in refused] == [False] * 5


def test_a_name_that_is_named_may_have_any_address_and_no_name_like_it_may() -> None:
    rules = AddressRules.parse(["Hooks.Local"])
    assert rules.allows("hooks.local", "10.0.0.1")
    assert rules.allows("HOOKS.LOCAL.", "127.0.0.1")
    assert not rules.allows("hooks.local.example", "10.0.0.1")
    assert not rules.allows("x.hooks.local", "10.0.0.1")


@pytest.mark.parametrize("entry", ["", "10.0.0.0/33", "10.0.0.1/8", "1.2.3", "a b", "http://x", "x_:1", "*"])
def test_what_is_neither_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="expected networks or names"):
        AddressRules.parse([entry])
