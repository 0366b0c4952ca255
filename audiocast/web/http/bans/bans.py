"""Asked about each request of the public port; what is open when a new rule denies it is ended then.

Nothing is kept, and nothing asked, where there are no rules.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tornado.httputil import HTTPServerRequest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies, parse_address
from audiocast.web.http.bans.access_rules import AccessRules, Visitor
from audiocast.web.http.errors import ApiError

# The code of a request that a rule denies. Such requests are counted, and not logged one by one.
BANNED = "banned"
MESSAGE = "this address, program or page may not use this server"

# What has closed by itself is swept out when there is twice as much as after the last sweep.
MIN_SWEPT = 64


@dataclass(frozen=True, eq=False, slots=True)
class OpenVisit:
    """A connection that goes on.

    Attributes:
        visitor: Whose it is.
        is_open: Returns whether it still goes on.
        end: Ends it.
    """

    visitor: Visitor
    is_open: Callable[[], bool]
    end: Callable[[], None]


class Bans:
    """The rules of this process, and what is open under them.

    Args:
        trusted_proxies: Whose `X-Forwarded-For` is believed.
        is_on: Rules may come; without it, nothing that is open is kept.

    Attributes:
        refused: Requests that a rule has denied so far.
        ended: Open connections that a new rule has ended so far.
    """

    def __init__(self, trusted_proxies: TrustedProxies, *, is_on: bool = False) -> None:
        self._trusted_proxies = trusted_proxies
        self._is_on = is_on
        self._rules = AccessRules()
        self._visits: set[OpenVisit] = set()
        self._sweep_at = MIN_SWEPT
        self.refused = 0
        self.ended = 0

    def use(self, rules: AccessRules) -> None:
        """Hold to rules from now on, and end what they deny."""
        self._rules = rules
        self._sweep()
        denied = [visit for visit in self._visits if not rules.allows(visit.visitor)]
        for visit in denied:
            self._visits.discard(visit)
            self.ended += 1
            visit.end()

    def check(self, request: HTTPServerRequest) -> None:
        """Check that a request is allowed.

        Raises:
            ApiError: 403.
        """
        if len(self._rules) and not self._rules.allows(self._visitor(request)):
            self.refused += 1
            raise ApiError(403, BANNED, MESSAGE)

    def watch(
        self, request: HTTPServerRequest, *, is_open: Callable[[], bool], end: Callable[[], None]
    ) -> None:
        """End what a request has opened when a rule denies it.

        Args:
            request: It was checked.
            is_open: Returns whether it still goes on.
            end: Ends it; called once at the most, and not from here.
        """
        if not self._is_on:
            return
        if len(self._visits) >= self._sweep_at:
            self._sweep()
        self._visits.add(OpenVisit(self._visitor(request), is_open, end))

    def _visitor(self, request: HTTPServerRequest) -> Visitor:
        headers = request.headers
        peer = parse_address(request.remote_ip or "")
        address = self._trusted_proxies.client_of(peer, headers.get("X-Forwarded-For", ""))
        return Visitor(address, headers.get("User-Agent", ""), headers.get("Referer", ""))

    def _sweep(self) -> None:
        self._visits = {visit for visit in self._visits if visit.is_open()}
        self._sweep_at = max(MIN_SWEPT, 2 * len(self._visits))
