"""One signed request to a target: to an address that was checked, and none that an answer points to.

The name of a host is looked up once, and what was found and checked is what is dialled: a name that changes
its address between the check and the connection (DNS rebinding) changes nothing.
"""

import socket
import ssl
import time
from typing import NamedTuple

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from audiocast.cluster.discovery.address_resolver import AddressResolver, SocketAddress
from audiocast.webhooks.addresses import AddressRefused, AddressRules
from audiocast.webhooks.event import Event
from audiocast.webhooks.signature import signed_headers
from audiocast.webhooks.target import Target

TRY_SECONDS = 15.0

# Of an answer; what it says is read to its end, and thrown away.
MAX_ANSWER_BYTES = 65_536
MAX_HEAD_BYTES = 16_384

GONE = 410

MAX_REASON_CHARACTERS = 200


class TryResult(NamedTuple):
    """How a try went.

    Attributes:
        is_delivered: The receiver has it.
        reason: Why it has not; nothing of the URL but its host.
        is_gone: The receiver wants no more.
    """

    is_delivered: bool
    reason: str = ""
    is_gone: bool = False


class CheckedResolver(AddressResolver):
    """Finds the addresses of a host that may be dialled. Has threads of its own, as its parent class says.

    Args:
        rules: Which ones may be.
    """

    def initialize(self, rules: AddressRules | None = None) -> None:
        """Make the resolver; Tornado's `Configurable` calls this instead of `__init__`."""
        super().initialize()
        self._rules = rules or AddressRules()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[SocketAddress]:
        """Return families and socket addresses.

        Raises:
            AddressRefused: None of those that were found may be dialled.
            socket.gaierror: The name is not known, or nobody could be asked.
        """
        found = await super().resolve(host, port, family)
        allowed = [each for each in found if self._rules.allows(host, each[1][0])]
        if not allowed:
            address = found[0][1][0] if found else "nothing"
            raise AddressRefused(
                f"expected a public address, got {address}; WEBHOOK_ALLOW_PRIVATE names more"
            )
        return allowed


class Sender:
    """Sends events.

    Args:
        rules: Which addresses may be dialled.
        max_requests: How many are under way at a time, at most.
        version: Of the server, for receivers' logs.
        tls: How receivers prove themselves; None: by the system's authorities.
    """

    def __init__(
        self,
        rules: AddressRules,
        *,
        max_requests: int,
        version: str,
        tls: ssl.SSLContext | None = None,
        try_seconds: float = TRY_SECONDS,
    ) -> None:
        self._resolver = CheckedResolver(rules=rules)
        self._tls = tls
        self._agent = f"audiocast/{version}"
        self._try_seconds = try_seconds
        # Not what AsyncHTTPClient may be configured to be: another client would look up names by itself.
        self._http: AsyncHTTPClient = SimpleAsyncHTTPClient(
            force_instance=True,
            max_clients=max_requests,
            max_body_size=MAX_ANSWER_BYTES,
            max_buffer_size=2 * MAX_ANSWER_BYTES,
            max_header_size=MAX_HEAD_BYTES,
            resolver=self._resolver,
        )

    async def send(self, target: Target, event: Event) -> TryResult:
        """Try once; return how it went, whatever happens."""
        body = event.body
        heads: list[str] = []
        request = HTTPRequest(
            target.url,
            method="POST",
            headers={
                "Content-Type": "application/json",
                **signed_headers(target.secrets, event.event_id, int(time.time()), body),
            },
            body=body,
            user_agent=self._agent,
            connect_timeout=self._try_seconds,
            request_timeout=self._try_seconds,
            follow_redirects=False,
            decompress_response=False,
            ssl_options=self._tls,
            header_callback=heads.append,
            streaming_callback=_ignore,
        )
        error: BaseException | None = None
        try:
            response = await self._http.fetch(request, raise_error=False)
            error = response.error if response.code == 599 else None
        except (HTTPClientError, OSError, ValueError, KeyError) as raised:
            error = raised
        # What counts is the status; an answer without end, or that is cut off, has one too.
        status = _status(heads[0]) if heads else 0
        return _judge(status, error)

    def close(self) -> None:
        """Close all connections; what is under way has failed."""
        self._http.close()
        self._resolver.close()


def _ignore(_: bytes) -> None:
    """Throw a piece of an answer's body away."""


def _status(first_line: str) -> int:
    parts = first_line.split(" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def _judge(status: int, error: BaseException | None) -> TryResult:
    if 200 <= status < 300:
        return TryResult(True)
    if status == GONE:
        return TryResult(False, "410: the receiver wants no more", is_gone=True)
    if 300 <= status < 400:
        return TryResult(False, f"{status}: redirects are not followed; set the address that it leads to")
    if status:
        return TryResult(False, f"answered {status}")
    if isinstance(error, AddressRefused):
        return TryResult(False, str(error))
    if isinstance(error, ssl.SSLError):
        return TryResult(False, f"TLS: {error.reason or 'failed'}"[:MAX_REASON_CHARACTERS])
    if isinstance(error, socket.gaierror):
        return TryResult(False, "the name of the host was not found")
    if isinstance(error, OSError) and error.strerror:
        return TryResult(False, error.strerror[:MAX_REASON_CHARACTERS])
    text = getattr(error, "message", "") or type(error).__name__
    return TryResult(False, str(text)[:MAX_REASON_CHARACTERS])
