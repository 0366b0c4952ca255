"""What a pod tells of itself at `GET /internal/status`: the part that this operator reads."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Told(BaseModel):
    """Told by a server that may be newer than this operator: what is not known is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Leaving(_Told):
    """How far a drain is.

    Attributes:
        state: "no", "draining", or "done": nobody is left, or the time is over.
        listeners_left: Who is still there.
        sources_left: Encoders that are still there.
        seconds_left: Until it is over at the latest.
    """

    state: Literal["no", "draining", "done"] = "no"
    listeners_left: int = 0
    sources_left: int = 0
    seconds_left: float = 0.0


class MemberStatus(_Told):
    """What a pod tells of itself.

    Attributes:
        view: A word for the members that it sees; the same word at all of them when they agree.
        listeners: How many listen to it.
        live_streams: Streams that are on at it, whoever owns them.
        owned: Streams whose source it has.
        egress_bytes: Sent to listeners since it has started.
        drain: How far its drain is.
    """

    view: str
    listeners: int = 0
    live_streams: int = 0
    owned: int = 0
    egress_bytes: int = 0
    drain: Leaving = Field(default_factory=Leaving)


class StreamState(_Told):
    """What a pod tells of a stream that is on at it, at `GET /internal/streams`.

    Attributes:
        stream_id: Its id.
        state: "waiting", "live", "held" or "ended".
        started_at: Unix seconds.
        listeners: Of this pod.
        owner: Name of the pod that has the source.
        is_owner: This pod has it.
    """

    stream_id: str
    state: str = ""
    started_at: float | None = None
    listeners: int = 0
    owner: str | None = None
    is_owner: bool = False


def parse_streams(answer: Any) -> list[StreamState]:
    """Read the answer of `GET /internal/streams`.

    Raises:
        pydantic.ValidationError: It is none.
    """
    return _Streams.model_validate(answer).streams


class _Streams(_Told):
    streams: list[StreamState]
