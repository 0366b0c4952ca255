"""Rules that allow or deny, of which the first that fits a request counts. Who fits none is allowed.

Addresses are found by their networks' lengths, so that ten thousand networks cost a request no more than
forty look-ups. What a program or a page is called is compared with one pattern after the other, once for each
name.
"""

import fnmatch
import functools
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from audiocast.web.http.addresses.trusted_proxies import IPAddress, IPNetwork

# Of an agent or a referrer; what is behind it no rule sees.
MAX_CHARACTERS = 500

# How many names of each kind are remembered, with what was found for them.
REMEMBERED_NAMES = 4_096

_NONE = 1 << 30


class Quality(StrEnum):
    """What a rule is about."""

    ADDRESS = "address"
    AGENT = "agent"
    REFERRER = "referrer"


class Visitor(NamedTuple):
    """What rules look at.

    Attributes:
        address: The client's; None: a trusted proxy does not tell it, and no rule for addresses fits.
        agent, referrer: The headers; empty where there is none.
    """

    address: IPAddress | None
    agent: str
    referrer: str


class AccessRule(NamedTuple):
    """One rule.

    Attributes:
        allows: Else it denies.
        quality: What it is about.
        network: Of a rule for addresses.
        pattern: Of one for agents or referrers: a glob, whose letters fit in either case.
    """

    allows: bool
    quality: Quality
    network: IPNetwork | None = None
    pattern: str = ""


class AccessRules:
    """Rules in their order.

    Args:
        rules: The first that fits counts.
    """

    def __init__(self, rules: Sequence[AccessRule] = ()) -> None:
        self._allows = [rule.allows for rule in rules]
        # By version and length of the prefix: its bits, and the first rule for it.
        self._networks: dict[int, dict[int, dict[int, int]]] = {4: {}, 6: {}}
        for place, rule in enumerate(rules):
            if rule.network is not None:
                lengths = self._networks[rule.network.version]
                bits = int(rule.network.network_address) >> _host_bits(rule.network)
                lengths.setdefault(rule.network.prefixlen, {}).setdefault(bits, place)
        self._agent = _finder(rules, Quality.AGENT)
        self._referrer = _finder(rules, Quality.REFERRER)

    def __len__(self) -> int:
        return len(self._allows)

    def allows(self, visitor: Visitor) -> bool:
        """Return whether a visitor may come."""
        if not self._allows:
            return True
        first = min(
            self._first_network(visitor.address) if visitor.address is not None else _NONE,
            self._agent(visitor.agent[:MAX_CHARACTERS]),
            self._referrer(visitor.referrer[:MAX_CHARACTERS]),
        )
        return first == _NONE or self._allows[first]

    def _first_network(self, address: IPAddress) -> int:
        number, width = int(address), address.max_prefixlen
        return min(
            (
                places.get(number >> (width - length), _NONE)
                for length, places in self._networks[address.version].items()
            ),
            default=_NONE,
        )


def _host_bits(network: IPNetwork) -> int:
    return network.max_prefixlen - network.prefixlen


class _Finder:
    """Finds the first rule whose pattern fits a name."""

    def __init__(self, patterns: Iterable[tuple[int, str]]) -> None:
        # `translate` makes patterns that never go back: no name costs more than its length.
        self._patterns = [
            (place, re.compile(fnmatch.translate(pattern.lower())).match) for place, pattern in patterns
        ]
        self.find = functools.lru_cache(REMEMBERED_NAMES)(self._find)

    def _find(self, name: str) -> int:
        lower = name.lower()
        return next((place for place, fits in self._patterns if fits(lower)), _NONE)


def _finder(rules: Sequence[AccessRule], quality: Quality) -> "functools._lru_cache_wrapper[int]":
    patterns = [(place, rule.pattern) for place, rule in enumerate(rules) if rule.quality is quality]
    return _Finder(patterns).find
