"""Settings as lower layers take them: numbers, texts, links, files. Units change here, nowhere else."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from audiocast import __version__
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.node import Node
from audiocast.formats.conversions import Conversions
from audiocast.formats.encoding.encodings import Encodings
from audiocast.formats.pool.format_workers import FormatWorkers
from audiocast.setting_groups.webhook_settings import webhook_targets
from audiocast.settings import CheckedSettings, Settings
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.keys import Record
from audiocast.stream.registry import Registry
from audiocast.telemetry.audience_log.audience_log import AudienceLogOptions
from audiocast.telemetry.auth_hook_metrics import AuthHookMetrics
from audiocast.telemetry.format_metrics import FormatMetrics
from audiocast.web.http.access.auth_hook import AuthHook, HookOptions
from audiocast.web.http.access.listen_jwt import ListenJwt
from audiocast.web.http.addresses.local_network import LocalNetwork
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.clients import Budget, Holding, Rate
from audiocast.web.http.services import Limits
from audiocast.web.http.tls.certificate_files import CertificateFiles
from audiocast.web.http.urls import Urls
from audiocast.webhooks.addresses import AddressRules
from audiocast.webhooks.service import WebhookOptions

if TYPE_CHECKING:
    from audiocast.recordings.closing.closer import OnReady
    from audiocast.recordings.service import Recordings

log = structlog.get_logger()


def with_secret(settings: Settings) -> Settings:
    """Return settings that have a secret; one is made up if there is none."""
    if settings.secret_keys:
        return settings
    log.warning("secret_made_up", hint="ingest keys end with this process; set SECRET_KEYS to keep them")
    return settings.model_copy(update={"secret_keys": (SecretStr(secrets.token_urlsafe(32)),)})


def limits(settings: Settings) -> Limits:
    """Return what handlers keep to."""
    return Limits(
        preroll_seconds=settings.preroll_seconds,
        header_wait_seconds=settings.header_wait_timeout,
        first_audio_seconds=max(5.0, settings.source_grace_seconds),
        max_ingest_kbps=settings.max_ingest_kbps,
        ingest_lead_seconds=settings.ingest_lead_seconds,
    )


class OtherFormats(NamedTuple):
    """What is made of other formats and into them, by the same format workers."""

    conversions: Conversions
    encodings: Encodings


def other_formats(settings: Settings, streams: Registry, metrics: CollectorRegistry) -> OtherFormats:
    """Return which formats there are beside Ogg Opus, and who makes them; nobody runs yet."""
    workers = FormatWorkers(min(settings.format_workers, os.cpu_count() or 1))
    encodings = Encodings(
        workers, streams.clock, hub_limits(settings), preroll_seconds=settings.preroll_seconds
    )
    FormatMetrics(encodings, metrics)
    conversions = Conversions(
        workers,
        frozenset(settings.ingest_formats),
        kbps=settings.ingest_kbps,
        max_sources=settings.max_converted_sources,
        lead_seconds=settings.ingest_lead_seconds if settings.max_ingest_kbps else 0.0,
    )
    return OtherFormats(conversions, encodings)


def client_budgets(settings: Settings) -> dict[Budget, int]:
    """Return the budgets of one client by their kinds: each kind is in the name of its setting."""
    return {kind: getattr(settings, f"max_{kind.value}_per_client") for kind in (*Holding, *Rate)}


def urls(settings: Settings, trusted_proxies: TrustedProxies) -> Urls:
    """Return what makes the links."""
    return Urls(
        domain=settings.stream_domain,
        scheme=settings.stream_scheme,
        trusted_proxies=trusted_proxies,
        trust_forwarded_host=settings.trust_forwarded_host,
        https_redirect_port=settings.https_redirect_port,
        # In a pod, localhost is whoever forwards a port to it, and its own address is for no phone.
        local_network=None if settings.kubernetes_service_host else LocalNetwork(settings.host),
    )


def hub_limits(settings: Settings) -> HubLimits:
    """Return what each stream keeps to."""
    return HubLimits(
        backlog_seconds=settings.backlog_seconds,
        backlog_bytes=settings.preroll_max_bytes,
        active_seconds=settings.active_threshold_sec,
        log_sources=bool(settings.peers),
        grace_seconds=settings.source_grace_seconds,
        return_seconds=settings.fallback_return_seconds,
        loop_folder=settings.fallback_folder,
        fanout=FanoutLimits(
            flush_interval_seconds=settings.flush_interval_ms / 1000,
            lag_seconds=settings.listener_lag_seconds,
            stall_seconds=settings.listener_stall_seconds,
        ),
    )


def pod_of(settings: Settings) -> Pod:
    """Return what this pod knows of its cluster."""
    return Pod(
        api_host=settings.kubernetes_service_host,
        api_port=settings.kubernetes_service_port,
        account=settings.kubernetes_account,
    )


def audience_log_options(settings: Settings, *, is_worker: bool) -> AudienceLogOptions | None:
    """Return how the audience log is written; None: it is not."""
    if not settings.audience_log:
        return None
    return AudienceLogOptions(
        path=settings.audience_log,
        format=settings.audience_format,
        address=settings.audience_address,
        flush_seconds=settings.audience_flush_seconds,
        node=settings.node_name,
        worker=settings.node_name if is_worker else "",
        secret=secret_keys(settings)[0],
    )


def secret_keys(settings: Settings) -> list[str]:
    """Return the secrets, the current one first."""
    return [secret.get_secret_value() for secret in settings.secret_keys]


def webhook_options(settings: Settings) -> WebhookOptions:
    """Return who is told what happens to streams."""
    domain = settings.stream_domain
    return WebhookOptions(
        targets=webhook_targets(settings),
        rules=AddressRules.parse(settings.webhook_allow_private),
        base=f"{settings.stream_scheme or 'https'}://{domain}" if domain else "",
        grace_seconds=settings.source_grace_seconds,
        version=__version__,
    )


class AuthHooks(NamedTuple):
    """What asks programs of the station's; None: there is none."""

    listen: AuthHook | None
    source: AuthHook | None

    def close(self) -> None:
        """Give up the questions that are not answered yet."""
        for hook in filter(None, self):
            hook.close()


