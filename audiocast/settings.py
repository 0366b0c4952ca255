"""Every setting of the server, with its unit, default and reason. The only place that reads the environment.

`audiocast serve` has an option for each. Lower layers get plain numbers; only `app`, `cli` and `workers` see
this module.
"""

import ipaddress
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSuppress,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from audiocast.cluster.discovery.peers_setting import KUBERNETES_PREFIX, parse_peers
from audiocast.cluster.discovery.pod import Pod
from audiocast.secret_sources import MIN_SECRET_CHARACTERS, refuse_secret_options, secrets_folder
from audiocast.serve_options import options_of
from audiocast.setting_groups.access_settings import AccessSettings
from audiocast.setting_groups.audience_settings import AudienceSettings
from audiocast.setting_groups.auth_hook_settings import AuthHookSettings
from audiocast.setting_groups.client_budget_settings import ClientBudgetSettings
from audiocast.setting_groups.fallback_settings import FallbackSettings
from audiocast.setting_groups.format_settings import FormatSettings
from audiocast.setting_groups.kubernetes_settings import KubernetesSettings
from audiocast.setting_groups.port_settings import USUAL_INTERNAL_PORT, PortSettings
from audiocast.setting_groups.recording_settings import RecordingSettings
from audiocast.setting_groups.webhook_settings import WebhookSettings

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class Settings(
    AccessSettings,
    AudienceSettings,
    AuthHookSettings,
    ClientBudgetSettings,
    FallbackSettings,
    FormatSettings,
    PortSettings,
    KubernetesSettings,
    RecordingSettings,
    WebhookSettings,
    BaseSettings,
):
    """Run the audiocast server. Each option can be given as an environment variable of the same name too.

    Secrets cannot be options. SECRET_KEYS, API_TOKENS, AUTH_HOOK_TOKEN, WEBHOOK_URLS and WEBHOOK_SECRETS are
    variables, or files of these names in the folder that SECRETS_DIR names.
    """

    model_config = SettingsConfigDict(
        case_sensitive=False,
        cli_kebab_case=True,
        cli_avoid_json=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    node_name: str = Field(
        default="",
        max_length=253,
        description="Name of this node; the owner of a stream is such a name, and no two members of a "
        "cluster may have the same. Empty: the host name, with the internal port when that is not 8001.",
    )
    peers: str = Field(
        default="",
        description="Internal ports of a cluster's members: host:port,... or dns+NAME:PORT, or, in a pod, "
        "k8s+SERVICE[:PORT] with a port's number or name in the Service, INTERNAL_PORT unless it is given. "
        "Empty: alone.",
    )
    stream_domain: str = Field(
        default="",
        max_length=255,
        pattern=r"^[A-Za-z0-9._:\[\]-]*$",
        description="Host (and port) that links are built on; empty: that of the request.",
    )
    stream_scheme: Literal["", "http", "https"] = Field(
        default="", description="Scheme of links; empty: that of the request."
    )
    trusted_proxies: Annotated[tuple[IPNetwork, ...], NoDecode] = Field(
        default=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
        description="Networks (comma-separated) whose X-Forwarded-Proto, -Host and -For are believed.",
    )
    trust_forwarded_host: bool = Field(default=True, description="Whether X-Forwarded-Host is one of those.")
    secret_keys: CliSuppress[Annotated[tuple[SecretStr, ...], NoDecode]] = Field(
        default=(),
        description="Secrets (comma-separated, 16 characters or more) that ingest keys are made with: the "
        "current one first, then those still accepted. Empty: made up, and keys end with the process.",
    )
    api_tokens: CliSuppress[Annotated[tuple[SecretStr, ...], NoDecode]] = Field(
        default=(),
        description="Tokens (comma-separated, 16 characters or more), one of which is needed to start a "
        "stream. Empty: anyone may.",
    )
    list_streams: Literal["opt-in", "all", "none"] = Field(
        default="opt-in",
        description="Streams on the start page and in public lists. opt-in: those whose broadcasters ask for "
        "it; all: those that do not ask to be unlisted; none: none. An API token sees all.",
    )
    preroll_seconds: float = Field(
        default=3.5,
        ge=0,
        le=60,
        description="Backlog that a listener gets unless it asks otherwise, seconds. Browsers begin to play "
        "after about 3 s of audio. A source that sends more than a second at once makes it as much longer.",
    )
    preroll_max_bytes: int = Field(
        default=262_144, ge=16_384, le=67_108_864, description="Bound of a stream's backlog, bytes."
    )
    backlog_seconds: float = Field(
        default=20.0, ge=1, le=600, description="The other bound of a stream's backlog, seconds."
    )
    header_wait_timeout: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="How long a listener waits for a stream that is not on, seconds.",
    )
    active_threshold_sec: float = Field(
        default=2.5, gt=0, le=60, description="Data seen within it: the stream is live. Seconds."
    )
    source_grace_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How long listeners are held, with silence, when the source is lost. Seconds.",
    )
    flush_interval_ms: int = Field(
        default=100,
        ge=0,
        le=1000,
        description="How often listeners are sent to that ask for no latency, milliseconds; up to nearly "
        "half as long again when many listen. Less is not heard, since their players buffer a second, and "
        "costs a send more.",
    )
    listener_lag_seconds: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="A listener further behind is moved to the live edge. Seconds.",
    )
    listener_stall_seconds: float = Field(
        default=20.0,
        gt=0,
        le=3600,
        description="A client that takes nothing of its response for so long is closed. Seconds.",
    )
    drain_seconds: float = Field(
        default=20.0,
        ge=0,
        le=86400,
        description="How long a member of a cluster takes to let its listeners and sources go before it "
        "stops, seconds. A server that is alone stops at once.",
    )
    max_listeners: int = Field(default=20_000, ge=1, description="Listeners at a time, all streams together.")
    max_egress_mbps: float = Field(
        default=0,
        ge=0,
        description="Bound of what goes out to listeners, Mbit/s: while it is reached, new ones are asked to "
        "come back later. 0: no bound.",
    )
    max_loop_lag_ms: float = Field(
        default=250,
        ge=0,
        description="How late the event loop may be, milliseconds, before new listeners are asked to come "
        "back later. 0: no bound.",
    )
    max_waiting_listeners: int = Field(
        default=10_000,
        ge=1,
        description="Listeners at a time that wait for a stream that is not on; they take no others' place.",
    )
    max_streams: int = Field(
        default=2_000,
        ge=1,
        description="Streams that are on at a time; one without audio and listeners makes room for another.",
    )
    max_ingest_kbps: int = Field(
        default=600,
        ge=0,
        description="Bound of a source's rate, kbit/s, and with it of its lead over real time. 0: no bounds.",
    )
    ingest_lead_seconds: float = Field(
        default=20.0,
        ge=1,
        le=600,
        description="How far ahead of real time a source may be, seconds. docs/api.md has its other bounds.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else json."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    max_log_repeats: int = Field(
        default=20,
        ge=0,
        description="Lines of one event and level in a second; more of them are counted and summed up in a "
        "line every 10 s. 0: no bound.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings are looked for, below the command line: the environment, then files."""
        files = SecretsSettingsSource(settings_cls, secrets_dir=secrets_folder(settings_cls.model_fields))
        return init_settings, env_settings, files

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Self:
        """Read the command line of `audiocast serve`, then the environment.

        Raises:
            pydantic.ValidationError: A value is wrong.
            SettingsError: A secret is on the command line, or the folder of secrets is none.
            SystemExit: An option is unknown, or help was asked for.
        """
        if not arguments:
            return cls()
        refuse_secret_options(arguments)
        return CliApp.run(
            cls,
            cli_args=list(arguments),
            cli_settings_source=options_of(cls, _text),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that shall have just these settings."""
        others = {
            name: value for name, value in os.environ.items() if name.lower() not in type(self).model_fields
        }
        return others | {name.upper(): _text(getattr(self, name)) for name in type(self).model_fields}

    @field_validator("secret_keys", "api_tokens", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("peers")
    @classmethod
    def _known_form(cls, value: str) -> str:
        parse_peers(value, pod=Pod(), internal_port=USUAL_INTERNAL_PORT)
        return value

    @model_validator(mode="after")
    def _ask_kubernetes(self) -> Self:
        if self.peers.startswith(KUBERNETES_PREFIX):
            if not self.kubernetes_service_host:
                raise ValueError(
                    "PEERS with k8s+ works in a pod, where Kubernetes sets KUBERNETES_SERVICE_HOST"
                )
            if not self.internal_port:
                raise ValueError("PEERS with k8s+ needs an INTERNAL_PORT, the same in every pod; it is 0")
        return self

    @model_validator(mode="after")
    def _name_the_node(self) -> Self:
        if not self.node_name:
            is_usual = self.internal_port in (0, USUAL_INTERNAL_PORT)
            self.node_name = socket.gethostname() + ("" if is_usual else f":{self.internal_port}")
        return self

    @model_validator(mode="after")
    def _share_a_secret(self) -> Self:
        if self.peers and not self.secret_keys:
            raise ValueError("PEERS needs SECRET_KEYS: members know each other by them")
        return self

    @model_validator(mode="after")
    def _ask_for_a_token(self) -> Self:
        if self.require_api_tokens and not self.api_tokens:
            raise ValueError(
                "API_TOKENS is empty, so anyone could start streams, and REQUIRE_API_TOKENS forbids it; put "
                f"a token of {MIN_SECRET_CHARACTERS} characters or more into API_TOKENS (in Kubernetes: into "
                "the Secret's entry), or set REQUIRE_API_TOKENS=false (there: secret.anyoneMayStart)"
            )
        return self

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if self.peers and self.workers > 1:
            raise ValueError(
                "WORKERS above 1 and PEERS do not go together: workers are a cluster of their own, and other "
                "members could not reach each of them; start more members instead"
            )
        return self

    @field_validator("secret_keys", "api_tokens")
    @classmethod
    def _long_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < MIN_SECRET_CHARACTERS for secret in value):
            raise ValueError(f"expected {MIN_SECRET_CHARACTERS} characters or more in each")
        return value


class CheckedSettings(Settings):
    """Of a worker: its parent has read the certificate's files, and keeps what they last had."""

    last_certificate: Path = Field(description="Certificate and key, for as long as their files are bad.")

    @model_validator(mode="after")
    def _read_files(self) -> Self:
        return self


def _text(value: Any) -> str:
    """Return a value as the environment has it; an empty list is a comma, since empty means the default."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(map(_text, value)) or ","
    if isinstance(value, bool):
        return str(value).lower()
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
