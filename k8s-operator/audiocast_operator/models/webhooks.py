"""The fields of webhooks: who is told what happens to streams."""

from typing import Literal

from pydantic import ConfigDict, Field

from audiocast_operator.models.base import ResourceModel, validation_rules

MAX_STREAM_WEBHOOKS = 5

# Without a user's name: what is secret stands in Secrets.
PLAIN_URL = r"^https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!\"$-~]*)?$"

EventName = Literal[
    "stream.live",
    "stream.held",
    "stream.ended",
    "track.changed",
    "source.refused",
    "listeners.milestone",
    "recording.ready",
]


class WebhookEntryRef(ResourceModel):
    """An entry of a Secret of your own."""

    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of the Secret, in the same namespace. It has the annotation "
        'audiocast.dev/webhooks: "true"; entries of others are not taken.',
    )
    key: str = Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$", description="Its entry.")


class StreamWebhook(ResourceModel):
    """Who is told what happens to this stream, and to no other."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            ("has(self.url) != has(self.urlSecretRef)", "give either url or urlSecretRef")
        )
    )

    id: str = Field(
        min_length=1,
        max_length=32,
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        description="Tells it apart from the stream's others. What waits for it goes on to its next URL.",
    )
    url: str | None = Field(
        default=None,
        max_length=2_000,
        pattern=PLAIN_URL,
        description="Where it is told: http or https, in ASCII, without a user name. Who can read this "
        "object reads it.",
    )
    url_secret_ref: WebhookEntryRef | None = Field(
        default=None, description="Where the URL is instead, if something in it is secret."
    )
    secret_ref: WebhookEntryRef = Field(
        description="What is signed with: whsec_ and 24 to 64 bytes as base64; several with commas between "
        "them, so that the receiver may have the one before or the next. It is read again every minute."
    )
    events: list[EventName] = Field(
        default_factory=list, max_length=7, description="Types of events that are told. Empty: all."
    )
