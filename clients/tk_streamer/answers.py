"""One request to the server, and its answer as a value or as one of `tk_streamer.errors`.

The only place that calls `requests`. Keys and tokens travel in the Authorization header and nowhere else.
"""

import json
from collections.abc import Iterable

import requests

from tk_streamer.errors import BadAnswer, ConnectionLost, Refused, bounded

# For the connection and for each send: a server that takes nothing for so long is as good as gone.
CONNECT_TIMEOUT_SECONDS = 10.0
# For the answer, counted from the end of the request.
ANSWER_TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 65_536


class _Bearer(requests.auth.AuthBase):
    """Puts a key or token into the Authorization header (RFC 6750 section 2.1)."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._secret}"
        return request


def ask(
    session: requests.Session,
    method: str,
    url: str,
    *,
    secret: str | None = None,
    json_body: object = None,
    body: Iterable[bytes] | None = None,
    content_type: str | None = None,
) -> dict[str, object]:
    """Send a request and give the JSON object of the answer ({} when it is empty). Blocks.

    Args:
        session: From `open_session`.
        method: HTTP method.
        url: Absolute URL without any secret in it.
        secret: Key or token.
        json_body: What to send as JSON, or None.
        body: Pieces to send chunked, one chunk each, as they come; in place of `json_body`.
        content_type: Media type of `body`.

    Raises:
        Refused: The server answered with something else than 2xx, before or after the end of the body.
        ConnectionLost: No connection, no answer in time, or it broke.
        BadAnswer: The answer is not a JSON object.
        ValueError: `url` is not an HTTP address.
    """
    try:
        with session.request(
            method,
            url,
            json=json_body,
            data=body,
            headers={"Content-Type": content_type} if content_type else None,
            auth=_Bearer(secret) if secret else None,
            timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            answer = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
            status, reason = response.status_code, response.reason
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    ):
        raise ValueError(f"expected an address like http://localhost:8000, got {bounded(url)!r}") from None
    except (requests.RequestException, OSError) as error:
        raise ConnectionLost(f"{_place(url)}: {_innermost(error)}") from error
    if not 200 <= status < 300:
        raise _refusal(status, reason, answer)
    return _json_object(answer)


def _refusal(status: int, reason: str | None, answer: bytes) -> Refused:
    """Make the error from the server's JSON, or from the status line when it was a proxy that answered."""
    try:
        said = _json_object(answer)
    except BadAnswer:
        said = {}
    return Refused(status, str(said.get("error", "")), str(said.get("message", reason or "no reason given")))


def _json_object(answer: bytes) -> dict[str, object]:
    if not answer:
        return {}
    try:
        value = json.loads(answer) if len(answer) <= MAX_ANSWER_BYTES else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        start = bounded(answer[:40].decode("utf-8", "replace"))
        raise BadAnswer(f"expected a JSON object from the server, got {start!r}")
    return value


def _place(url: str) -> str:
    """Give scheme and host of `url`: a path or query may be private."""
    return bounded("/".join(url.split("/", 3)[:3]))


def _innermost(error: BaseException) -> str:
    """Say what the operating system or the HTTP parser said, without the wrappers around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__)
