"""Which handler has which path, on each port."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client.registry import Collector
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from audiocast.cluster.audience.audience_messages import AUDIENCE
from audiocast.cluster.protocol import (
    CHANGES,
    COVER,
    DRAIN,
    FORWARD,
    GOODBYE,
    HELLO,
    HLS,
    PLAYING,
    RELAY,
    REOPEN,
    RULES,
    STATUS,
    STREAM,
    STREAMS,
    route,
)
from audiocast.telemetry.requests import LoggedHandler
from audiocast.web.http.compression import PageCompression
from audiocast.web.http.services import Limits, Readiness, Services
from audiocast.web.icecast.admin import (
    IcecastKillHandler,
    IcecastListenersHandler,
    IcecastMissingHandler,
    IcecastMountsHandler,
    IcecastStatsHandler,
)
from audiocast.web.icecast.alias_routes import find_handler
from audiocast.web.icecast.metadata import IcecastMetadataHandler
from audiocast.web.icecast.options import ServerOptionsHandler
from audiocast.web.icecast.status import IcecastStatusHandler
from audiocast.web.internal.health import (
    GetMetrics,
    IsReady,
    LiveHandler,
    MemberStatusHandler,
    MetricsHandler,
    ReadyHandler,
    UnknownPathHandler,
)
from audiocast.web.internal.hls import MemberHlsHandler
from audiocast.web.internal.members import (
    ChangesHandler,
    DrainHandler,
    ForwardHandler,
    GoodbyeHandler,
    HelloHandler,
    MemberCoverHandler,
    MemberPlayingHandler,
    MemberReopenHandler,
    MemberRulesHandler,
    MemberStreamHandler,
    MemberStreamsHandler,
    RelayHandler,
)
from audiocast.web.pages.assets import AssetHandler, ScriptHandler
from audiocast.web.pages.calendar_event import CalendarHandler
from audiocast.web.pages.cover import CoverHandler
from audiocast.web.pages.drawings import Drawings
from audiocast.web.pages.embed import EmbedPageHandler, OEmbedHandler
from audiocast.web.pages.home import HomeHandler
from audiocast.web.pages.icon import IconHandler
from audiocast.web.pages.let_in import AccessCodeHandler
from audiocast.web.pages.listen import ListenPageHandler
from audiocast.web.pages.openapi import OpenApiHandler
from audiocast.web.pages.page import (
    BroadcastPageHandler,
    ControlPageHandler,
    NotFoundHandler,
    SelfTestPageHandler,
)
from audiocast.web.pages.qr import QrHandler
from audiocast.web.public.access.further_keys import KeysHandler
from audiocast.web.public.access.listen_links import ListenLinksHandler, RevokeListenLinksHandler
from audiocast.web.public.audience import AudienceHandler, MemberAudienceHandler
from audiocast.web.public.covers.given import GivenCoverHandler
from audiocast.web.public.events import EventsHandler
from audiocast.web.public.hls import HlsHandler
from audiocast.web.public.ingest import IngestHandler
from audiocast.web.public.ingest_socket import IngestSocketHandler
from audiocast.web.public.listen import ListenHandler
from audiocast.web.public.metadata import MetadataHandler
from audiocast.web.public.playlists import PlaylistHandler
from audiocast.web.public.recordings.rewind import PartHandler, RewindHandler
from audiocast.web.public.recordings.show import ShowFileHandler, ShowHandler, ShowIndexHandler
from audiocast.web.public.recordings.shows import RecordingsHandler, RecordingSwitchHandler
from audiocast.web.public.start import StartHandler
from audiocast.web.public.streams import HistoryHandler, StreamsHandler, StreamStateHandler

FOLDER = Path(__file__).parent

LogRequest = Callable[[LoggedHandler], None]
Route = tuple[str, type[RequestHandler], dict[str, Any]]


class PublicApplication(Application):
    """The public port: its routes, and the aliases behind them, which are known only from a file."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return what handles a request. Aliases are asked last, so that none hides a route."""
        found = self.default_router.find_handler(request)
        if found is None:
            own = self.settings["default_handler_args"]
            alias = find_handler(own["services"].aliases, request)
            if alias is not None:
                return self.get_handler_delegate(request, alias[0], own, alias[1])
        return found or super().find_handler(request, **kwargs)


