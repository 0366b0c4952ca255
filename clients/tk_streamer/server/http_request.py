"""One request to the server, and its answer as a value or as one of `tk_streamer.errors`.

The only place that calls `requests`. Keys and tokens travel in the Authorization header and nowhere else.
"""

import json
import socket
import ssl
from collections.abc import Iterable

import requests
from urllib3.exceptions import HTTPError

from tk_streamer.errors import BadResponse, ConnectionLost, RequestRefused, bounded

# For the connection and for each send: a server that takes nothing for so long is as good as gone.
CONNECT_TIMEOUT_SECONDS = 10.0
# For the answer, counted from the end of the request.
RESPONSE_TIMEOUT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 65_536


class _Bearer(requests.auth.AuthBase):
    """Puts a key or token into the Authorization header (RFC 6750 section 2.1)."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._secret}"
        return request


def send_request(
    session: requests.Session,
    method: str,
    url: str,
    *,
    secret: str | None = None,
    json_body: object = None,
    body: Iterable[bytes] | None = None,
    content_type: str | None = None,
    seconds: float = RESPONSE_TIMEOUT_SECONDS,
) -> dict[str, object]:
    """Send a request and give the JSON object of the answer ({} when it is empty). Blocks.

    Args:
        session: From `LiveSession`.
        method: HTTP method.
        url: Absolute URL without any secret in it.
        secret: Key or token.
        json_body: What to send as JSON, or None.
        body: Pieces to send chunked, one chunk each, as they come; in place of `json_body`.
        content_type: Media type of `body`.
        seconds: How long the connection, each send, and then the answer may take.

    Raises:
        RequestRefused: The server answered with something else than 2xx, before or after the end of the body.
        ConnectionLost: No connection, no answer in time, or it broke.
        BadResponse: The answer is not a JSON object.
        ConnectionLost: Also with the code `bad_address`, when `url` is not an HTTP address.
    """
    try:
        with session.request(
            method,
            url,
            json=json_body,
            data=body,
            headers={"Content-Type": content_type} if content_type else None,
            auth=_Bearer(secret) if secret else None,
            timeout=(min(seconds, CONNECT_TIMEOUT_SECONDS), seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            answer = response.raw.read(MAX_RESPONSE_BYTES + 1, decode_content=True)
            status, reason = response.status_code, response.reason
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    ):
        raise ConnectionLost(
            f"expected an address like http://localhost:8000, got {_host_of(url)!r}", code="bad_address"
        ) from None
    # urllib3's own errors come through when the answer breaks off in the middle.
    except (requests.RequestException, HTTPError, OSError) as error:
        cause = _innermost(error)
        raise ConnectionLost(f"{_host_of(url)}: {_text_of(cause)}", code=_code_of(error, cause)) from error
    if not 200 <= status < 300:
        raise _refusal(status, reason, answer)
    return _json_object(answer)


def _refusal(status: int, reason: str | None, answer: bytes) -> RequestRefused:
    """Make the error from the server's JSON, or from the status line when it was a proxy that answered."""
    try:
        said = _json_object(answer)
    except BadResponse:
        said = {}
    return RequestRefused(
        status, str(said.get("error", "")), str(said.get("message", reason or "no reason given"))
    )


def _json_object(answer: bytes) -> dict[str, object]:
    if not answer:
        return {}
    try:
        value = json.loads(answer) if len(answer) <= MAX_RESPONSE_BYTES else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        start = bounded(answer[:40].decode("utf-8", "replace"))
        raise BadResponse(f"expected a JSON object from the server, got {start!r}")
    return value


def _host_of(url: str) -> str:
    """Give scheme and host of `url`: a path or query may be private."""
    return bounded("/".join(url.split("/", 3)[:3]))


def _innermost(error: BaseException) -> BaseException:
    """Give what the operating system or the HTTP parser raised, without the wrappers around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _text_of(error: BaseException) -> str:
    return bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _code_of(error: BaseException, cause: BaseException) -> str:
    """Name the kind of loss, a code of `tk_streamer.trouble`."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(cause, socket.gaierror):
        return "server_not_found"
    if isinstance(cause, ConnectionRefusedError):
        return "connection_refused"
    if isinstance(cause, TimeoutError) or isinstance(error, requests.Timeout):
        return "no_answer"
    return "connection_lost"
