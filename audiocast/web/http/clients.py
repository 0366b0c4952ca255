"""Clients and their budgets: who asks, and how much each may have. One table, bounded and in memory.

A client is an address (of IPv6 the /56 that one subscriber gets), behind a trusted proxy the one that it
forwards for. A trusted proxy that names nobody is no client itself: its requests are not budgeted, else one
careless setting of a proxy would shut everybody out. Nor are requests with an API token. Only who tries codes
of a stream has a budget all the same: one that all whom no proxy names share.

What a client has is counted when it opens and when it ends, and costs nothing in between. The work for a
request does not depend on how many clients there are. Who is over a budget is counted by its kind; addresses
are in no metric, and in no log but the audience log, if a setting says so.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Self

import structlog
from tornado.httputil import HTTPServerRequest

from audiocast.web.http.addresses.trusted_proxies import IPAddress, TrustedProxies, parse_address
from audiocast.web.http.credentials import has_api_token
from audiocast.web.http.errors import CLIENT_LIMIT, ApiError

log = structlog.get_logger()

# An entry takes about 500 bytes: 25 MB when the table is full.
MAX_CLIENTS = 50_000

# Of an IPv6 address, those that name its /56: what a provider gives to one subscriber.
IPV6_CLIENT_BYTES = 7

# Rates are so many in so many seconds, all of them at once if the client had none before.
RATE_SECONDS = 60.0


# What all clients together may do to one stream that no proxy names, in budgets of one client.
UNNAMED_SHARE = 10


class Holding(StrEnum):
    """What a client has for a while; the budget is how many at a time."""

    SOURCES = "sources"
    CONVERTED_SOURCES = "converted_sources"
    LISTENERS = "listeners"
    WAITING_LISTENERS = "waiting_listeners"
    EVENT_STREAMS = "event_streams"
    HLS_MUXERS = "hls_muxers"
    HANDSHAKES = "handshakes"


class Rate(StrEnum):
    """What a client does at one moment; the budget is how often in a minute."""

    STARTS = "starts"
    UNKNOWN_IDS = "unknown_ids"
    QR_CODES = "qr_codes"
    COVERS = "covers"
    WRONG_PASSWORDS = "wrong_passwords"


Budget = Holding | Rate

HOLDINGS = {kind: index for index, kind in enumerate(Holding)}
RATES = {kind: index for index, kind in enumerate(Rate)}

MESSAGES: Mapping[Budget, str] = {
    Holding.SOURCES: "sources at a time",
    Holding.CONVERTED_SOURCES: "sources at a time in other formats than Ogg Opus",
    Holding.LISTENERS: "listeners at a time",
    Holding.WAITING_LISTENERS: "listeners at a time that wait for a stream",
    Holding.EVENT_STREAMS: "event streams at a time",
    Holding.HLS_MUXERS: "streams as HLS at a time",
    Holding.HANDSHAKES: "handshakes of TLS at a time",
    Rate.STARTS: "starts a minute",
    Rate.UNKNOWN_IDS: "questions a minute about streams that are not there",
    Rate.QR_CODES: "new QR codes a minute",
    Rate.COVERS: "new covers a minute",
    Rate.WRONG_PASSWORDS: "wrong passwords and access codes a minute",
}


class Client:
    """What one address has, and has done lately.

    Attributes:
        counts: How many of each `Holding`.
        free_at: For each `Rate`, when its budget is whole again, the clock's seconds.
    """

    __slots__ = ("counts", "free_at")

    def __init__(self) -> None:
        self.counts = [0] * len(HOLDINGS)
        self.free_at = [0.0] * len(RATES)


class Lease:
    """One thing that a client has; given back by `release`, or at the end of a `with` block."""

    __slots__ = ("_release",)

    def __init__(self, release: Callable[[], None] | None) -> None:
        self._release = release

    def release(self) -> None:
        """Give it back; again: nothing."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Clients:
    """All clients that have something now or did something lately.

    Args:
        budgets: By kind; 0: no bound.
        trusted_proxies: Whose `X-Forwarded-For` is believed.
        api_tokens: Requests with one of them are not budgeted.
        now: Returns the time, seconds.
        max_clients: Bound of the table.

    Attributes:
        refused: Requests over each budget so far, by its kind.
    """

    def __init__(
        self,
        budgets: Mapping[Budget, int],
        *,
        trusted_proxies: TrustedProxies,
        api_tokens: Sequence[str],
        now: Callable[[], float],
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        self.refused: dict[str, int] = {kind.value: 0 for kind in (*Holding, *Rate)}
        self._budgets = budgets
        self._trusted_proxies = trusted_proxies
        self._api_tokens = tuple(api_tokens)
        self._now = now
        self._max_clients = max_clients
        self._holding: dict[bytes, Client] = {}
        # Those that have nothing, the one that asked longest ago first.
        self._resting: OrderedDict[bytes, Client] = OrderedDict()
        self._has_warned = False

    def __len__(self) -> int:
        return len(self._holding) + len(self._resting)

    def identify(self, request: HTTPServerRequest | None) -> bytes:
        """Return the client of a request; empty: it has no budgets. None is a request of another member."""
        if request is None:
            return b""
        peer = parse_address(request.remote_ip or "")
        address = self._trusted_proxies.client_of(peer, request.headers.get("X-Forwarded-For", ""))
        if address is None:
            self._warn_once(request)
            return b""
        if has_api_token(request, self._api_tokens):
            return b""
        return _client_id(address)

    def address_of(self, request: HTTPServerRequest) -> str:
        """Return the address that a request comes from, as text; of a proxy that names nobody its own."""
        peer = parse_address(request.remote_ip or "")
        address = self._trusted_proxies.client_of(peer, request.headers.get("X-Forwarded-For", "")) or peer
        return str(address) if address is not None else ""

    def identify_peer(self, peer: str) -> bytes:
        """Return the client at the other end of a connection, before any request; empty: see `identify`."""
        address = parse_address(peer)
        return b"" if address is None or self._trusted_proxies.has(address) else _client_id(address)

    def acquire(self, request: HTTPServerRequest | None, kind: Holding) -> Lease:
        """Count one more of what the client has, until the lease is released.

        Raises:
            ApiError: 429, it has as many as it may have.
        """
        return self.acquire_for(self.identify(request), kind)

    def acquire_for(self, client_id: bytes, kind: Holding) -> Lease:
        """Do the same for a client that another member has identified; an empty one has no budgets.

        Raises:
            ApiError: 429, it has as many as it may have.
        """
        budget = self._budgets[kind]
        client = self._client(client_id) if client_id and budget else None
        if client is None:
            return Lease(None)
        index = HOLDINGS[kind]
        if client.counts[index] >= budget:
            raise self._refuse(kind)
        client.counts[index] += 1
        if self._resting.pop(client_id, None) is not None:
            self._holding[client_id] = client
        return Lease(lambda: self._release(client_id, client, index))

    def charge(self, request: HTTPServerRequest | None, kind: Rate, *, stream_id: str = "") -> None:
        """Count something that the client does.

        Args:
            request: Its request.
            kind: What.
            stream_id: To which stream; who is not named is counted there. Empty: not at all.

        Raises:
            ApiError: 429, it did so too often lately.
        """
        client_id, budget = self._payer(request, kind, stream_id)
        client = self._client(client_id) if client_id and budget else None
        if client is None:
            return
        index, now = RATES[kind], self._now()
        free_at = max(client.free_at[index], now) + RATE_SECONDS / budget
        if free_at > now + RATE_SECONDS * (1 + 1e-9):
            raise self._refuse(kind)
        client.free_at[index] = free_at

    def refund(self, request: HTTPServerRequest | None, kind: Rate, *, stream_id: str = "") -> None:
        """Undo one `charge`: it was for nothing that costs."""
        client_id, budget = self._payer(request, kind, stream_id)
        client = self._client(client_id) if client_id and budget else None
        if client is not None:
            client.free_at[RATES[kind]] -= RATE_SECONDS / budget

    def _payer(self, request: HTTPServerRequest | None, kind: Rate, stream_id: str) -> tuple[bytes, int]:
        """Return who is charged, and its budget."""
        client_id, budget = self.identify(request), self._budgets[kind]
        if client_id or not stream_id:
            return client_id, budget
        # Longer than any address: no client has such a name.
        return b"unnamed clients of " + stream_id.encode(), UNNAMED_SHARE * budget

    def _client(self, client_id: bytes) -> Client | None:
        """Return a client's entry, a new one if need be; None: all entries have something.

        Who has something has a connection, and connections have bounds of their own.
        """
        client = self._holding.get(client_id) or self._resting.get(client_id)
        if client is None:
            if len(self) >= self._max_clients:
                if not self._resting:
                    return None
                self._resting.popitem(last=False)
            client = self._resting[client_id] = Client()
        elif client_id in self._resting:
            self._resting.move_to_end(client_id)
        return client

    def _release(self, client_id: bytes, client: Client, index: int) -> None:
        client.counts[index] -= 1
        if not any(client.counts):
            del self._holding[client_id]
            self._resting[client_id] = client

    def _refuse(self, kind: Budget) -> ApiError:
        self.refused[kind.value] += 1
        message = f"expected at most {self._budgets[kind]} {MESSAGES[kind]} from one address; try again later"
        return ApiError(429, CLIENT_LIMIT, message)

    def _warn_once(self, request: HTTPServerRequest) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "proxy_names_no_client",
                proxy=request.remote_ip,
                hint="requests of this trusted proxy have no budgets: let it set X-Forwarded-For, or take it "
                "out of TRUSTED_PROXIES",
            )


def _client_id(address: IPAddress) -> bytes:
    return address.packed if address.version == 4 else address.packed[:IPV6_CLIENT_BYTES]
