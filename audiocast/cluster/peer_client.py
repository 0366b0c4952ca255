"""The client's side of the internal port: short questions with JSON answers, connections that carry audio.

Every request is signed and bounded in time.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPInputError, parse_response_start_line
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.errors import NoAnswer, NotListening, Refused, Unreachable
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.protocol import SIGNATURE_HEADER, PeerRequest, split_address
from audiocast.cluster.signature import Signer

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16_384
MAX_MESSAGE_CHARACTERS = 300

# At a time; more wait.
MAX_REQUESTS = 200


class PeerClient:
    """Sends requests to other members.

    Args:
        signer: Signs the requests; None when this server is alone and sends none.
        resolver: Looks up the names of hosts; not owned.
    """

    def __init__(self, signer: Signer | None, resolver: AddressResolver) -> None:
        self._signer = signer
        self._http = AsyncHTTPClient(
            force_instance=True, max_clients=MAX_REQUESTS, max_body_size=MAX_ANSWER_BYTES, resolver=resolver
        )
        self._tcp = TCPClient(resolver)

    async def ask(self, address: str, request: PeerRequest) -> Any:
        """Send a request, and return the JSON value of the answer.

        Args:
            address: "host:port" of the member's internal port.
            request: Its body is sent with POST only.

        Raises:
            NotListening: The address refuses connections.
            NoAnswer: No answer in time, or none at all.
            Refused: An answer that is no success.
        """
        sent = HTTPRequest(
            f"http://{address}{request.target}",
            method=request.method,
            headers=signed_headers(self._signer, request),
            body=json.dumps(request.body) if request.method == "POST" else None,
            connect_timeout=CONNECT_SECONDS,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
        )
        try:
            response = await self._http.fetch(sent, raise_error=False)
        except (TimeoutError, OSError, HTTPClientError) as error:
            raise no_answer(address, error) from error
        if response.code == 599:
            raise no_answer(address, response.error)
        return _parse_answer(response.code, response.body)

    async def open_stream(self, address: str, request: PeerRequest) -> tuple[PeerStream, Mapping[str, str]]:
        """Send a request whose connection carries frames after the heads, both ways.

        Args:
            address: "host:port" of the member's internal port.
            request: Sent without a body.

        Returns:
            The connection, and the headers of the answer.

        Raises:
            NotListening: The address refuses connections.
            NoAnswer: No answer in time, or none at all.
            Refused: An answer that is no success.
        """
        fields = {"Host": address, "Connection": "close", **signed_headers(self._signer, request)}
        lines = [f"{request.method} {request.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        request_head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                stream = await self._tcp.connect(*split_address(address))
            stream.set_nodelay(True)
            async with asyncio.timeout(ANSWER_SECONDS):
                await stream.write(request_head)
                headers = await _read_answer_head(stream)
        except (TimeoutError, OSError, HTTPInputError) as error:
            raise no_answer(address, error) from error
        return PeerStream(stream), headers

    def close(self) -> None:
        """Close the connections of questions that are not answered yet."""
        self._http.close()
        self._tcp.close()


def signed_headers(signer: Signer | None, request: PeerRequest) -> dict[str, str]:
    """Return a request's headers and its signature.

    Args:
        signer: Signs it; None when this server is alone, and then it sends no request.
        request: Its method and target are signed.
    """
    assert signer is not None, "a server that is alone sends no request"
    signature = signer.sign(request.method, request.target, time.time())
    return {SIGNATURE_HEADER: signature, **request.headers}


def no_answer(address: str, error: BaseException | None) -> Unreachable:
    """Return the error of a request that got no answer.

    Args:
        address: Where it was sent.
        error: What the connection has ended with.
    """
    message = f"{address}: {str(error) or type(error).__name__}"
    cause = getattr(error, "real_error", None) or error
    return NotListening(message) if isinstance(cause, ConnectionRefusedError) else NoAnswer(message)


async def _read_answer_head(stream: IOStream) -> HTTPHeaders:
    """Return the headers of a success.

    Raises:
        Refused: It is none.
    """
    head = await stream.read_until(b"\r\n\r\n", max_bytes=MAX_HEAD_BYTES)
    first, _, rest = head.decode("latin-1").partition("\r\n")
    status = parse_response_start_line(first).code
    headers = HTTPHeaders.parse(rest)
    if status != HTTPStatus.OK:
        body = await stream.read_bytes(int(headers.get("Content-Length", "0")))
        stream.close()
        _parse_answer(status, body)
    return headers


def _parse_answer(status: int, body: bytes) -> Any:
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        value = {}
    if status >= 300:
        fields = value if isinstance(value, dict) else {}
        message = str(fields.get("message", ""))[:MAX_MESSAGE_CHARACTERS]
        raise Refused(status, str(fields.get("error", "")), message)
    return value
