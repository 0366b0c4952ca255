"""What the operator writes of webhooks is what the server reads, and what it refuses the server refuses."""

import base64
from typing import get_args

import pytest

from audiocast import webhook_targets_file as server_file
from audiocast.webhook_targets_file import parse_targets
from audiocast.webhooks import signature, target
from audiocast.webhooks.event import EventType
from audiocast.webhooks.signature import parse_secret
from audiocast.webhooks.target import Target
from audiocast_operator.models.webhooks import EventName
from audiocast_operator.protocol import webhook_targets
from audiocast_operator.protocol.webhook_targets import (
    WebhookTarget,
    build_targets_file,
    is_secret,
    is_url,
)

SECRET, OTHER = (f"whsec_{base64.b64encode(each * 24).decode()}" for each in (b"a", b"b"))


def test_the_server_reads_the_operators_targets() -> None:
    text = build_targets_file(
        [
            WebhookTarget("news", "crm", "https://crm.example/?a=%D0%B6", (SECRET, OTHER)),
            WebhookTarget("late", "chat", "http://u:p@[2001:db8::1]:8080", (OTHER,), ("stream.live",)),
        ]
    )
    targets, faults = parse_targets(text.encode())
    assert faults == []
    crm, chat = targets["news/crm"], targets["late/chat"]
    assert (crm.stream_id, crm.secrets) == ("news", (b"a" * 24, b"b" * 24))
    assert crm.events == frozenset(EventType)
    assert (chat.url, chat.events) == ("http://u:p@[2001:db8::1]:8080", {EventType.STREAM_LIVE})
    # The same for the same targets: what has not changed is not written.
    assert text == build_targets_file(
        [
            WebhookTarget("late", "chat", "http://u:p@[2001:db8::1]:8080", (OTHER,), ("stream.live",)),
            WebhookTarget("news", "crm", "https://crm.example/?a=%D0%B6", (SECRET, OTHER)),
        ]
    )
    assert parse_targets(build_targets_file([]).encode()) == ({}, [])


def test_bounds_and_words_are_the_servers() -> None:
    for name in ("FORM", "VERSION", "MAX_BYTES", "MAX_TARGETS"):
        assert getattr(webhook_targets, name) == getattr(server_file, name), name
    for name in ("PREFIX", "MIN_SECRET_BYTES", "MAX_SECRET_BYTES"):
        assert getattr(webhook_targets, name) == getattr(signature, name), name
    assert webhook_targets.MAX_URL_CHARACTERS == target.MAX_URL_CHARACTERS
    assert webhook_targets.MAX_SECRETS == signature.MAX_SIGNATURES
    assert set(get_args(EventName)) == set(EventType)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "",
        "whsec_",
        SECRET[6:],
        "whsec_" + "A" * 31,
        "whsec_c2hvcnQ=",
        f"whsec_{'A' * 88}",
        f"{SECRET}\u0436",
    ],
)
def test_secrets_are_good_or_bad_for_both(text: str) -> None:
    assert is_secret(text) == _takes(lambda: parse_secret(text))


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example",
        "https://crm.example:8443/a?b=c&d=[e]",
        "https://crm.example?b",
        "http://user:pass@crm.example/x",
        "http://[2001:db8::1]/x",
        "https://crm.example/" + "a" * 1_980,
        "https://crm.example/" + "a" * 1_981,
        "https://user@crm.example/",
        "https://crm.example/#part",
        "https://crm.example/a b",
        "https://crm.example/\u0436",
        "https://",
        "ftp://crm.example/",
        "crm.example",
        "",
    ],
)
def test_urls_are_good_or_bad_for_both(url: str) -> None:
    assert is_url(url) == _takes(lambda: Target.parse(url, (b"",)))


def _takes(parse) -> bool:  # type: ignore[no-untyped-def]
    try:
        parse()
    except ValueError:
        return False
    return True
