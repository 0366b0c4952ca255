"""Responses as bytes, for connections that Tornado does not own."""

from http.client import HTTPResponse
from io import BytesIO

import pytest

from audiocast.web.http.errors import ApiError
from audiocast.web.http.raw_response import error_response, json_response, response_head


class Wire:
    """What an HTTP client reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._data)


def read(data: bytes) -> HTTPResponse:
    """Parse a response as the standard library's client does."""
    response = HTTPResponse(Wire(data))  # type: ignore[arg-type]
    response.begin()
    return response


def test_a_head_is_a_status_line_headers_and_an_empty_line() -> None:
    assert response_head(200, {"Content-Type": "audio/ogg"}) == (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: audio/ogg\r\n\r\n"
    )


def test_a_head_without_length_means_that_the_end_is_the_close() -> None:
    response = read(response_head(200, {}) + b"any number of bytes")
    assert response.length is None
    assert response.will_close
    assert response.read() == b"any number of bytes"


def test_a_json_reply_is_whole() -> None:
    response = read(json_response(201, '{"title": "я"}\n'.encode(), {"Retry-After": "5"}))
    assert (response.status, response.reason) == (201, "Created")
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert response.headers["Retry-After"] == "5"
    assert response.length == len('{"title": "я"}\n'.encode())
    assert response.read().decode() == '{"title": "я"}\n'


@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 410, 413, 415, 429, 431, 500, 503])
def test_an_error_reply_says_the_same_as_the_error(status: int) -> None:
    error = ApiError(status, "some_code", "expected this, got that")
    response = read(error_response(error))
    assert response.status == status
    assert response.read() == error.body
    assert {name: response.headers[name] for name in error.headers} == error.headers
