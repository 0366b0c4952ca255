"""The client's side of the internal port: short questions with JSON answers, connections that carry audio.

Every request is signed and bounded in time. No answer counts that the member which was asked has not signed.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPInputError, parse_response_start_line
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.errors import NoAnswer, NotListening, Refused, Unproven, Unreachable
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.protocol import (
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SIGNATURE_HEADER,
    PeerRequest,
    split_address,
)
from audiocast.cluster.signature.header import AnswerSignature, RequestSignature
from audiocast.cluster.signature.identity import NOBODY, Identity, Recipient
from audiocast.cluster.signature.signer import Signer

log = structlog.get_logger()

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16_384
MAX_MESSAGE_CHARACTERS = 300

# At a time; more wait.
MAX_REQUESTS = 200

# Addresses whose answers are not proven, and that were logged: each is once.
MAX_LOGGED = 100


class PeerAnswer(NamedTuple):
    """The answer of a member, which has signed it.

    Attributes:
        sender: The member.
        status: HTTP status.
        headers: Its headers; those that `signature.signer` names are proven.
        body: The whole body.
    """

    sender: Identity
    status: int
    headers: Mapping[str, str]
    body: bytes


class PeerClient:
    """Sends requests to other members.

    Args:
        signer: Signs the requests and checks the answers; None when this server is alone and sends none.
        resolver: Looks up the names of hosts; not owned.
        max_requests: How many are under way at a time.
        answer_seconds: How long an answer may take.
    """

    def __init__(
        self,
        signer: Signer | None,
        resolver: AddressResolver,
        *,
        max_requests: int = MAX_REQUESTS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._signer = signer
        self._answer_seconds = answer_seconds
        self._http = AsyncHTTPClient(
            force_instance=True, max_clients=max_requests, max_body_size=MAX_ANSWER_BYTES, resolver=resolver
        )
        self._tcp = TCPClient(resolver)
        self._unproven: set[str] = set()
        self._is_closed = False

    async def ask(self, recipient: Recipient, request: PeerRequest) -> Any:
        """Send a request, and return the JSON value of the answer.

        Raises:
            NotListening: The address refuses connections.
            NoAnswer: No answer in time, or none at all.
            Unproven: The answer is not that member's.
            Refused: An answer that is no success.
        """
        return parse_answer(await self.fetch(recipient, request))

    async def greet(self, recipient: Recipient, request: PeerRequest) -> tuple[Identity, Any]:
        """Send a greeting, and return who has answered it, and the JSON value of the answer.

        Raises:
            ClusterError: As for `ask`.
        """
        answer = await self.fetch(recipient, request)
        return answer.sender, parse_answer(answer)

    async def fetch(self, recipient: Recipient, request: PeerRequest) -> PeerAnswer:
        """Send a request, and return the answer whatever its status.

        Raises:
            NotListening: The address refuses connections.
            NoAnswer: No answer in time, or none at all.
            Unproven: The answer is not that member's.
        """
        self._check_open(recipient)
        sent, signature = self._sign(recipient.identity, request)
        http_request = HTTPRequest(
            f"http://{recipient.address}{sent.target}",
            method=sent.method,
            headers={SIGNATURE_HEADER: str(signature), "Content-Type": "application/json", **sent.headers},
            body=sent.content if sent.method == "POST" else None,
            connect_timeout=CONNECT_SECONDS,
            request_timeout=self._answer_seconds,
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            response = await self._http.fetch(http_request, raise_error=False)
        except (TimeoutError, OSError, HTTPClientError) as error:
            raise no_answer(recipient.address, error) from error
        if response.code == 599:
            raise no_answer(recipient.address, response.error)
        headers, body = response.headers, response.body
        answer = self._check_answer(recipient, signature, response.code, headers, body)
        return PeerAnswer(answer.sender, response.code, headers, body)

    async def open_stream(
        self, recipient: Recipient, request: PeerRequest
    ) -> tuple[PeerStream, Mapping[str, str]]:
        """Send a request whose connection carries frames after the heads, both ways.

        Args:
            recipient: A member.
            request: Without a body.

        Returns:
            The connection, and the headers of the answer.

        Raises:
            NotListening: The address refuses connections.
            NoAnswer: No answer in time, or none at all.
            Unproven: The answer is not that member's.
            Refused: An answer that is no success.
        """
        self._check_open(recipient)
        sent, signature = self._sign(recipient.identity, request)
        fields = {
            "Host": recipient.address,
            "Connection": "close",
            SIGNATURE_HEADER: str(signature),
            **sent.headers,
        }
        lines = [f"{sent.method} {sent.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        request_head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                stream = await self._tcp.connect(*split_address(recipient.address))
            stream.set_nodelay(True)
            try:
                async with asyncio.timeout(self._answer_seconds):
                    await stream.write(request_head)
                    status, headers, body = await _read_answer(stream)
                answer = self._check_answer(recipient, signature, status, headers, body)
                if status != HTTPStatus.OK:
                    parse_answer(PeerAnswer(answer.sender, status, headers, body))
            except BaseException:
                stream.close()
                raise
        except (TimeoutError, OSError, HTTPInputError, ValueError) as error:
            raise no_answer(recipient.address, error) from error
        assert self._signer is not None
        return PeerStream(stream, self._signer.frame_macs(signature, answer, is_answerer=False)), headers

    def close(self) -> None:
        """Close the connections of questions that are not answered yet; further ones get no answer."""
        self._is_closed = True
        self._http.close()
        self._tcp.close()

    def _check_open(self, recipient: Recipient) -> None:
        # Requests of the public are still worked on while a server stops.
        if self._is_closed:
            raise NoAnswer(f"{recipient.address}: this server stops and asks nobody any more")

    def _sign(self, addressee: Identity, request: PeerRequest) -> tuple[PeerRequest, RequestSignature]:
        """Return a request as it is sent, and its signature."""
        assert self._signer is not None, "a server that is alone sends no request"
        headers = {PROTOCOL_HEADER: str(PROTOCOL_VERSION), **request.headers}
        sent = PeerRequest(request.method, request.target, headers, request.body)
        return sent, self._signer.sign_request(sent, addressee, time.time())

    def _check_answer(
        self,
        recipient: Recipient,
        request: RequestSignature,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> AnswerSignature:
        """Return the signature of an answer of the member that was asked.

        Raises:
            Unproven: It is somebody else's. The first one of an address is logged.
        """
        assert self._signer is not None
        address = recipient.address
        try:
            answer = self._signer.check_answer(request, status, headers, body)
            # Who is not meant says so, and who it is.
            if recipient.identity not in (NOBODY, answer.sender) and status != HTTPStatus.MISDIRECTED_REQUEST:
                raise Unproven(
                    f"expected an answer of {recipient.identity.name}, got one of {answer.sender.name}"
                )
        except Unproven as error:
            self._signer.rejections.answers += 1
            if address not in self._unproven and len(self._unproven) < MAX_LOGGED:
                self._unproven.add(address)
                log.warning(
                    "answer_not_proven",
                    address=address,
                    reason=str(error),
                    hint="the address is another program's, or a member's with another secret, with a clock "
                    "that is a minute off, or of a version before 0.2: stop all older members to upgrade",
                )
            raise Unproven(f"{address}: {error}") from error
        self._unproven.discard(address)
        return answer


def parse_answer(answer: PeerAnswer) -> Any:
    """Return the JSON value of an answer.

    Raises:
        Refused: It is no success.
    """
    try:
        value = json.loads(answer.body) if answer.body else {}
    except (ValueError, RecursionError):
        value = {}
    if answer.status >= 300:
        fields = value if isinstance(value, dict) else {}
        message = str(fields.get("message", ""))[:MAX_MESSAGE_CHARACTERS]
        raise Refused(answer.status, str(fields.get("error", "")), message)
    return value


async def _read_answer(stream: IOStream) -> tuple[int, HTTPHeaders, bytes]:
    """Return status and headers, and the body of an answer that is no success.

    Raises:
        ValueError: The length of the body is no number, or too large.
    """
    head = await stream.read_until(b"\r\n\r\n", max_bytes=MAX_HEAD_BYTES)
    first, _, rest = head.decode("latin-1").partition("\r\n")
    status = parse_response_start_line(first).code
    headers = HTTPHeaders.parse(rest)
    if status == HTTPStatus.OK:
        return status, headers, b""
    length = int(headers.get("Content-Length", "0"))
    if not 0 <= length <= MAX_HEAD_BYTES:
        raise ValueError(f"expected an error of at most {MAX_HEAD_BYTES} bytes, got {length}")
    return status, headers, await stream.read_bytes(length) if length else b""


def no_answer(address: str, error: BaseException | None) -> Unreachable:
    """Return the error of a request that got no answer.

    Args:
        address: Where it was sent.
        error: What the connection has ended with.
    """
    message = f"{address}: {str(error) or type(error).__name__}"
    cause = getattr(error, "real_error", None) or error
    return NotListening(message) if isinstance(cause, ConnectionRefusedError) else NoAnswer(message)
