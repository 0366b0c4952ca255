"""The text of rules for who may come: read whole, or refused with the numbers of its lines."""

import asyncio
import ipaddress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from audiocast.access_rules_file import (
    MAX_BYTES,
    MAX_GLOBS,
    MAX_RULES,
    AccessRulesFile,
    BadAccessRules,
    parse_access_rules,
)
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.bans.access_rules import Visitor
from audiocast.web.http.bans.bans import Bans

TEXT = b"""\xef\xbb\xbf# who may not

allow address 192.0.2.17
  deny   address  192.0.2.0/24
deny address 2001:db8::/32
deny agent *BadBot*
deny referrer *://evil.example/*
deny agent Two Words
"""


def allows(text: bytes, address: str = "198.51.100.1", agent: str = "", referrer: str = "") -> bool:
    return parse_access_rules(text).allows(Visitor(ipaddress.ip_address(address), agent, referrer))


def test_each_line_is_a_rule() -> None:
    assert len(parse_access_rules(TEXT)) == 6
    assert allows(TEXT, "192.0.2.17")
    assert not allows(TEXT, "192.0.2.18")
    assert not allows(TEXT, "2001:db8::5")
    assert not allows(TEXT, agent="Mozilla/5.0 (compatible; badbot/2)")
    assert not allows(TEXT, referrer="HTTPS://EVIL.example/page")
    assert not allows(TEXT, agent="two words")
    assert allows(TEXT, agent="two words more", referrer="https://good.example/evil.example/")
    assert len(parse_access_rules(b"")) == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"# one\nban address 1.2.3.4\n", "line 2: expected allow or deny; address, agent or referrer"),
        (b"deny address\n", "line 1: expected allow or deny"),
        (b"deny host example.org\n", "line 1: expected allow or deny.*got 'deny host example.org'"),
        (b"deny address 192.0.2.1/24\n", "line 1: expected an address or a network .* got '192.0.2.1/24'"),
        (b"deny address example.org\n\ndeny address 1\n", r"line 1: .*; line 3: expected an address"),
        (b"deny agent " + b"x" * 201, "line 1: expected at most 200 characters, got 201"),
        (b"x\n" * 9, r"line 5: .*; and 4 more$"),
        (b"deny agent x\n" * (MAX_GLOBS + 1), f"{MAX_GLOBS} of them for agents"),
        (b"deny address ::1\n" * (MAX_RULES + 1), f"at most {MAX_RULES} rules"),
        (b"#" * (MAX_BYTES + 1), f"at most {MAX_BYTES} bytes"),
    ],
)
def test_what_is_no_list_of_rules_is_refused_whole(text: bytes, why: str) -> None:
    with pytest.raises(BadAccessRules, match=why):
        parse_access_rules(text)


async def test_the_last_good_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "access.rules"
    path.write_bytes(b"deny agent bad\n")
    bans, metrics = Bans(TrustedProxies(()), is_on=True), CollectorRegistry()
    file = AccessRulesFile(path, bans, metrics)
    await file.start()
    assert (file.count, file.is_refused) == (1, False)
    path.write_bytes(b"deny agent bad\nnonsense\n")
    async with asyncio.timeout(20):
        while not file.is_refused:
            await asyncio.sleep(0.05)
    assert metrics.get_sample_value("audiocast_access_rules_refused") == 1
    assert metrics.get_sample_value("audiocast_access_rules") == 1
    path.unlink()
    await file.look()
    assert (file.count, file.is_refused) == (1, True)
    path.write_bytes(b"")
    await file.look()
    assert (file.count, file.is_refused) == (0, False)
    file.stop()
