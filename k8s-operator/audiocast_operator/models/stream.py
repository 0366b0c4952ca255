"""The fields of a Stream, each with its unit, default and reason. The one source of the CRD's schema."""

from typing import Literal

from pydantic import ConfigDict, Field

from audiocast_operator.models.base import (
    ATOMIC,
    IMMUTABLE,
    ResourceModel,
    StatusModel,
    Time,
    validation_rules,
)
from audiocast_operator.models.bounds import keyed_by
from audiocast_operator.models.condition import BY_TYPE, Condition
from audiocast_operator.models.webhooks import MAX_STREAM_WEBHOOKS, StreamWebhook

STREAM_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
# As the server has them (audiocast/stream/broadcaster/presentation.py); the contract's test compares them.
LINK = r"^(https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?)?$"
ACCENT = r"^(#[0-9A-Fa-f]{6})?$"
# Ten years, as the server has it for links (audiocast/web/contract/requests.py).
MAX_LINK_SECONDS = 315_360_000


class StreamLimits(ResourceModel):
    """What the key allows. The limits are written inside the key, so a change makes another key."""

    max_kbps: int = Field(
        default=0, ge=0, description="Bound of the source's rate, kbit/s. 0: the server's own bound alone."
    )
    max_listeners: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Listeners at a time, at all pods together, as each knows the others. 0: no bound "
        "but the pods' own.",
    )
    expires_at: Time | None = Field(default=None, description="When the key expires. Empty: never.")


class AccessCodeRef(ResourceModel):
    """Where an access code of your own is."""

    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of the Secret, in the same namespace. It has the annotation "
        'audiocast.dev/access-codes: "true"; entries of others are not taken.',
    )
    key: str = Field(
        min_length=1,
        max_length=253,
        pattern=r"^[-._a-zA-Z0-9]+$",
        description="Its entry: 6 to 64 characters.",
    )


class ListenLinksSpec(ResourceModel):
    """Links for listeners of a private stream. When this changes, other ones are made."""

    count: int = Field(default=1, ge=1, le=1_000, description="How many.")
    expires_in_seconds: int = Field(
        default=0,
        ge=0,
        le=MAX_LINK_SECONDS,
        description="How long after they were made they can be joined; then others are made. Seconds. "
        "0: for ever.",
    )
    session_seconds: int = Field(
        default=0,
        ge=0,
        le=MAX_LINK_SECONDS,
        description="How long who has joined may stay. Seconds. 0: as long as the broadcast.",
    )
    label: str = Field(
        default="", max_length=40, description="For your own records: in the audience log, and in the token."
    )


