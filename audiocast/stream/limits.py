"""How a stream behaves, as plain numbers."""

from dataclasses import dataclass, field

from audiocast.stream.fanout import FanoutLimits


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How a stream behaves.

    Attributes:
        backlog_seconds: Bound of the backlog.
        backlog_bytes: The other bound of the backlog.
        active_seconds: Data seen within it: live.
        grace_seconds: How long listeners are held without a source.
        log_sources: Keep the sources' own pages too, as long as the backlog, for other nodes.
        fanout: How listeners are served.
    """

    backlog_seconds: float = 20.0
    backlog_bytes: int = 262_144
    active_seconds: float = 2.5
    grace_seconds: float = 30.0
    log_sources: bool = False
    fanout: FanoutLimits = field(default_factory=FanoutLimits)
