"""The private parts of Tornado that `http1` and `connections` stand on are those that were read.

When this fails, another Tornado is installed. Read what has changed in these methods, look whether the
modules still fit, and then write the new version and digests here and in the docstring of `http1`.
"""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import tornado
from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer, _HTTPRequestContext
from tornado.iostream import BaseIOStream

from audiocast.web.http import http1

VERSION = "6.6.1"

PRIVATE_PARTS: list[tuple[Callable[..., Any], str]] = [
    (HTTP1Connection.__init__, "4e8ff1da022e19b9"),
    (HTTP1Connection.read_response, "c6594ffe1dd68153"),
    (HTTP1Connection._read_message, "0a95352530c37640"),
    (HTTP1Connection._read_message_inner, "823ab7277a0b5056"),
    (HTTP1Connection._parse_headers, "b3c54fda82dad6ac"),
    (HTTP1Connection._read_body, "1528c84d5034bc55"),
    (HTTP1Connection._read_fixed_body, "2a06096e26a20136"),
    (HTTP1Connection._read_chunked_body, "bb6888d2ff152ee9"),
    (HTTP1Connection._deliver_body, "c008c752556648bb"),
    (HTTP1Connection.write_headers, "0cfc1ef0b6793acd"),
    (HTTP1Connection.finish, "06764160f2a948ce"),
    (HTTP1ServerConnection.__init__, "3004fcb62982e00b"),
    (HTTP1ServerConnection.start_serving, "b993b5aaf92faf3f"),
    (HTTP1ServerConnection._server_request_loop, "878caf064d85d615"),
    (HTTPServer.handle_stream, "164864e68f57d899"),
    (HTTPServer.on_close, "ef043e5bf5894bd4"),
    (_HTTPRequestContext.__init__, "b734238339c3365c"),
    (BaseIOStream._start_read, "7505098a2e566354"),
    (BaseIOStream._consume, "a977bde1b0937913"),
    (BaseIOStream._signal_closed, "e914f8500abefdab"),
    (BaseIOStream._handle_events, "b9464803bd15fbf4"),
    (BaseIOStream._add_io_state, "a8ead1f9e5f6e9af"),
]


@pytest.mark.parametrize(
    ("part", "digest"), PRIVATE_PARTS, ids=lambda each: getattr(each, "__qualname__", "")
)
def test_a_private_part_is_as_it_was(part: Callable[..., Any], digest: str) -> None:
    assert hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16] == digest


def test_the_version_is_the_one_that_was_read() -> None:
    assert tornado.version == VERSION
    assert http1.__doc__ is not None
    assert VERSION in http1.__doc__
