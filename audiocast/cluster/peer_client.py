"""Asking another member: short questions with JSON answers, and links that carry audio.

The client's side of the internal port. Every request is signed and bounded in time.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPInputError, parse_response_start_line
from tornado.tcpclient import TCPClient

from audiocast.cluster.errors import Refused, Unreachable
from audiocast.cluster.peer_stream import Link
from audiocast.cluster.signature import HEADER, Signer

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_HEAD_BYTES = 16_384
MAX_QUESTIONS = 200
"""At a time; more wait."""


class Dialer:
    """Speaks to other members.

    Args:
        signer: Of this member; None when it is alone.
    """

    def __init__(self, signer: Signer | None) -> None:
        self._signer = signer
        self._http = AsyncHTTPClient(
            force_instance=True, max_clients=MAX_QUESTIONS, max_body_size=MAX_ANSWER_BYTES
        )
        self._tcp = TCPClient()

    async def ask(self, address: str, method: str, target: str, body: object = None) -> Any:
        """Give the JSON of an answer.

        Args:
            address: "host:port" of the member's internal port.
            method: GET, POST or DELETE.
            target: Path and query.
            body: Sent as JSON, with POST.

        Raises:
            Unreachable: No answer in time.
            Refused: An answer that is no success.
        """
        request = HTTPRequest(
            f"http://{address}{target}",
            method=method,
            headers=signed_headers(self._signer, method, target),
            body=json.dumps(body) if method == "POST" else None,
            connect_timeout=CONNECT_SECONDS,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
        )
        try:
            response = await self._http.fetch(request, raise_error=False)
        except (TimeoutError, OSError, HTTPClientError) as error:
            raise Unreachable(f"{address}: {why(error)}") from error
        if response.code == 599:
            raise Unreachable(f"{address}: {response.error}")
        return _answer(response.code, response.body)

    async def link(self, address: str, target: str, headers: Mapping[str, str]) -> tuple[Link, HTTPHeaders]:
        """Open a link.

        Args:
            address: "host:port" of the member's internal port.
            target: Path and query.
            headers: Of the request.

        Returns:
            The link, and the headers of the answer.

        Raises:
            Unreachable: No answer in time.
            Refused: An answer that is no success.
        """
        host, _, port = address.rpartition(":")
        lines = [f"POST {target} HTTP/1.1", f"Host: {address}", "Connection: close"]
        signed = signed_headers(self._signer, "POST", target)
        lines += [f"{name}: {value}" for name, value in (signed | dict(headers)).items()]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                stream = await self._tcp.connect(host.strip("[]"), int(port))
            stream.set_nodelay(True)
            async with asyncio.timeout(ANSWER_SECONDS):
                await stream.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
                head = await stream.read_until(b"\r\n\r\n", max_bytes=MAX_HEAD_BYTES)
                first, _, rest = head.decode("latin-1").partition("\r\n")
                status = parse_response_start_line(first).code
                answered = HTTPHeaders.parse(rest)
                if status != HTTPStatus.OK:
                    body = await stream.read_bytes(int(answered.get("Content-Length", "0")))
                    stream.close()
                    _answer(status, body)
        except (TimeoutError, OSError, HTTPInputError) as error:
            raise Unreachable(f"{address}: {why(error)}") from error
        return Link(stream), answered

    def close(self) -> None:
        """Give up what is still open."""
        self._http.close()
        self._tcp.close()


def signed_headers(signer: Signer | None, method: str, target: str) -> dict[str, str]:
    """Give the headers of a request that another member takes for one of ours.

    Args:
        signer: Of this member; None when it is alone, and then it asks nobody.
        method: Of the request.
        target: Path and query, as they are sent.
    """
    assert signer is not None, "a server that is alone speaks to nobody"
    return {HEADER: signer.sign(method, target, time.time())}


def why(error: Exception) -> str:
    """Give what an error says, or else what it is."""
    return str(error) or type(error).__name__


def _answer(status: int, body: bytes) -> Any:
    try:
        said = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        said = {}
    if status >= 300:
        fields = said if isinstance(said, dict) else {}
        raise Refused(status, str(fields.get("error", "")), str(fields.get("message", ""))[:300])
    return said
