"""Listen tokens: made by one secret, checked by any of several, good for one stream and one time."""

import base64
import hmac
import json

import pytest

from audiocast.stream.access.listen_tokens import (
    MAX_LABEL_CHARACTERS,
    MAX_TOKEN_CHARACTERS,
    USUAL_SESSION_SECONDS,
    ListenClaims,
    ListenTokens,
)
from audiocast.stream.keys import Claims, Keys

NOW = 1_800_000_000.0
SECRET = "a secret of 16 characters or more"
OLDER = "another secret, which was used before"


@pytest.fixture
def tokens() -> ListenTokens:
    return ListenTokens([SECRET])


def signed(claims: bytes, purpose: bytes = b"audiocast listen", prefix: str = "al1") -> str:
    """Give the token of a text of claims, whatever it says."""
    text = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    mac = hmac.digest(SECRET.encode(), purpose + b"\0abc\0" + text.encode(), "sha256")[:16]
    return f"{prefix}.{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "claims",
    [
        ListenClaims(),
        ListenClaims(1_800_000_000_123, int(NOW) + 1, 7200, "Anna Müller", number=7),
        ListenClaims(1, int(NOW) + 1, is_session=True),
        ListenClaims(label="\U0001f3a7" * MAX_LABEL_CHARACTERS, number=2**53 - 1),
    ],
)
def test_a_token_says_what_was_put_into_it(tokens: ListenTokens, claims: ListenClaims) -> None:
    token = tokens.make("abc", claims)
    assert tokens.check("abc", token, NOW) == claims
    assert len(token) <= MAX_TOKEN_CHARACTERS
    assert token.startswith("al1.")


def test_it_has_the_form_that_is_documented(tokens: ListenTokens) -> None:
    claimed = {"e": int(NOW) + 1, "s": 60, "l": "Anna", "g": 5, "n": 9, "j": 1}
    claims = ListenClaims(5, int(NOW) + 1, 60, "Anna", is_session=True, number=9)
    token = signed(json.dumps(claimed, separators=(",", ":")).encode())
    assert tokens.check("abc", token, NOW) == claims
    made = tokens.make("abc", claims).split(".")
    assert json.loads(base64.urlsafe_b64decode(made[1] + "==")) == claimed


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "al1",
        "al1..",
        "\udcff",
        "al1.\udcff.\udcff",
        "я.я.я",
        "a" * 100_000,
        signed(b"{}", prefix="al2"),
        signed(b"{}", purpose=b"audiocast ingest"),
        signed(b"no json"),
        signed(b"[1]"),
        Keys([SECRET]).make("abc", Claims()),
        Keys([SECRET]).make("abc", Claims()).replace("ac1", "al1"),
    ],
)
def test_what_is_no_token_opens_nothing(tokens: ListenTokens, token: str) -> None:
    assert tokens.check("abc", token, NOW) is None


def test_it_is_for_one_stream_and_for_who_knows_the_secret(tokens: ListenTokens) -> None:
    token = tokens.make("abc", ListenClaims())
    assert tokens.check("abd", token, NOW) is None
    assert ListenTokens([OLDER]).check("abc", token, NOW) is None
    assert ListenTokens([OLDER, SECRET]).check("abc", token, NOW) == ListenClaims()
    assert ListenTokens([OLDER, SECRET]).make("abc", ListenClaims()) != token


def test_it_is_good_until_its_last_moment(tokens: ListenTokens) -> None:
    token = tokens.make("abc", ListenClaims(expires_at=int(NOW)))
    assert tokens.check("abc", token, NOW - 0.1) is not None
    assert tokens.check("abc", token, NOW) is None


def test_an_ingest_key_is_none_and_a_token_is_no_key(tokens: ListenTokens) -> None:
    assert ListenTokens([SECRET]).stand_in("abc") == tokens.stand_in("abc")
    assert tokens.stand_in("abc") != tokens.stand_in("abd")
    assert ListenTokens([OLDER]).stand_in("abc") != tokens.stand_in("abc")
    assert len(tokens.stand_in("abc")) == 32


def test_a_session_lasts_as_long_as_its_link_says() -> None:
    link = ListenClaims(5, int(NOW) + 10, 60, "Anna", number=3)
    assert link.session_end(NOW) == NOW + 60
    session = link.session(NOW)
    assert session == ListenClaims(5, int(NOW) + 60, 0, "Anna", is_session=True, number=3)
    # Joining again makes it no longer.
    assert session.session(NOW + 30) is session
    assert session.session_end(NOW + 30) == NOW + 60


@pytest.mark.parametrize(
    ("link", "end"),
    [
        (ListenClaims(), int(NOW) + USUAL_SESSION_SECONDS),
        (ListenClaims(expires_at=int(NOW) + 10), int(NOW) + USUAL_SESSION_SECONDS),
        (ListenClaims(expires_at=int(NOW) + 999_999), int(NOW) + 999_999),
    ],
)
def test_a_link_without_a_length_has_the_usual_one_where_one_is_needed(link: ListenClaims, end: int) -> None:
    assert link.session_end(NOW) is None
    assert link.session(NOW).expires_at == end


def test_a_label_is_cleaned_and_short() -> None:
    assert ListenClaims(label="Anna\u202e\x07").label == "Anna"
    assert len(ListenClaims(label="a" * 99).label) == MAX_LABEL_CHARACTERS
