"""One request to the server, and its response as a value or as one of `tk_streamer.errors`.

This is the only place that sends anything with `requests`. Keys and tokens travel in the Authorization header
and nowhere else.
"""

import json
import socket
import ssl
from collections.abc import Iterable

import requests
from urllib3.exceptions import HTTPError

from tk_streamer.errors import BadResponse, ConnectionLost, RequestRefused, bounded

# For the connection and for each send: a server that takes nothing for so long counts as gone.
CONNECT_TIMEOUT_SECONDS = 10.0
# For the response, counted from the end of the request.
RESPONSE_TIMEOUT_SECONDS = 10.0
# The server's responses have a few hundred bytes; a longer one is not one of them.
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
    """Send a request and return the JSON object of the response, {} for an empty one. Blocks.

    Args:
        session: A `LiveSession`; used by this thread only.
        method: HTTP method.
        url: Absolute URL; it must hold no secret, because errors name it.
        secret: Key or token for the Authorization header, or None.
        json_body: The JSON body, or None.
        body: A chunked body, in place of `json_body`: each piece becomes a chunk as soon as it comes.
        content_type: Media type of `body`.
        seconds: The timeout of the connection, of each send, and then of the response.

    Raises:
        RequestRefused: The status is not 2xx. It may have come before the end of the body.
        ConnectionLost: There was no connection, no response in time, or the connection broke; with the code
            `bad_address` if `url` is not an HTTP address.
        BadResponse: The response is not a JSON object.
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
            payload = response.raw.read(MAX_RESPONSE_BYTES + 1, decode_content=True)
            status, reason = response.status_code, response.reason
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    ):
        raise ConnectionLost(
            f"expected an address like http://localhost:8000, got {_host_of(url)!r}", code="bad_address"
        ) from None
    # requests lets urllib3's own errors through when the response breaks off in the middle.
    except (requests.RequestException, HTTPError, OSError) as error:
        cause = _innermost(error)
        raise ConnectionLost(f"{_host_of(url)}: {_text_of(cause)}", code=_code_of(error, cause)) from error
    if not 200 <= status < 300:
        raise _refusal(status, reason, payload)
    return _json_object(payload)


def _refusal(status: int, reason: str | None, payload: bytes) -> RequestRefused:
    """Return the error in the server's JSON, or that of the status line if a proxy has responded."""
    try:
        fields = _json_object(payload)
    except BadResponse:
        fields = {}
    return RequestRefused(
        status, str(fields.get("error", "")), str(fields.get("message", reason or "no reason given"))
    )


def _json_object(payload: bytes) -> dict[str, object]:
    if not payload:
        return {}
    try:
        value = json.loads(payload) if len(payload) <= MAX_RESPONSE_BYTES else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        start = bounded(payload[:40].decode("utf-8", "replace"))
        raise BadResponse(f"expected a JSON object from the server, got {start!r}")
    return value


def _host_of(url: str) -> str:
    """Return scheme and host of `url`; its path and query may be private."""
    return bounded("/".join(url.split("/", 3)[:3]))


def _innermost(error: BaseException) -> BaseException:
    """Return the error of the operating system or the HTTP parser, without the wrappers around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _text_of(error: BaseException) -> str:
    return bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _code_of(error: BaseException, cause: BaseException) -> str:
    """Return the code in `tk_streamer.trouble` for this kind of loss."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(cause, socket.gaierror):
        return "server_not_found"
    if isinstance(cause, ConnectionRefusedError):
        return "connection_refused"
    if isinstance(cause, TimeoutError) or isinstance(error, requests.Timeout):
        return "no_answer"
    return "connection_lost"
