"""An answer of the API server as it comes: its status, its body, and where it breaks off."""

import pytest
from tornado.httputil import HTTPHeaders, ResponseStartLine

from audiocast.cluster.discovery import kubernetes_api
from audiocast.cluster.discovery.kubernetes_api import ApiResponse
from audiocast.cluster.errors import Unreachable


def head(code: int) -> tuple[ResponseStartLine, HTTPHeaders]:
    return ResponseStartLine("HTTP/1.1", code, ""), HTTPHeaders({"X-Code": str(code)})


async def test_the_status_is_that_of_the_last_head() -> None:
    response = ApiResponse()
    response.headers_received(*head(100))
    response.headers_received(*head(200))
    assert await response.status() == 200
    assert response.headers["X-Code"] == "200"


async def test_a_second_status_changes_nothing() -> None:
    response = ApiResponse()
    response.headers_received(*head(410))
    response.headers_received(*head(200))
    response.end()
    assert await response.status() == 410


async def test_an_end_before_a_head_is_no_answer() -> None:
    response = ApiResponse()
    response.end()
    with pytest.raises(Unreachable, match="ended before an answer"):
        await response.status()


async def test_no_head_in_time_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes_api, "ANSWER_SECONDS", 0.01)
    with pytest.raises(Unreachable, match=r"within 0\.01 s"):
        await ApiResponse().status()


async def test_a_whole_body_is_all_pieces() -> None:
    response = ApiResponse()
    for piece in (b"ab", b"c"):
        response.data_received(piece)
    response.finish()
    response.end()
    assert await response.whole() == b"abc"


async def test_a_body_that_breaks_off_is_told() -> None:
    response = ApiResponse()
    response.data_received(b"ab")
    response.end()
    with pytest.raises(Unreachable, match="broke off, or is longer than 16777216 bytes"):
        await response.whole()


async def test_lines_go_over_pieces() -> None:
    response = ApiResponse()
    for piece in (b"on", b"e\ntwo\n\nth", b"ree\nrest"):
        response.data_received(piece)
    response.finish()
    response.end()
    assert [line async for line in response.lines(1.0)] == [b"one", b"two", b"", b"three"]


async def test_silence_is_told() -> None:
    with pytest.raises(Unreachable, match=r"within 0\.01 s, got nothing"):
        await anext(ApiResponse().pieces(0.01))
