"""The settings of webhooks: see `settings`, which they are a part of."""

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import CliSuppress, NoDecode

from audiocast.webhook_targets_file import parse_targets, read_targets
from audiocast.webhooks.addresses import AddressRules, is_literal
from audiocast.webhooks.event import EventType
from audiocast.webhooks.signature import parse_secret
from audiocast.webhooks.target import Target

MAX_TARGETS = 50

# The target of one stream.
_OF_STREAM = re.compile(r"(?:(?P<stream_id>[A-Za-z0-9][A-Za-z0-9_-]{0,63})=)?(?P<url>.*)", re.DOTALL)

# Their paths and queries may hold tokens: they are kept as secrets are.
SECRET_NAMES = ("webhook_urls", "webhook_secrets")


class WebhookSettings(BaseModel):
    """Who is told what happens to streams, and where such news may go."""

    webhook_urls: CliSuppress[Annotated[tuple[SecretStr, ...], NoDecode]] = Field(
        default=(),
        description="URLs (comma-separated, a comma in one as %2C) that are told what happens to streams; "
        "ID=URL is told of one stream alone (docs/station/webhooks.md). Empty: nobody is.",
    )
    webhook_secrets: CliSuppress[Annotated[tuple[SecretStr, ...], NoDecode]] = Field(
        default=(),
        description="What webhooks are signed with (comma-separated): whsec_ and 24 to 64 bytes as base64. "
        "Each signs, so that receivers may have the one before or the next.",
    )
    webhook_events: Annotated[tuple[EventType, ...], NoDecode] = Field(
        default=(), description="Types of events (comma-separated) that are told. Empty: all of them."
    )
    webhook_allow_private: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks, addresses and names of hosts (comma-separated) that webhooks may go to "
        "although they are not of the public Internet, as 10.1.2.0/24,hooks.local.",
    )
    webhook_targets_file: Path | None = Field(
        default=None,
        description="File with more targets, each with secrets of its own (JSON; docs/station/webhooks.md). "
        "It is read again when it changes. Empty: there is none.",
    )

    @field_validator(
        "webhook_urls", "webhook_secrets", "webhook_events", "webhook_allow_private", mode="before"
    )
    @classmethod
    def _split_lists(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("webhook_urls")
    @classmethod
    def _check_urls(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if len(value) > MAX_TARGETS:
            raise ValueError(f"expected at most {MAX_TARGETS} URLs, got {len(value)}")
        for url in value:
            _target(url.get_secret_value(), (), frozenset(EventType))
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _check_secrets(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in value:
            parse_secret(secret.get_secret_value())
        return value

    @field_validator("webhook_allow_private")
    @classmethod
    def _check_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AddressRules.parse(value)
        return value

    @field_validator("webhook_targets_file")
    @classmethod
    def _check_file(cls, value: Path | None) -> Path | None:
        """Refuse a file that is no list of targets. One that is not there may come later."""
        if value is not None:
            try:
                parse_targets(read_targets(value))
            except OSError as error:
                raise ValueError(f"cannot read {value}: {error.strerror}") from error
        return value

    @model_validator(mode="after")
    def _sign_what_is_sent(self) -> Self:
        if self.webhook_urls and not self.webhook_secrets:
            raise ValueError(
                "WEBHOOK_URLS needs WEBHOOK_SECRETS: receivers know by them that it is this server that tells"
            )
        rules = AddressRules.parse(self.webhook_allow_private)
        for target in webhook_targets(self):
            host = target.host
            if is_literal(host) and not rules.allows(host, host):
                raise ValueError(
                    f"WEBHOOK_URLS: expected a public address, got {host}; WEBHOOK_ALLOW_PRIVATE names those "
                    "that may be used"
                )
        return self


def webhook_targets(settings: WebhookSettings) -> tuple[Target, ...]:
    """Return who is told."""
    secrets = tuple(parse_secret(secret.get_secret_value()) for secret in settings.webhook_secrets)
    events = frozenset(settings.webhook_events or EventType)
    urls = dict.fromkeys(url.get_secret_value() for url in settings.webhook_urls)
    return tuple(_target(url, secrets, events) for url in urls)


def _target(text: str, secrets: tuple[bytes, ...], events: frozenset[EventType]) -> Target:
    found = _OF_STREAM.fullmatch(text)
    assert found is not None
    return Target.parse(found["url"], secrets, events, found["stream_id"] or "")
