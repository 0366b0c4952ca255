"""A whole HTTP response as bytes, for connections that Tornado does not own, or got no request from."""

import time
from collections.abc import Mapping
from http.client import responses

from tornado.httputil import format_timestamp

from audiocast.web.http.errors import ApiError

SERVER_NAME = "audiocast"

# Of every response of the public port.
PUBLIC_HEADERS = {
    "Server": SERVER_NAME,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def response_head(status: int, headers: Mapping[str, str], *, version: str = "HTTP/1.1") -> bytes:
    """Return the status line and the headers. The connection ends after the response."""
    lines = [f"{version} {status} {responses[status]}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def json_response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole response with a JSON body."""
    fields = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(body))}
    return response_head(status, {**fields, **(headers or {})}) + body


def error_response(error: ApiError) -> bytes:
    """Return a whole response with an error as the contract's JSON, and with the fields of all responses."""
    common = {**PUBLIC_HEADERS, "Date": format_timestamp(time.time()), "Cache-Control": "no-store"}
    return json_response(error.status, error.body, {**common, **error.headers})
