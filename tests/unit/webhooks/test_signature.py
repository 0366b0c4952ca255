"""Signatures: others' code takes ours, ours takes others', and nothing else."""

import base64
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from audiocast.webhooks.signature import BadWebhook, check_signature, parse_secret, signed_headers

ONE = "whsec_" + base64.b64encode(b"1" * 24).decode()
TWO = "whsec_" + base64.b64encode(b"2" * 64).decode()
BODY = '{"type":"stream.live","data":{"title":"Ж"}}'.encode()
NOW = time.time()


def headers(*secrets: str, at: float = NOW) -> dict[str, str]:
    return signed_headers([parse_secret(each) for each in secrets], "evt_1", int(at), BODY)


@pytest.mark.parametrize("secret", [ONE, TWO])
def test_others_take_ours_signed_with_several(secret: str) -> None:
    # It looks at the clock itself.
    assert Webhook(secret).verify(BODY, headers(ONE, TWO, at=time.time()))["type"] == "stream.live"


def test_ours_takes_theirs() -> None:
    at = datetime.fromtimestamp(int(NOW), UTC)
    theirs = Webhook(ONE).sign("evt_1", at, BODY.decode())
    given = {"webhook-id": "evt_1", "webhook-timestamp": str(int(NOW)), "webhook-signature": theirs}
    assert check_signature([parse_secret(TWO), parse_secret(ONE)], given, BODY, NOW) == ("evt_1", int(NOW))


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"webhook-id": "evt_2"}, BODY),
        ({"webhook-timestamp": str(int(NOW) + 1)}, BODY),
        ({"webhook-signature": ""}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": "v1,é"}, BODY),
        ({"webhook-id": ""}, BODY),
        ({"webhook-timestamp": "now"}, BODY),
        ({}, BODY + b" "),
    ],
)
def test_what_is_changed_is_refused(change: dict[str, str], body: bytes) -> None:
    given = headers(ONE)
    check_signature([parse_secret(ONE)], given, BODY, NOW)
    with pytest.raises(BadWebhook):
        check_signature([parse_secret(ONE)], given | change, body, NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_old_or_of_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(BadWebhook, match="clock"):
        check_signature([parse_secret(ONE)], headers(ONE, at=NOW + seconds), BODY, int(NOW))


def test_another_secret_is_refused_without_a_word_of_it() -> None:
    with pytest.raises(BadWebhook) as refused:
        check_signature([parse_secret(TWO)], headers(ONE), BODY, NOW)
    assert "v1," not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_short", "whsec_!" + "A" * 40, ONE.removeprefix("whsec_")]
)
def test_what_is_no_secret_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError, match="expected whsec_ and 24 to 64 bytes as base64") as refused:
        parse_secret(text)
    assert text.removeprefix("whsec_")[:20] not in str(refused.value) or len(text) < 10
