"""Errors in HTTP: every one that is planned has its status, its code and a bounded message."""

import json
import re

import pytest

from audiocast.ogg import errors as ogg_errors
from audiocast.stream import errors as stream_errors
from audiocast.web.http.errors import MAX_MESSAGE_CHARACTERS, RETRY_AFTER_SECONDS, STATUS, ApiError


def parsed(error: ApiError) -> dict[str, str]:
    fields: dict[str, str] = json.loads(error.body)
    return fields


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (stream_errors.BadKey("m"), 401),
        (stream_errors.SourceStalled("m"), 408),
        (stream_errors.TakenOver("m"), 409),
        (stream_errors.StreamEnded("m"), 410),
        (stream_errors.StreamSuspended("m"), 403),
        (ogg_errors.PageTooLarge("m"), 413),
        (ogg_errors.PacketTooLarge("m"), 413),
        (stream_errors.NotOpus("m"), 415),
        (stream_errors.Multiplexed("m"), 415),
        (stream_errors.TooFast("m"), 429),
        (stream_errors.ServerFull("m"), 503),
        (stream_errors.ShuttingDown("m"), 503),
        (stream_errors.NoAudio("m"), 400),
        (ogg_errors.BadCrc("m"), 400),
        (ogg_errors.Truncated("m"), 400),
        (ogg_errors.BadHead("m"), 400),
    ],
)
def test_an_error_of_a_lower_layer_keeps_its_code_and_its_words(error: Exception, status: int) -> None:
    answer = ApiError.of(error)
    assert answer is not None
    assert answer.status == status
    assert parsed(answer) == {"error": error.code, "message": "m"}  # type: ignore[attr-defined]


def test_all_that_a_source_can_do_wrong_is_its_own_fault_or_passes() -> None:
    assert all(400 <= status < 500 or status in (501, 503) for status in STATUS.values())


def test_an_error_of_this_layer_stays_what_it_is() -> None:
    error = ApiError(418, "teapot", "expected tea")
    assert ApiError.of(error) is error


@pytest.mark.parametrize("error", [ValueError("secret inside"), KeyError("x"), RuntimeError()])
def test_an_error_that_nobody_planned_has_no_words(error: Exception) -> None:
    assert ApiError.of(error) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (500, "internal_server_error"),
        (599, "error"),
    ],
)
def test_a_bare_status_has_a_code_too(status: int, code: str) -> None:
    error = ApiError.of_status(status)
    assert (error.status, error.code) == (status, code)
    assert re.fullmatch("[a-z_]+", error.code)


def test_a_message_is_cut_at_its_bound() -> None:
    error = ApiError(400, "bad_request", "я" * 10_000)
    assert parsed(error)["message"] == "я" * MAX_MESSAGE_CHARACTERS


def test_the_body_is_one_line_of_readable_json() -> None:
    body = ApiError(400, "bad_request", 'a "quote",\n a line, я').body
    assert body.count(b"\n") == 1
    assert body.endswith(b"\n")
    assert "я".encode() in body


def test_who_lacks_credentials_is_told_how_to_give_them() -> None:
    assert "WWW-Authenticate" in ApiError(401, "key_missing", "m").headers


@pytest.mark.parametrize("status", [429, 503])
def test_who_comes_too_much_is_told_when_to_come_again(status: int) -> None:
    assert ApiError(status, "x", "m").headers == {"Retry-After": str(RETRY_AFTER_SECONDS)}


@pytest.mark.parametrize("status", [400, 404, 500])
def test_other_answers_carry_nothing_more(status: int) -> None:
    assert ApiError(status, "x", "m").headers == {}
