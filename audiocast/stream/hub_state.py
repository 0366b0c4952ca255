"""How a hub behaves, what is shown of its stream, and what outlives it: promises to keys.

A hub costs kilobytes and a promise a hundred bytes, so that ended stays ended, and replaced stays replaced,
when a hub is forgotten. Promises are bounded all the same. Only who has the secret makes keys of a
generation, but everybody may start and end a stream where no API token is asked for: so ended streams have a
table of their own, and any number of them pushes out no generation.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from audiocast.stream.broadcaster.broadcast_record import LastBroadcast
from audiocast.stream.errors import BadKey, StreamEnded, StreamSuspended
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.now_playing import NowPlaying

# Of each kind. An id of 64 characters with its entry takes about 250 bytes: 5 MB for each table.
MAX_PROMISES = 20_000

# All of them are told at once, in 150 KB at most.
MAX_ENDS = 1_000


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How a stream behaves.

    Attributes:
        backlog_seconds, backlog_bytes: Bounds of the backlog; whichever is met first.
        active_seconds: A source that has sent audio within this time is live.
        grace_seconds: How long listeners are held without a source.
        return_seconds: How long a better source that is back is good before it is heard again.
        loop_folder: Where the files are that streams play while they have no source; empty: nowhere.
        log_sources: Keep the sources' own pages too, as long as the backlog, for other nodes.
        fanout: How listeners are served.
    """

    backlog_seconds: float = 20.0
    backlog_bytes: int = 262_144
    active_seconds: float = 2.5
    grace_seconds: float = 30.0
    return_seconds: float = 5.0
    loop_folder: str = ""
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
        listeners: Open listeners on this node, and sessions of HLS.
        listener_peak: The most that listened at once since the broadcast began: on this node, or on all
            nodes together whenever these were asked.
        is_muted: Listeners get silence instead of the source's sound, as the broadcaster wants it.
        last_broadcast: The one before, while nothing is on; None when this node knows of none.
        channels: 1 for mono, 2 for stereo, more for surround; None while nothing is on.
        bitrate_bps: What one listener gets, Ogg's own bytes included, as a mean over the backlog; None while
            nothing is on.
        backlog_seconds: How much audio a listener can get at once.
        page_seconds: How much audio the source puts on a page, and so by how much it delays everybody; None
            without a source. The longer of its last two pages: the last page of a track is a short one.
        burst_seconds: How much audio the source sends at once, of late, and at least a page of
            it; None without a source.
        source_priority: Of the source that is heard, 0 is the best; None without a source.
        standby: How many sources are connected that are not heard, since a better one is.
        source_faults: By error code, how many pages and packets of the source were dropped because they are
            damaged; empty without a source.
        now_playing: Title and artist, as far as known.
    """

    stream_id: str
    title: str
    state: HubState
    started_at: float | None
    listeners: int
    listener_peak: int
    is_muted: bool
    last_broadcast: LastBroadcast | None
    channels: int | None
    bitrate_bps: int | None
    backlog_seconds: float
    page_seconds: float | None
    burst_seconds: float | None
    source_priority: int | None
    standby: int
    source_faults: dict[str, int]
    now_playing: NowPlaying | None


class Promise(NamedTuple):
    """What holds for the keys of one stream.

    Attributes:
        generation: A key of a lower one is refused.
        is_closed: The broadcaster has ended the stream for good.
    """

    generation: int = 0
    is_closed: bool = False

    def check(self, generation: int) -> None:
        """Check that a key of this generation is good.

        Raises:
            StreamEnded: The broadcaster has ended the stream.
            BadKey: A newer key was used.
        """
        if self.is_closed:
            raise StreamEnded("the stream was ended by its broadcaster; start a new one")
        if generation < self.generation:
            raise BadKey("the ingest key was replaced by a newer one")

    def with_generation(self, generation: int) -> "Promise":
        """Return what holds when a source with a key of this generation is known to be on the air.

        An end by a key that was replaced by then was none.
        """
        if generation <= self.generation:
            return self
        return Promise(generation)


# Of a stream that no key has used and nobody has ended.
NO_PROMISE = Promise()


class Rule(NamedTuple):
    """What holds for one stream.

    Attributes:
        generation: A key of a lower one is refused.
        is_suspended: No source may come, until this is said to be over.
        is_ended: Its broadcaster has ended it; no source may come until it is reopened, or this is said no
            more.
        links_revoked_at_ms: Listen tokens that were made before are revoked, Unix milliseconds; 0: none is.
    """

    generation: int = 0
    is_suspended: bool = False
    is_ended: bool = False
    links_revoked_at_ms: int = 0


# Of a stream that nothing is said of any more.
NO_RULE = Rule()


class Suspensions(set[str]):
    """Ids of the streams that whoever runs the servers has suspended. The operator tells each process."""

    def check(self, stream_id: str) -> None:
        """Check that sources of a stream may come.

        Raises:
            StreamSuspended: They may not.
        """
        if stream_id in self:
            raise StreamSuspended("the stream is suspended by whoever runs the server; ask them")


class StreamEnd(NamedTuple):
    """What a broadcaster has done with a stream last: ended it for good, or begun anew under its id.

    Attributes:
        stream_id: The stream.
        generation: That of the key that has ended it.
        at: When this process has learned it, in Unix seconds.
        is_reopened: Sources may come again.
    """

    stream_id: str
    generation: int
    at: float
    is_reopened: bool


class Ends:
    """The newest ends of streams whose keys have a generation; the operator asks for them.

    Only who has the secret makes such keys, so nobody else can push one of them out.

    Args:
        max_ends: How many are kept.
    """

    def __init__(self, max_ends: int = MAX_ENDS) -> None:
        self._max_ends = max_ends
        self._ends: OrderedDict[str, StreamEnd] = OrderedDict()

    def __iter__(self) -> Iterator[StreamEnd]:
        return iter(self._ends.values())

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._ends

    def is_reopened(self, stream_id: str) -> bool:
        """Return whether the last of them is that sources may come again."""
        end = self._ends.get(stream_id)
        return end is not None and end.is_reopened

    def note(self, stream_id: str, generation: int) -> None:
        """Note that a key of this generation has ended a stream."""
        if generation:
            self._keep(StreamEnd(stream_id, generation, time.time(), is_reopened=False))

    def note_reopening(self, stream_id: str) -> None:
        """Note that an end is over, whether or not this process has learned of it by itself."""
        end = self._ends.get(stream_id)
        generation = end.generation if end is not None else 1
        self._keep(StreamEnd(stream_id, generation, time.time(), is_reopened=True))

    def _keep(self, end: StreamEnd) -> None:
        self._ends.pop(end.stream_id, None)
        self._ends[end.stream_id] = end
        if len(self._ends) > self._max_ends:
            self._ends.popitem(last=False)


class Promises:
    """Promises by stream id; of each kind the newest `max_promises`.

    Args:
        max_promises: Bound of each table.
    """

    def __init__(self, max_promises: int = MAX_PROMISES) -> None:
        self._max_promises = max_promises
        self._generations: OrderedDict[str, int] = OrderedDict()
        self._closed: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._generations or stream_id in self._closed

    def __len__(self) -> int:
        return len(self._generations) + len(self._closed)

    def get(self, stream_id: str) -> Promise:
        """Return what holds for a stream; nothing, if the stream is not known."""
        return Promise(self._generations.get(stream_id, 0), stream_id in self._closed)

    def keep(self, stream_id: str, promise: Promise) -> None:
        """Keep what holds for a stream from now on; the oldest entry of a full table is dropped."""
        self.drop(stream_id)
        if promise.generation:
            self._generations[stream_id] = promise.generation
            self._trim(self._generations)
        if promise.is_closed:
            self._closed[stream_id] = None
            self._trim(self._closed)

    def drop(self, stream_id: str) -> None:
        """Forget a stream."""
        self._generations.pop(stream_id, None)
        self._closed.pop(stream_id, None)

    def _trim(self, table: OrderedDict[str, int] | OrderedDict[str, None]) -> None:
        if len(table) > self._max_promises:
            table.popitem(last=False)
