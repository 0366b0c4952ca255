"""The composition root, where parts are built: settings become objects, which serve and stop."""

import asyncio
import gc
import signal
from functools import partial

import structlog

from audiocast import __version__
from audiocast.access_rules_file import AccessRulesFile
from audiocast.aliases_file import read_aliases
from audiocast.cluster import hls_router
from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.discovery.peers_setting import parse_peers
from audiocast.cluster.drain import Drain
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import MAX_REQUEST_BYTES
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from audiocast.cluster.stream_directory import StreamDirectory
from audiocast.hls.muxer import HlsMuxers
from audiocast.limits import (
    audience_log_options,
    auth_hooks,
    certificate_files,
    client_budgets,
    hub_limits,
    limits,
    listen_jwt,
    other_formats,
    pod_of,
    recordings,
    secret_keys,
    urls,
    webhook_options,
    with_secret,
)
from audiocast.process import allow_many_connections, process_metrics, stop_with_parent, wait_for_first
from audiocast.rules_file import RulesFile
from audiocast.settings import Settings
from audiocast.stream.access.listen_tokens import ListenTokens
from audiocast.stream.access.tenant_tokens import TenantTokens
from audiocast.stream.admission import Admission
from audiocast.stream.keys import Keys, ListStreams
from audiocast.stream.registry import Registry
from audiocast.telemetry.audience_log.keeper import AudienceKeeper
from audiocast.telemetry.client_metrics import ClientMetrics
from audiocast.telemetry.cluster_metrics import ClusterMetrics
from audiocast.telemetry.loop_lag import LoopLag
from audiocast.telemetry.metrics import StreamMetrics
from audiocast.telemetry.requests import RefusedRequests, RequestLog
from audiocast.telemetry.tls_metrics import TlsMetrics
from audiocast.telemetry.webhook_metrics import WebhookMetrics
from audiocast.web.http.access.listen_authority import ListenAuthority
from audiocast.web.http.access.listen_gate import ListenGate
from audiocast.web.http.access.listener_limits import ListenerLimits
from audiocast.web.http.access.tenants import Tenants
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.bans.bans import Bans
from audiocast.web.http.clients import Clients
from audiocast.web.http.handlers import MAX_BODY_BYTES
from audiocast.web.http.last_refusals import LastRefusals
from audiocast.web.http.server import Server
from audiocast.web.http.services import Readiness, Services
from audiocast.web.http.state_feed import StateFeeds, Watchers
from audiocast.web.http.tls.server import TlsServer
from audiocast.web.public.streams import public_state
from audiocast.web.routes import internal_application, public_application
from audiocast.webhook_targets_file import WebhookTargetsFile
from audiocast.webhooks.service import Webhooks

log = structlog.get_logger()

# How long a stopping server waits until last pages and answers are sent.
FLUSH_SECONDS = 1.0


