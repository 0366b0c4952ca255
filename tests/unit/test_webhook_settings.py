"""The settings of webhooks: who is told, and what is refused without a word of a secret."""

import base64

import pytest
from pydantic import ValidationError

from audiocast.setting_groups.webhook_settings import MAX_TARGETS, WebhookSettings, webhook_targets
from audiocast.webhooks.event import Event, EventType

SECRET = "whsec_" + base64.b64encode(b"known to everybody, for tests").decode()


def read(**given: str) -> WebhookSettings:
    return WebhookSettings.model_validate({"webhook_secrets": SECRET, **given})


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert webhook_targets(WebhookSettings()) == ()


def test_each_url_once_with_what_it_wants() -> None:
    settings = read(
        webhook_urls="https://a.example/x?y=1, news=https://b.example:8443/,https://a.example/x?y=1",
        webhook_events="stream.live,stream.ended",
    )
    first, second = webhook_targets(settings)
    assert (first.origin, first.stream_id) == ("https://a.example", "")
    assert (second.origin, second.stream_id) == ("https://b.example:8443", "news")

    def event(stream_id: str, event_type: EventType = EventType.STREAM_LIVE) -> Event:
        return Event(event_type, stream_id, "evt", 0.0, 0)

    assert [first.wants(event("news")), first.wants(event("talk"))] == [True, True]
    assert [second.wants(event("news")), second.wants(event("talk"))] == [True, False]
    assert not first.wants(event("news", EventType.TRACK_CHANGED))
    assert "y=1" not in repr((settings, first))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"webhook_urls": "https://a.example/token", "webhook_secrets": ""}, "WEBHOOK_SECRETS"),
        ({"webhook_urls": "https://127.0.0.1/token"}, "expected a public address, got 127.0.0.1"),
        ({"webhook_urls": "https://[::ffff:10.0.0.1]/token"}, "expected a public address"),
        ({"webhook_urls": "a.example/token"}, "expected an http or https URL"),
        ({"webhook_urls": "https:///token"}, "expected an http or https URL"),
        ({"webhook_urls": "https://a.example:99999/token"}, "expected an http or https URL"),
        ({"webhook_urls": "https://a.example/token#part"}, "fragment"),
        ({"webhook_urls": "https://user@a.example/token"}, "user:password@"),
        ({"webhook_urls": "https://a.example/token\x00"}, "ASCII"),
        ({"webhook_urls": ",".join(f"https://a.example/{n}" for n in range(MAX_TARGETS + 1))}, "at most 50"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_of_the_url(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(**given)
    messages = " ".join(str(each["msg"]) for each in refused.value.errors(include_input=False))
    assert said in messages
    assert "token" not in messages


def test_an_address_that_is_named_may_be_told() -> None:
    settings = read(webhook_urls="https://127.0.0.1/", webhook_allow_private="127.0.0.0/8,hooks.local")
    assert [target.host for target in webhook_targets(settings)] == ["127.0.0.1"]
