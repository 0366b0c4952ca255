"""Reading from the Kubernetes API server, with no more than a pod has: HTTPS and its service account's files.

GET only. The account's files are read for each request, since the kubelet rotates them.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.errors import BadMessage, Refused, Unreachable

CONNECT_SECONDS = 5.0

# Until the head of an answer, and between two pieces of an answer that is not a watch.
ANSWER_SECONDS = 15.0

# Bound of a list, and of all events of one watch. An endpoint is about 500 bytes: room for 30,000.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


class ApiResponse(HTTPMessageDelegate):
    """An answer of the API server, while it comes."""

    def __init__(self) -> None:
        self.headers = HTTPHeaders()
        self._status = asyncio.get_running_loop().create_future()
        self._is_whole = False
        # MAX_ANSWER_BYTES bounds it. None is the end.
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        """Note status and headers."""
        assert isinstance(start_line, ResponseStartLine)
        self.headers = headers
        if start_line.code >= HTTPStatus.OK and not self._status.done():
            self._status.set_result(start_line.code)

    def data_received(self, chunk: bytes) -> None:
        """Queue a piece of the body."""
        self._pieces.put_nowait(chunk)

    def finish(self) -> None:
        """Note that the whole body came."""
        self._is_whole = True

    def end(self) -> None:
        """Note that no more comes, whole or not."""
        if not self._status.done():
            self._status.set_result(0)
        self._pieces.put_nowait(None)

    async def status(self) -> int:
        """Return the HTTP status, when it has come.

        Raises:
            Unreachable: No head came.
        """
        try:
            status: int = await asyncio.wait_for(self._status, ANSWER_SECONDS)
        except TimeoutError:
            raise Unreachable(f"expected an answer within {ANSWER_SECONDS:g} s, got none") from None
        if not status:
            raise Unreachable("the connection ended before an answer in HTTP")
        return status

    async def pieces(self, silence_seconds: float) -> AsyncGenerator[bytes, None]:
        """Yield the body piece by piece.

        Raises:
            Unreachable: It broke off, or nothing came for so long.
        """
        while True:
            try:
                piece = await asyncio.wait_for(self._pieces.get(), silence_seconds)
            except TimeoutError:
                raise Unreachable(f"expected something within {silence_seconds:g} s, got nothing") from None
            if piece is None:
                break
            yield piece
        if not self._is_whole:
            raise Unreachable(f"the answer broke off, or is longer than {MAX_ANSWER_BYTES} bytes")

    async def whole(self) -> bytes:
        """Return the whole body.

        Raises:
            Unreachable: It broke off, or nothing came for too long.
        """
        return b"".join([piece async for piece in self.pieces(ANSWER_SECONDS)])

    async def lines(self, silence_seconds: float) -> AsyncGenerator[bytes, None]:
        """Yield the body line by line, without line ends.

        Raises:
            Unreachable: It broke off, or nothing came for so long.
        """
        rest = bytearray()
        async for piece in self.pieces(silence_seconds):
            # Only what is new can hold the end of a line: a long one is not searched again and again.
            *ends, last = piece.split(b"\n")
            for end in ends:
                yield bytes(rest + end)
                rest.clear()
            rest += last


class KubernetesApi:
    """Reads from the API server with a pod's service account.

    Args:
        pod: Where the API server is, and the account.
    """

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self._tcp = TCPClient(AddressResolver())

    @property
    def namespace(self) -> str:
        """Namespace of the pod.

        Raises:
            NoAccount: The account's file is not there.
        """
        return self._pod.read("namespace")

    async def get(self, target: str) -> Any:
        """Return the JSON value of an answer.

        Args:
            target: Path and query.

        Raises:
            NoAccount: The service account's files are not there.
            Unreachable: No answer, or no whole one, in time.
            Refused: The answer is not a success.
            BadMessage: The answer is not JSON.
        """
        async with self._ask(target) as answer:
            return decoded(await answer.whole())

    async def watch(self, target: str, silence_seconds: float) -> AsyncGenerator[Any, None]:
        """Yield the events of a watch until the API server ends it.

        Args:
            target: Path and query.
            silence_seconds: When nothing comes for so long, the connection is dead.

        Raises:
            ClusterError: As for `get`.
        """
        async with self._ask(target) as answer:
            async for line in answer.lines(silence_seconds):
                yield decoded(line)

    @asynccontextmanager
    async def _ask(self, target: str) -> AsyncIterator[ApiResponse]:
        """Send a request, and yield the answer if it is a success."""
        headers = HTTPHeaders(
            {
                "Host": self._pod.api_address,
                "Authorization": f"Bearer {self._pod.token}",
                "Accept": "application/json",
                "User-Agent": "audiocast",
                "Connection": "close",
            }
        )
        limits = HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=MAX_ANSWER_BYTES)
        connection = HTTP1Connection(await self._connect(), True, limits)
        # When the request cannot be sent, no answer comes: that is noticed below.
        connection.write_headers(RequestStartLine("GET", target, "HTTP/1.1"), headers)
        connection.finish()
        answer = ApiResponse()
        reading = asyncio.ensure_future(connection.read_response(answer))
        reading.add_done_callback(lambda _: answer.end())
        try:
            status = await answer.status()
            if status != HTTPStatus.OK:
                raise _refusal(status, answer.headers, await answer.whole())
            yield answer
        finally:
            connection.close()
            await asyncio.gather(reading, return_exceptions=True)

    async def _connect(self) -> IOStream:
        pod = self._pod
        authority = pod.read("ca.crt")
        try:
            trusted = ssl.create_default_context(cadata=authority)
            # Python 3.13 is strict about extensions that the authorities of many clusters leave out.
            trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._tcp.connect(pod.api_host, pod.api_port, ssl_options=trusted)
        except (OSError, ValueError) as error:
            raise Unreachable(f"{pod.api_address}: {str(error) or type(error).__name__}") from error


def decoded(text: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        BadMessage: It is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"expected JSON, got {text[:100]!r}") from error


def _refusal(status: int, headers: HTTPHeaders, body: bytes) -> Refused:
    """Return the error for an answer whose body is a Status object, or what a proxy has written."""
    try:
        said = decoded(body)
    except BadMessage:
        said = None
    fields = said if isinstance(said, dict) else {"message": body[:300].decode("utf-8", "replace")}
    wait = re.fullmatch(r"\d{1,5}", headers.get("Retry-After", ""))
    return Refused(
        status,
        str(fields.get("reason", "")),
        str(fields.get("message", ""))[:300],
        wait_seconds=int(wait[0]) if wait else 0,
    )