class App:
    """A whole server in one event loop. Made inside the running loop.

    Args:
        settings: All settings, with a secret (see `with_secret`).
        is_worker: The server is one of several on the same port.
    """

    def __init__(self, settings: Settings, *, is_worker: bool = False) -> None:
        metrics = process_metrics()
        streams = Registry(
            clock=asyncio.get_running_loop(), limits=hub_limits(settings), max_streams=settings.max_streams
        )
        admission = Admission(
            streams.counters,
            max_listeners=settings.max_listeners,
            max_waiting=settings.max_waiting_listeners,
            max_egress_bps=settings.max_egress_mbps * 1e6,
            max_lag_seconds=settings.max_loop_lag_ms / 1000,
        )
        hls_muxers = HlsMuxers(streams.clock)
        api_tokens = tuple(token.get_secret_value() for token in settings.api_tokens)
        trusted_proxies = TrustedProxies(settings.trusted_proxies)
        clients = Clients(
            client_budgets(settings),
            trusted_proxies=trusted_proxies,
            api_tokens=api_tokens,
            now=streams.clock.time,
        )
        ClientMetrics(clients.refused, lambda: len(clients), metrics)
        StreamMetrics(
            streams,
            metrics,
            admission=admission,
            hls_muxers=hls_muxers,
            version=__version__,
            node=settings.node_name,
        )
        self._lag = LoopLag(metrics, self._note_lag)
        discovery = parse_peers(settings.peers, pod=pod_of(settings), internal_port=settings.internal_port)
        self._resolver = AddressResolver()
        identity = Identity.of_new_process(settings.node_name)
        signer = Signer(secret_keys(settings), identity) if discovery is not None else None
        self.node = Node(
            settings.node_name,
            internal_port=lambda: self.internal.port,
            discovery=discovery,
            client=PeerClient(signer, self._resolver),
            greeting_client=PeerClient(signer, self._resolver),
            unlisted_client=PeerClient(signer, self._resolver),
            signer=signer,
            streams=streams,
            hls_streams=hls_muxers.first_numbers,
        )
        self._hls_router = hls_router.HlsRouter(
            self.node,
            PeerClient(
                signer,
                self._resolver,
                max_requests=hls_router.MAX_REQUESTS,
                answer_seconds=hls_router.ANSWER_SECONDS,
            ),
        )
        self.drain = Drain(self.node, seconds=settings.drain_seconds, on_change=self._note_drain)
        ClusterMetrics(self.node, metrics)
        self._audience = AudienceKeeper(
            self.node, audience_log_options(settings, is_worker=is_worker), metrics
        )
        self._readiness = Readiness()
        self._rules = RulesFile(settings.stream_rules_file, streams, metrics)
        directory, keys = StreamDirectory(self.node), Keys(secret_keys(settings))
        bans = Bans(trusted_proxies, is_on=bool(settings.access_rules_file))
        self._access_rules = AccessRulesFile(settings.access_rules_file, bans, metrics)
        self._webhooks = Webhooks(webhook_options(settings), self.node, directory)
        self._webhook_targets = WebhookTargetsFile(settings.webhook_targets_file, self._webhooks)
        WebhookMetrics(self._webhooks, metrics)
        gate = ListenGate(ListenTokens(secret_keys(settings)), keys, self.node, api_tokens)
        self._auth_hooks = auth_hooks(settings, streams.clock.time, metrics)
        self._services = Services(
            streams=streams,
            keys=keys,
            **other_formats(settings, streams, metrics)._asdict(),
            listener_limits=ListenerLimits(self.node, directory),
            tenants=Tenants(TenantTokens(secret_keys(settings)), self.node),
            listen_gate=gate,
            listen_authority=ListenAuthority(gate, clients, self._auth_hooks.listen, listen_jwt(settings)),
            source_hook=self._auth_hooks.source,
            urls=urls(settings, trusted_proxies),
            metrics=metrics,
            api_tokens=api_tokens,
            node=self.node,
            drain=self.drain,
            directory=directory,
            admission=admission,
            hls_muxers=hls_muxers,
            hls_router=self._hls_router,
            state_feeds=StateFeeds(
                partial(public_state, node=self.node, directory=directory),
                Watchers(settings.max_listeners),
                stall_seconds=settings.listener_stall_seconds,
            ),
            clients=clients,
            audience=self._audience,
            bans=bans,
            stalled_seconds=self._lag.stalled_seconds,
            version=__version__,
            aliases=read_aliases(settings.aliases_file),
            list_streams=ListStreams(settings.list_streams),
            recordings=recordings(settings, self.node, metrics, self._webhooks.note_ready),
            last_refusals=LastRefusals(on_note=self._webhooks.note_refusal),
        )
        handler_limits = limits(settings)
        log_request = RequestLog(metrics)
        note_refusal = RefusedRequests(metrics)
        application = public_application(self._services, handler_limits, log_request)
        self.public = Server(
            application,
            host=settings.host,
            port=settings.port,
            max_body_bytes=MAX_BODY_BYTES,
            note_refusal=note_refusal,
            stall_seconds=settings.listener_stall_seconds,
            shares_port=is_worker,
        )
        self.secure: TlsServer | None = None
        files = self._certificate = certificate_files(settings)
        if files is not None:
            tls_metrics = TlsMetrics(
                metrics, expires_at=lambda: files.current.expires_at, is_refused=lambda: files.is_refused
            )
            self.secure = TlsServer(
                application,
                context=lambda: files.current.context,
                clients=clients,
                count_handshake=tls_metrics.count_handshake,
                host=settings.host,
                port=settings.tls_port,
                max_body_bytes=MAX_BODY_BYTES,
                note_refusal=note_refusal,
                stall_seconds=settings.listener_stall_seconds,
                shares_port=is_worker,
                queue=self.public.queue,
            )
            self.public.tls_hint = f"https:// links have port {self.secure.port}"
        self._readiness.can_accept = lambda: all(server.can_accept for server in self._public_servers)
        self.internal = Server(
            internal_application(self._services, handler_limits, self._readiness, log_request),
            host=settings.internal_host,
            port=settings.internal_port,
            max_body_bytes=MAX_REQUEST_BYTES,
            note_refusal=note_refusal,
            shares_port=is_worker,
        )

    async def start(self) -> None:
        """Start to serve; ready when this member has found the others."""
        self._lag.start()
        await self._rules.start()
        await self._access_rules.start()
        self._services.aliases.announce(self._services.streams)
        self.internal.start()
        for server in self._public_servers:
            server.start()
        if self._certificate is not None:
            self._certificate.watch()
        await self.node.start()
        await self._webhook_targets.start()
        if self._services.recordings is not None:
            self._services.recordings.start()
        self._webhooks.start()
        self._audience.start()
        self._readiness.is_serving = True

    @property
    def _public_servers(self) -> list[Server]:
        return [self.public] if self.secure is None else [self.public, self.secure]

    def _note_lag(self, now: float, lag_seconds: float) -> None:
        self._services.admission.measure(now, lag_seconds)
        self.node.membership.note_lag(now, lag_seconds)

    def _note_drain(self, draining: bool) -> None:
        self._readiness.is_serving = not draining

    async def stop(self) -> None:
        """End all streams properly, then close everything."""
        self._readiness.is_serving = False
        for server in self._public_servers:
            server.stop_accepting()
        if self._certificate is not None:
            self._certificate.stop()
        self._rules.stop()
        self._webhook_targets.stop()
        self._audience.note_end()
        self._access_rules.stop()
        await self.node.stop()
        self._services.end_streams()
        counters = self._services.streams.counters
        deadline = asyncio.get_running_loop().time() + FLUSH_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
            if not counters.listeners and not counters.sources:
                break
        self._audience.stop()
        # One more turn of the loop for the answers to sources, which are sent in a call of their own.
        await asyncio.sleep(0.1)
        if self._services.recordings is not None:
            await self._services.recordings.stop()
        await self._webhooks.stop()
        self._auth_hooks.close()
        self._services.conversions.workers.close()
        self._hls_router.close()
        self._resolver.close()
        for server in self._public_servers:
            await server.close()
        self.internal.stop_accepting()
        await self.internal.close()
        self._lag.stop()
        log.info("stopped")


async def serve(settings: Settings, *, is_worker: bool = False) -> None:
    """Run a server until SIGTERM or SIGINT; a worker also until its parent is gone."""
    allow_many_connections()
    app = App(with_secret(settings), is_worker=is_worker)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if is_worker:
        stop_with_parent(stop)
    # A member that does not find the others can be stopped before it has started.
    await wait_for_first(app.start(), stop.wait())
    if not stop.is_set():
        log.info(
            "worker_serving" if is_worker else "serving",
            port=app.public.port,
            internal_port=app.internal.port,
            version=__version__,
            **({} if app.secure is None else {"tls_port": app.secure.port}),
        )
    # Objects that exist now stay. The collector skips them from now on, and finds a crowd's garbage sooner.
    gc.collect()
    gc.freeze()
    await stop.wait()
    if not app.node.is_alone:
        app.drain.start()
        again = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, again.set)
        await wait_for_first(app.drain.done.wait(), again.wait())
    for number in (signal.SIGTERM, signal.SIGINT):
        # A second signal ends the process at once.
        loop.remove_signal_handler(number)
    await app.stop()
