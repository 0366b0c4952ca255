"""What a pod reports at `GET /internal/status` and `/internal/streams`: the part that the operator reads."""

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

# The end of the year 9999: no later time can be written.
MAX_UNIX_SECONDS = 253_402_300_799


class _Report(BaseModel):
    """Base of the reports. The server may be newer than the operator, so unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class DrainProgress(_Report):
    """How far a drain is.

    Attributes:
        state: "no", "draining", or "done": nobody is left, or the time is up.
        listeners_left: Listeners that are still connected.
        sources_left: Encoders that are still connected.
        seconds_left: Time until the drain ends at the latest.
    """

    state: Literal["no", "draining", "done"] = "no"
    listeners_left: int = 0
    sources_left: int = 0
    seconds_left: float = 0.0


class MemberStatus(_Report):
    """What a pod reports about itself.

    Attributes:
        instance: Random text of the pod's process; signed requests are addressed to it.
        view: A hash of the members that the pod sees; equal at all pods that see the same ones.
        listeners: Listeners of the pod.
        live_streams: Streams that are on the air at the pod, whichever pod owns them.
        owned: Streams whose source is connected to the pod.
        egress_bytes: Bytes sent to listeners since the process started.
        drain: How far the pod's drain is.
    """

    instance: str = ""
    view: str
    listeners: int = 0
    live_streams: int = 0
    owned: int = 0
    egress_bytes: int = 0
    drain: DrainProgress = Field(default_factory=DrainProgress)


class StreamReport(_Report):
    """What a pod reports about a stream that is on the air at it.

    Attributes:
        stream_id: The stream's id.
        state: "waiting", "live", "held" or "ended".
        started_at: When the stream went on the air, in Unix seconds.
        listeners: Listeners at this pod.
        owner: Name of the pod that the source is connected to.
        is_owner: This pod is the owner.
        generation: The highest generation of a key that was used for the stream.
    """

    stream_id: str
    state: str = ""
    started_at: float | None = None
    listeners: int = 0
    owner: str | None = None
    is_owner: bool = False
    generation: int = 0


class EndReport(_Report):
    """What a pod reports about what a broadcaster has done last: ended a stream, or begun anew under its id.

    Attributes:
        stream_id: The stream's id.
        generation: That of the key that has ended it.
        at: When the pod has learned it, in Unix seconds.
        reopened: Encoders may send again.
    """

    stream_id: str
    generation: int
    at: float = Field(ge=0, le=MAX_UNIX_SECONDS)
    reopened: bool = False


class StreamsReport(_Report):
    """What a pod reports about streams.

    Attributes:
        streams: Those that are on the air at it.
        ends: The newest ends. A server of an older version reports none.
    """

    streams: list[StreamReport]
    ends: list[EndReport] = Field(default_factory=list)


class StreamRules(NamedTuple):
    """What a pod is told of a stream's keys; it forgets it when its process ends.

    Attributes:
        generation: A key of a lower one is refused.
        is_suspended: No encoder may send, until this is said to be over.
        is_ended: The broadcaster has ended it: no encoder may send until it is reopened, or this is said no
            more.
        links_revoked_at_ms: Links for listeners that were made before are revoked, Unix milliseconds; 0: none
            is. A server of an older version ignores it.
    """

    generation: int = 0
    is_suspended: bool = False
    is_ended: bool = False
    links_revoked_at_ms: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the JSON that a pod reads."""
        return {
            "generation": self.generation,
            "suspended": self.is_suspended,
            "ended": self.is_ended,
            "listen_links_revoked_at_ms": self.links_revoked_at_ms,
        }


# Of a stream that nothing has to be said of.
NO_RULES = StreamRules()


def parse_streams(answer: Any) -> StreamsReport:
    """Parse the JSON of `GET /internal/streams`.

    Raises:
        pydantic.ValidationError: The answer has another form.
    """
    return StreamsReport.model_validate(answer)
