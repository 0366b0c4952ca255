"""Rules find the same as one look at each of them after the other would."""

import fnmatch
import ipaddress
import time

from hypothesis import given
from hypothesis import strategies as st

from audiocast.web.http.bans.access_rules import AccessRule, AccessRules, Quality, Visitor

ADDRESSES = st.one_of(
    st.integers(0, 15).map(lambda low: ipaddress.ip_address(0xC0000200 + low)),
    st.integers(0, 15).map(lambda low: ipaddress.ip_address((0x20010DB8 << 96) + low)),
)
NAMES = st.text("aA.*", max_size=5)


@st.composite
def networks(draw: st.DrawFn) -> AccessRule:
    address = draw(ADDRESSES)
    length = draw(st.integers(0, 5).map(lambda bits: address.max_prefixlen - bits)) * draw(
        st.sampled_from([1, 1, 1, 0])
    )
    network = ipaddress.ip_network((address, length), strict=False)
    return AccessRule(draw(st.booleans()), Quality.ADDRESS, network)


GLOBS = st.builds(
    AccessRule,
    st.booleans(),
    st.sampled_from([Quality.AGENT, Quality.REFERRER]),
    st.none(),
    st.text("aA.*?", min_size=1, max_size=4),
)


def allowed(rules: list[AccessRule], visitor: Visitor) -> bool:
    for rule in rules:
        if rule.network is not None:
            fits = visitor.address is not None and visitor.address in rule.network
        else:
            name = visitor.agent if rule.quality is Quality.AGENT else visitor.referrer
            fits = fnmatch.fnmatchcase(name.lower(), rule.pattern.lower())
        if fits:
            return rule.allows
    return True


@given(
    st.lists(st.one_of(networks(), GLOBS), max_size=12),
    st.builds(Visitor, st.one_of(st.none(), ADDRESSES), NAMES, NAMES),
)
def test_the_first_rule_that_fits_counts(rules: list[AccessRule], visitor: Visitor) -> None:
    assert AccessRules(rules).allows(visitor) is allowed(rules, visitor)


def test_ten_thousand_networks_cost_a_request_little() -> None:
    rules = AccessRules(
        [
            AccessRule(False, Quality.ADDRESS, ipaddress.ip_network((0x0A000000 + (each << 8), 24)))
            for each in range(10_000)
        ]
    )
    visitor = Visitor(ipaddress.ip_address("198.51.100.1"), "mpv", "")
    began = time.process_time()
    for _ in range(10_000):
        assert rules.allows(visitor)
    # One look at each rule would take minutes.
    assert time.process_time() - began < 2


def test_no_name_makes_a_pattern_slow() -> None:
    rules = AccessRules([AccessRule(False, Quality.AGENT, pattern="*a" * 60 + "b")])
    began = time.process_time()
    assert rules.allows(Visitor(None, "a" * 100_000, ""))
    assert time.process_time() - began < 1
