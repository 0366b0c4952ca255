"""Ingest keys: made by one secret, checked by any of several, good for one stream."""

import base64
import hmac
import json

import pytest

from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.errors import BadKey
from audiocast.stream.keys import Claims, Keys, ListStreams, Visibility

NOW = 1_800_000_000.0
SECRET = "a secret of 16 characters or more"
OLDER = "another secret, which was used before"


def signed(claims: str) -> str:
    """Give the key of a text of claims, whatever it says."""
    mac = hmac.digest(SECRET.encode(), b"audiocast ingest\0abc\0" + claims.encode(), "sha256")[:16]
    return f"ac1.{claims}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@pytest.fixture
def keys() -> Keys:
    return Keys([SECRET])


@pytest.mark.parametrize(
    "claims",
    [
        Claims(),
        Claims(title="Вечер, 8pm"),
        Claims("title", expires_at=int(NOW) + 1, generation=3, max_kbps=128, token_tag="abc"),
        Claims(visibility=Visibility.PUBLIC),
        Claims(visibility=Visibility.UNLISTED),
        Claims("Jazz", presentation=Presentation("Из Вены", "#b5400f", "https://radio.example/?a=1")),
        Claims(starts_at=1_801_422_000),
        Claims(visibility=Visibility.PRIVATE, access_code="bakola-tiremu-sonavi"),
    ],
)
def test_a_key_says_what_was_put_into_it(keys: Keys, claims: Claims) -> None:
    assert keys.check("abc", keys.make("abc", claims), NOW) == claims


def test_a_key_goes_through_a_url_and_a_password_field_as_it_is(keys: Keys) -> None:
    key = keys.make("abc", Claims(title="?&=/+ \x00 я"))
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("title", ["я" * 200, "\U0001f3a7" * 200, '"\\' * 100])
def test_the_key_of_the_longest_title_is_good(keys: Keys, title: str) -> None:
    assert keys.check("abc", keys.make("abc", Claims(title=title)), NOW).title == title


@pytest.mark.parametrize(
    ("claimed", "title"),
    [
        (r'{"t":"\ud800 Jazz\u0007\u202e"}', "\ufffd Jazz"),
        (r'{"t":"%s"}' % (r"\u0001" * 200), ""),
        (r'{"t":["Jazz"]}', "['Jazz']"),
    ],
    ids=["surrogate", "longest", "list"],
)
def test_the_title_of_a_key_is_cleaned_whoever_has_made_it(keys: Keys, claimed: str, title: str) -> None:
    claims = base64.urlsafe_b64encode(claimed.encode()).rstrip(b"=").decode()
    key = signed(claims)
    assert keys.check("abc", key, NOW).title == title


def test_a_key_of_another_stream_is_refused(keys: Keys) -> None:
    with pytest.raises(BadKey, match="expected the ingest key of this stream"):
        keys.check("abd", keys.make("abc", Claims()), NOW)


def test_a_key_of_an_older_secret_is_good_while_that_is_accepted() -> None:
    key = Keys([OLDER]).make("abc", Claims())
    assert Keys([SECRET, OLDER]).check("abc", key, NOW) == Claims()
    with pytest.raises(BadKey):
        Keys([SECRET]).check("abc", key, NOW)


def test_the_first_secret_makes_the_keys() -> None:
    key = Keys([SECRET, OLDER]).make("abc", Claims())
    assert Keys([SECRET]).check("abc", key, NOW) == Claims()


def test_keys_outlive_the_process_that_made_them(keys: Keys) -> None:
    assert Keys([SECRET]).make("abc", Claims()) == keys.make("abc", Claims())


def test_a_key_is_over_at_its_expiry(keys: Keys) -> None:
    key = keys.make("abc", Claims(expires_at=int(NOW)))
    assert keys.check("abc", key, NOW - 0.5).expires_at == NOW
    with pytest.raises(BadKey, match="expired"):
        keys.check("abc", key, NOW)


def test_every_changed_character_makes_a_key_bad(keys: Keys) -> None:
    key = keys.make("abc", Claims(title="t", generation=1))
    for at, character in enumerate(key):
        changed = key[:at] + ("B" if character == "A" else "A") + key[at + 1 :]
        with pytest.raises(BadKey):
            keys.check("abc", changed, NOW)