def auth_hooks(settings: Settings, now: Callable[[], float], metrics: CollectorRegistry) -> AuthHooks:
    """Return what asks the programs of LISTEN_AUTH_URL and SOURCE_AUTH_URL."""
    failures = AuthHookMetrics(metrics)
    options = HookOptions(
        token=settings.auth_hook_token.get_secret_value(),
        is_icecast=settings.auth_hook_format == "icecast",
        timeout_seconds=settings.auth_hook_timeout_seconds,
        cache_seconds=settings.auth_hook_cache_seconds,
        fails_open=settings.auth_hook_failure == "open",
    )
    listen_url, source_url = settings.listen_auth_url, settings.source_auth_url
    return AuthHooks(
        AuthHook(listen_url, options, now, failures.count_listen) if listen_url else None,
        AuthHook(source_url, options, now, failures.count_source) if source_url else None,
    )


def listen_jwt(settings: Settings) -> ListenJwt | None:
    """Return what checks tokens of an identity provider; None: there is none."""
    if not settings.listen_jwt_jwks:
        return None
    return ListenJwt(
        settings.listen_jwt_jwks, audience=settings.listen_jwt_audience, issuer=settings.listen_jwt_issuer
    )


def recordings(
    settings: Settings, node: Node, metrics: CollectorRegistry, on_ready: "OnReady"
) -> "Recordings | None":
    """Return what records streams; None: this server keeps no recordings, and loads nothing of it."""
    if not settings.recordings_url:
        return None
    from audiocast.recordings.options import RecordingOptions
    from audiocast.recordings.service import Recordings
    from audiocast.telemetry.recording_metrics import RecordingMetrics

    node.streams.record = Record(settings.record)
    options = RecordingOptions(
        url=settings.recordings_url,
        chunk_seconds=settings.recording_chunk_seconds,
        gap_seconds=settings.show_gap_seconds,
        memory_bytes=settings.recording_memory_bytes,
        spool=Path(settings.recording_spool) if settings.recording_spool else None,
        spool_bytes=settings.recording_spool_bytes,
        keep_days=settings.recordings_keep_days,
        keep_bytes=settings.recordings_keep_bytes,
    )
    found = Recordings(options, node, on_ready=on_ready)
    RecordingMetrics(found, metrics)
    return found


def certificate_files(settings: Settings) -> CertificateFiles | None:
    """Return the files of the port with TLS; None: there is no such port.

    Raises:
        BadCertificate: They cannot be used, and a worker has got no other.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    last_good = settings.last_certificate if isinstance(settings, CheckedSettings) else None
    return CertificateFiles(settings.tls_certificate, settings.tls_key, last_good=last_good)
