"""Every handler of a route has the name in metrics that dashboards know, and its level in the log."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector
from tornado.routing import Rule, RuleRouter
from tornado.web import Application

from audiocast.telemetry.requests import LoggedHandler
from audiocast.web.http.services import Readiness
from audiocast.web.routes import health_application, internal_application, public_application

PUBLIC = {
    "AccessCode", "Asset", "Audience", "BroadcastPage", "Calendar", "ControlPage", "Cover", "EmbedPage",
    "Events", "GivenCover", "History", "Hls", "Home", "IcecastKill", "IcecastListeners", "IcecastMetadata",
    "IcecastMissing", "IcecastMounts", "IcecastStats", "Icon", "Ingest", "IngestSocket", "Listen",
    "Keys", "ListenLinks", "ListenPage", "Metadata", "NotFound", "OEmbed", "OpenApi", "Playlist", "Qr",
    "RecordingSwitch", "Recordings", "Rewind", "Show", "ShowFile", "ShowIndex", "ShowPart",
    "RevokeListenLinks", "Script", "SelfTestPage", "ServerOptions", "Start", "State", "Status", "Streams",
}  # fmt: skip
HEALTH = {"Error", "Live", "Metrics", "Ready"}
MEMBERS = {
    "Changes", "Drain", "Forward", "Goodbye", "Hello", "MemberAudience", "MemberCover", "MemberHls",
    "MemberPlaying", "MemberReopen", "MemberRules", "MemberStatus", "MemberStream", "MemberStreams", "Relay",
}  # fmt: skip


def applications() -> tuple[Application, Application, Application]:
    """Make all ports; no handler is, so no part of a node is needed."""
    parts: Any = None

    async def get_metrics() -> Collector:
        return CollectorRegistry()

    async def is_ready() -> bool:
        return True

    return (
        public_application(parts, parts, lambda _: None),
        internal_application(parts, parts, Readiness(), lambda _: None),
        health_application(get_metrics, is_ready),
    )


def handlers(rules: list[Rule]) -> Iterator[type[LoggedHandler]]:
    for rule in rules:
        if isinstance(rule.target, RuleRouter):
            yield from handlers(rule.target.rules)
        else:
            assert issubclass(rule.target, LoggedHandler), f"{rule.target} cannot be logged"
            yield rule.target


def of(application: Application) -> set[type[LoggedHandler]]:
    return {*handlers(application.default_router.rules), application.settings["default_handler_class"]}


def test_metrics_and_logs_know_every_handler_by_its_name() -> None:
    public, internal, health = ({handler.metric_label for handler in of(each)} for each in applications())
    assert (public, internal, health) == (PUBLIC, HEALTH | MEMBERS, HEALTH)


def test_no_two_handlers_have_the_same_name() -> None:
    every = set().union(*map(of, applications()))
    assert len(every) == len({handler.metric_label for handler in every})


def test_only_what_is_asked_every_few_seconds_is_quiet_and_only_streams_are_long_lived() -> None:
    every = set().union(*map(of, applications()))
    quiet = {handler.metric_label for handler in every if handler.refusal_level == "debug"}
    long_lived = {handler.metric_label for handler in every if handler.is_long_lived}
    assert (quiet, long_lived) == ({"Live", "Metrics", "Ready"}, {"Ingest", "Events"})
