"""How a hub behaves, and what is shown of its stream: the state in one word, and a snapshot."""

from dataclasses import dataclass, field
from enum import StrEnum

from audiocast.stream.fanout import FanoutLimits
from audiocast.stream.now_playing import NowPlaying


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How a stream behaves.

    Attributes:
        backlog_seconds, backlog_bytes: Bounds of the backlog; whichever is met first.
        active_seconds: A source that has sent audio within this time is live.
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


class HubState(StrEnum):
    """What listeners are told of the stream; the transitions are drawn in `audiocast.stream.hub`."""

    WAITING = "waiting"
    LIVE = "live"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class HubSnapshot:
    """A stream on one node, as of the moment of the call of `Hub.describe`.

    Attributes:
        stream_id: The stream's id.
        title: What the broadcaster calls the stream; may be empty.
        state: See `HubState`.
        started_at: When the present broadcast began, unix seconds; None while nothing is on.
        listeners: Open listeners on this node.
        listener_peak: The most that listened at once on this node since the broadcast began.
        channels: 1 for mono, 2 for stereo, more for surround; None while nothing is on.
        bitrate_bps: What one listener gets, Ogg's own bytes included, as a mean over the backlog; None while
            nothing is on.
        backlog_seconds: How much audio a listener can get at once.
        page_seconds: How much audio the source puts on a page, and so by how much it delays everybody; None
            without a source. The longer of its last two pages: the last page of a track is a short one.
        now_playing: Title and artist, as far as known.
    """

    stream_id: str
    title: str
    state: HubState
    started_at: float | None
    listeners: int
    listener_peak: int
    channels: int | None
    bitrate_bps: int | None
    backlog_seconds: float
    page_seconds: float | None
    now_playing: NowPlaying | None