def public_application(services: Services, limits: Limits, log_request: LogRequest) -> Application:
    """Return the contract's public port."""
    own = {"services": services, "limits": limits}
    return PublicApplication(
        [
            (r"\*", ServerOptionsHandler, own),
            (r"/", HomeHandler, own),
            (r"/broadcast/?", BroadcastPageHandler, own),
            (r"/control/([^/]*)/?", ControlPageHandler, own),
            (r"/selftest/?", SelfTestPageHandler, own),
            (r"/api/start", StartHandler, own),
            (r"/api/openapi\.json", OpenApiHandler, own),
            (r"/api/streams", StreamsHandler, own),
            (r"/api/streams/([^/]*)", StreamStateHandler, own),
            (r"/api/streams/([^/]*)/events", EventsHandler, own),
            (r"/api/streams/([^/]*)/history", HistoryHandler, own),
            (r"/api/streams/([^/]*)/metadata", MetadataHandler, own),
            (r"/api/streams/([^/]*)/cover", GivenCoverHandler, own),
            (r"/api/streams/([^/]*)/audience", AudienceHandler, own),
            (r"/api/streams/([^/]*)/keys", KeysHandler, own),
            (r"/api/streams/([^/]*)/listen-links", ListenLinksHandler, own),
            (r"/api/streams/([^/]*)/listen-links/revoke", RevokeListenLinksHandler, own),
            (r"/api/streams/([^/]*)/recordings", RecordingsHandler, own),
            (r"/api/streams/([^/]*)/recording", RecordingSwitchHandler, own),
            (r"/api/streams/([^/]*)/rewind", RewindHandler, own),
            (r"/recordings/([^/]*)/parts/(\d{1,15})\.opus", PartHandler, own),
            (r"/recordings/([^/]*)\.opus", ShowFileHandler, own),
            (r"/recordings/([^/]*)\.json", ShowIndexHandler, own),
            (r"/recordings/([^/.]*)", ShowHandler, own),
            (r"/admin/metadata", IcecastMetadataHandler, own),
            (r"/admin/stats", IcecastStatsHandler, own),
            (r"/admin/listmounts", IcecastMountsHandler, own),
            (r"/admin/listclients", IcecastListenersHandler, own),
            (r"/admin/killsource", IcecastKillHandler, own),
            (r"/status\.xsl", IcecastMissingHandler, own),
            (r"/7\.html", IcecastMissingHandler, own),
            (r"/status-json\.xsl", IcecastStatusHandler, own),
            (r"/ingest/([^/]*)", IngestHandler, own),
            (r"/ingest/([^/]*)/ws", IngestSocketHandler, own),
            (r"/stream/([^/]*)\.(m3u|pls)/?", PlaylistHandler, own),
            (r"/stream/([^/]*)/hls/(.*)", HlsHandler, own),
            (r"/stream/([^/]*)\.(mp3|aac)/?;?", ListenHandler, own),
            # Players that know SHOUTcast put ";" behind an address: its server tells them by it.
            (r"/stream/([^/]*?)(?:\.opus|\.ogg)?/?;?", ListenHandler, own),
            (r"/listen/([^/]*)/qr\.(svg|png)", QrHandler, own),
            (r"/listen/([^/]*)/cover(?:\.(svg|png)|(-square)\.png)", CoverHandler, own),
            (r"/listen/([^/]*)/calendar\.ics", CalendarHandler, own),
            (r"/listen/([^/]*)/?", ListenPageHandler, own),
            (r"/listen/([^/]*)/code", AccessCodeHandler, own),
            (r"/embed/([^/]*)/?", EmbedPageHandler, own),
            (r"/oembed", OEmbedHandler, own),
            (r"/scripts/(.*)", ScriptHandler, own),
            (r"/icon(-square)?-([0-9]{1,4})\.png", IconHandler, own),
        ],
        log_function=log_request,
        default_handler_class=NotFoundHandler,
        default_handler_args=own,
        template_path=str(FOLDER / "pages" / "templates"),
        static_path=str(FOLDER / "static"),
        static_handler_class=AssetHandler,
        transforms=[PageCompression],
        # Apart: codes and covers are as many as strangers ask for, icons are six, and there is one document.
        qr_drawings=Drawings(),
        # Of some 80 KB each.
        cover_drawings=Drawings(max_kept=64),
        icon_drawings=Drawings(),
    )


def internal_application(
    services: Services, limits: Limits, readiness: Readiness, log_request: LogRequest
) -> Application:
    """Return the internal port."""
    own = {"services": services, "limits": limits}

    async def get_metrics() -> Collector:
        return services.metrics

    async def is_ready() -> bool:
        return readiness.is_ready

    return Application(
        [
            *_health_routes(get_metrics, is_ready),
            (STATUS, MemberStatusHandler, own),
            (HELLO, HelloHandler, own),
            (GOODBYE, GoodbyeHandler, own),
            (CHANGES, ChangesHandler, own),
            (DRAIN, DrainHandler, own),
            (STREAMS, MemberStreamsHandler, own),
            (route(STREAM), MemberStreamHandler, own),
            (route(PLAYING), MemberPlayingHandler, own),
            (route(REOPEN), MemberReopenHandler, own),
            (route(COVER), MemberCoverHandler, own),
            (route(AUDIENCE), MemberAudienceHandler, own),
            (route(RULES), MemberRulesHandler, own),
            (route(HLS), MemberHlsHandler, own),
            (route(RELAY), RelayHandler, own),
            (route(FORWARD), ForwardHandler, own),
        ],
        log_function=log_request,
        default_handler_class=UnknownPathHandler,
    )


def health_application(get_metrics: GetMetrics, is_ready: IsReady) -> Application:
    """Return the internal port of a process that is no member itself, but speaks for several."""
    return Application(
        _health_routes(get_metrics, is_ready),
        log_function=lambda _: None,
        default_handler_class=UnknownPathHandler,
    )


def _health_routes(get_metrics: GetMetrics, is_ready: IsReady) -> list[Route]:
    return [
        (r"/metrics", MetricsHandler, {"get_metrics": get_metrics}),
        (r"/livez", LiveHandler, {}),
        (r"/readyz", ReadyHandler, {"is_ready": is_ready}),
    ]