class StreamSpec(ResourceModel):
    """The wanted state."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            (
                "(has(self.visibility) && self.visibility == 'private') || (!has(self.accessCode) && "
                "!has(self.accessCodeSecretRef) && !has(self.listenLinks) && "
                "!has(self.listenLinksRevokedBefore))",
                "accessCode, accessCodeSecretRef, listenLinks and listenLinksRevokedBefore need the "
                "visibility private",
            ),
            (
                "!has(self.accessCode) || !has(self.accessCodeSecretRef)",
                "give either accessCode or accessCodeSecretRef",
            ),
        )
    )

    audio_cast: str = Field(
        min_length=1,
        max_length=63,
        description="Name of the AudioCast that carries it, in the same namespace.",
        json_schema_extra=IMMUTABLE,
    )
    id: str = Field(
        max_length=64,
        pattern=STREAM_ID,
        description="Id of the stream, as in its URLs: 1 to 64 letters, digits, - and _.",
        json_schema_extra=IMMUTABLE,
    )
    title: str = Field(default="", max_length=200, description="What listeners see.")
    visibility: Literal["public", "unlisted", "private"] | None = Field(
        default=None,
        description="public: on the servers' start page and in their lists. unlisted: only who has the link "
        "finds it. private: only who has a listen link or the access code hears it. Without it, the setting "
        "LIST_STREAMS decides.",
    )
    access_code: Literal["auto"] | None = Field(
        default=None,
        description="auto: the operator makes a code that opens a private stream, another one for each "
        "keyGeneration. Without it, and without accessCodeSecretRef, links alone open it.",
        # A single word has no enum in pydantic's schema.
        json_schema_extra={"enum": ["auto"]},
    )
    access_code_secret_ref: AccessCodeRef | None = Field(
        default=None, description="A code of your own, instead. It is read again every minute."
    )
    listen_links: ListenLinksSpec | None = Field(
        default=None, description="Make links to a private stream, in the Secret NAME-listen-links."
    )
    listen_links_revoked_before: Time | None = Field(
        default=None,
        description="Links that were made before this time are good no more, whoever has made them, and what "
        "they have opened ends. It holds for as long as it stands here. Those in the Secret are made anew.",
    )
    description: str = Field(
        default="", max_length=500, description="What it is, in a line: on the listener's page and its cards."
    )
    link: str = Field(
        default="",
        max_length=300,
        pattern=LINK,
        description="Where to learn more: http or https, in ASCII, without a user name.",
    )
    accent: str = Field(
        default="",
        max_length=7,
        pattern=ACCENT,
        description="Colour of page and cover, as #rrggbb. Empty: the server's.",
    )
    limits: StreamLimits = Field(default_factory=StreamLimits, description="What the key allows.")
    webhooks: list[StreamWebhook] = Field(
        default_factory=list,
        max_length=MAX_STREAM_WEBHOOKS,
        description="Who is told what happens to this stream, beside those of the AudioCast.",
        json_schema_extra=keyed_by("id"),
    )
    key_generation: int = Field(
        default=1,
        ge=1,
        description="Count up for another key. The old one is refused once an encoder has used the new one.",
    )
    suspended: bool = Field(
        default=False,
        description="Take the stream off the air and refuse its encoders, until this is false again.",
    )

    @property
    def is_private(self) -> bool:
        """Whether listeners need a link or the code."""
        return self.visibility == "private"

    @property
    def links_revoked_at_ms(self) -> int:
        """Links that were made before are revoked, Unix milliseconds; 0: none is."""
        revoked = self.listen_links_revoked_before
        return max(0, int(revoked.timestamp() * 1000)) if revoked is not None and self.is_private else 0


class EndStatus(ResourceModel):
    """An end by the broadcaster. It is one fact, and written whole."""

    at: Time = Field(description="When it was ended.")
    key_generation: int = Field(ge=1, description="Generation of the key that has ended it.")


class StreamStatus(StatusModel):
    """The present state, written at most every 15 seconds."""

    observed_generation: int = Field(
        default=0, description="Generation of the spec that this status is about."
    )
    phase: Literal["Offline", "Live", "Suspended", "Conflict", "Orphaned", "Invalid"] = Field(
        default="Offline",
        description="Conflict: an older Stream has the same id. Orphaned: there is no such AudioCast. "
        "Invalid: an older CRD has let through what this operator cannot read.",
    )
    listeners: int = Field(default=0, description="Listeners at all pods.")
    used_generation: int = Field(
        default=0,
        description="The highest generation of a key that an encoder has used, or that came after an end. "
        "Lower ones are refused, also by pods that start later.",
    )
    ended: EndStatus | None = Field(
        default=None,
        description="The broadcaster has ended the stream, for good: encoders are refused, also by pods that "
        "start later, until it is started anew or keyGeneration is higher.",
        json_schema_extra=ATOMIC,
    )
    since: Time | None = Field(default=None, description="When the stream went on the air.")
    owner: str = Field(default="", description="Pod that the encoder is connected to.")
    ingest_url: str = Field(default="", description="Where the encoder sends to.")
    listen_url: str = Field(default="", description="The listener's page.")
    stream_url: str = Field(default="", description="The bare audio, for players.")
    secret_name: str = Field(
        default="",
        description="Name of the Secret with url and key, and accessCode where a private stream has one.",
    )
    listen_links_secret_name: str = Field(default="", description="Name of the Secret with links.")
    listen_links_revoked_before: Time | None = Field(
        default=None, description="What the pods are told: links that were made before are revoked."
    )
    conditions: list[Condition] = Field(
        default_factory=list,
        description="Ready: the Secret holds the URL and the present key; else the reason says why not.",
        json_schema_extra=BY_TYPE,
    )