@pytest.mark.parametrize(
    "key",
    ["", ".", "..", "ac1", "ac1.", "ac1..", "ac2..x", "\udcff", "ac1.\udcff.\udcff", "я.я.я", "a" * 100_000],
)
def test_odd_texts_are_refused_like_any_wrong_key(keys: Keys, key: str) -> None:
    with pytest.raises(BadKey):
        keys.check("abc", key, NOW)


def test_another_prefix_is_refused_whatever_follows(keys: Keys) -> None:
    with pytest.raises(BadKey):
        keys.check("abc", keys.make("abc", Claims()).replace("ac1", "ac2"), NOW)


@pytest.mark.parametrize("said", [b"no json", b"\xff\xfe", b"[1]"])
def test_claims_of_a_later_version_are_refused_politely(keys: Keys, said: bytes) -> None:
    text = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
    key = signed(text)
    with pytest.raises(BadKey, match="claims that this version can read"):
        keys.check("abc", key, NOW)


def test_claims_that_this_version_does_not_know_are_left_alone(keys: Keys) -> None:
    text = base64.urlsafe_b64encode(json.dumps({"g": 4, "new": 1}).encode()).rstrip(b"=").decode()
    key = signed(text)
    assert keys.check("abc", key, NOW) == Claims(generation=4)


@pytest.mark.parametrize("said", ['"secret"', "1", '["public"]', "null"])
def test_a_visibility_that_this_version_does_not_know_is_none(keys: Keys, said: str) -> None:
    text = base64.urlsafe_b64encode(b'{"v":%s}' % said.encode()).rstrip(b"=").decode()
    assert keys.check("abc", signed(text), NOW) == Claims()


@pytest.mark.parametrize(
    ("setting", "claimed", "expected"),
    [
        ("opt-in", None, "unlisted"),
        ("opt-in", "public", "public"),
        ("opt-in", "unlisted", "unlisted"),
        ("all", None, "public"),
        ("all", "unlisted", "unlisted"),
        ("none", "public", "unlisted"),
        ("none", "private", "private"),
        ("all", "private", "private"),
    ],
)
def test_the_server_and_the_broadcaster_decide_who_finds_a_stream(
    setting: str, claimed: str | None, expected: str
) -> None:
    asked = Visibility(claimed) if claimed else None
    assert ListStreams(setting).visibility(asked) == expected


def test_without_a_secret_there_are_no_keys() -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        Keys([])


def test_a_tag_tells_tokens_apart_and_outlives_a_rotation() -> None:
    tag = Keys([OLDER]).tag("token-one")
    rotated = Keys([SECRET, OLDER])
    assert rotated.is_tag_of(tag, "token-one")
    assert rotated.is_tag_of(rotated.tag("token-one"), "token-one")
    assert not rotated.is_tag_of(tag, "token-two")
    assert not rotated.is_tag_of("", "token-one")
    assert not Keys([SECRET]).is_tag_of(tag, "token-one")


def test_a_key_has_the_form_that_is_documented_so_that_any_version_can_read_it(keys: Keys) -> None:
    claimed = {"t": "Jazz", "e": int(NOW) + 1, "g": 3, "k": 128, "o": "tag"}
    text = base64.urlsafe_b64encode(json.dumps(claimed, separators=(",", ":")).encode()).decode().rstrip("=")
    message = b"audiocast ingest\0abc\0" + text.encode()
    mac = hmac.digest(SECRET.encode(), message, "sha256")[:16]
    key = f"ac1.{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    claims = Claims("Jazz", expires_at=int(NOW) + 1, generation=3, max_kbps=128, token_tag="tag")
    assert keys.make("abc", claims) == key
    assert keys.check("abc", key, NOW) == claims


def test_a_tag_is_nine_bytes_of_a_mac(keys: Keys) -> None:
    mac = hmac.digest(SECRET.encode(), b"audiocast api token\0token-one", "sha256")
    assert keys.tag("token-one") == base64.urlsafe_b64encode(mac[:9]).decode()


@pytest.mark.parametrize(("characters", "is_good"), [(6143, True), (6145, False)])
def test_a_key_has_at_most_6144_characters(keys: Keys, characters: int, is_good: bool) -> None:
    # "ac1." and "." and a MAC of 22 characters; JSON in base64, three bytes in four characters: so
    # none has 6144.
    claims = b'{"g":1}'.ljust((characters - 27) * 3 // 4)
    text = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    key = signed(text)
    assert len(key) == characters
    if is_good:
        assert keys.check("abc", key, NOW) == Claims(generation=1)
    else:
        with pytest.raises(BadKey):
            keys.check("abc", key, NOW)
