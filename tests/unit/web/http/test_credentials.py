"""Credentials: found wherever encoders put them; odd ones are none, never an error."""

import base64

import pytest

from audiocast.web.http.credentials import basic_password, bearer_token, ingest_key, is_one_of
from tests.unit.web.http_request import request


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize("header", ["Bearer secret", "bearer secret", "BEARER   secret "])
def test_a_bearer_token_is_found(header: str) -> None:
    assert bearer_token(request(Authorization=header)) == "secret"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic secret", "secret", "Bearersecret"])
def test_anything_else_is_no_bearer_token(header: str) -> None:
    assert bearer_token(request(Authorization=header)) is None


@pytest.mark.parametrize("pair", ["source:secret", ":secret", "any user:secret"])
def test_the_user_name_does_not_matter(pair: str) -> None:
    assert basic_password(request(Authorization=basic(pair))) == "secret"


def test_a_password_may_hold_colons_and_any_letters() -> None:
    assert basic_password(request(Authorization=basic("source:a:b:ключ"))) == "a:b:ключ"


def test_a_password_that_is_no_text_is_still_compared() -> None:
    header = "Basic " + base64.b64encode(b"source:\xff\xfe").decode()
    assert basic_password(request(Authorization=header)) == "\udcff\udcfe"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YQ",
        "Basic \xe9\xe9\xe9\xe9",
        "Bearer secret",
        basic("source"),
        basic("source:"),
    ],
)
def test_what_cannot_be_read_is_no_password(header: str) -> None:
    assert basic_password(request(Authorization=header)) is None


@pytest.mark.parametrize(
    ("uri", "headers"),
    [
        ("/?key=secret", {}),
        ("/?key=other&key=secret", {}),
        ("/?key=secret", {"Authorization": "Bearer other"}),
        ("/", {"Authorization": "Bearer secret"}),
        ("/", {"Authorization": basic("source:secret")}),
    ],
)
def test_a_key_may_be_in_the_query_or_in_either_header(uri: str, headers: dict[str, str]) -> None:
    assert ingest_key(request(uri, **headers)) == "secret"


@pytest.mark.parametrize(
    ("named", "upgrade", "key"),
    [
        ("audiocast, secret", "websocket", "secret"),
        ("audiocast,secret", "WebSocket", "secret"),
        ("audiocast", "websocket", None),
        ("audiocast, ", "websocket", None),
        ("secret", "websocket", None),
        ("secret, audiocast", "websocket", None),
        ("audiocast, secret, other", "websocket", None),
        ("audiocast, secret", "", None),
    ],
)
def test_an_upgrade_may_name_a_key_after_our_subprotocol(named: str, upgrade: str, key: str | None) -> None:
    assert ingest_key(request(Sec_WebSocket_Protocol=named, Upgrade=upgrade)) == key


def test_without_any_there_is_no_key() -> None:
    assert ingest_key(request("/?other=1")) is None


def test_a_key_of_odd_bytes_is_a_key_like_any_wrong_one() -> None:
    assert ingest_key(request("/?key=%ff%fe")) == "\udcff\udcfe"


@pytest.mark.parametrize(("token", "fits"), [("one", True), ("two", True), ("three", False), ("", False)])
def test_a_token_is_compared_with_all_that_count(token: str, fits: bool) -> None:
    assert is_one_of(token, ["one", "two"]) is fits


def test_odd_tokens_are_compared_too() -> None:
    assert not is_one_of("\udcff", ["one"])
    assert is_one_of("ключ", ["ключ"])
    assert not is_one_of("one", [])
