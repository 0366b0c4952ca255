"""All of a server that knows of its audience: it is always counted, and written if there is a log."""

from prometheus_client import CollectorRegistry

from audiocast.cluster.node import Node
from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.hls_sessions import HlsSessions
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.telemetry.audience_log.audience_log import AudienceLog, AudienceLogOptions
from audiocast.telemetry.audience_log.tracks import TrackChanges
from audiocast.telemetry.audience_metrics import AudienceMetrics


class AudienceKeeper:
    """See the module.

    Args:
        node: This member, and its streams.
        options: Of the log; None: there is none.
        metrics: Registry.

    Attributes:
        audience: Counts.
        hls_sessions: Those of this member.
        is_written: There is a log, so that it matters who listens.
    """

    def __init__(self, node: Node, options: AudienceLogOptions | None, metrics: CollectorRegistry) -> None:
        self._node = node
        streams = node.streams
        self.audience = Audience(streams.clock)
        self.hls_sessions = HlsSessions(
            self.audience, streams.clock, streams.counters, is_leaving=lambda: node.is_draining
        )
        AudienceMetrics(self.audience, self.hls_sessions, metrics)
        self.is_written = options is not None
        self._log: AudienceLog | None = None
        if options is not None:
            tracks = TrackChanges(lambda: streams, self._owns)
            self._log = AudienceLog(options, self.audience, tracks, streams.clock, metrics)

    def start(self) -> None:
        """Keep curves and write, from now on."""
        self.audience.start()
        if self._log is not None:
            self._log.start()

    def note_end(self) -> None:
        """Write what else is known of streams, before they end with the server."""
        if self._log is not None:
            self._log.end_tracks()

    def stop(self) -> None:
        """End what is still open, since the server stops, and write what is to be written."""
        self.hls_sessions.stop()
        self.audience.stop(ListenEnd.SERVER_STOPPED)
        if self._log is not None:
            self._log.stop()

    def _owns(self, stream_id: str) -> bool:
        return self._node.is_alone or self._node.owns(stream_id)
