"""The protocol between members: every path, header and code, and each request with its answer. Pure.

Both ends use this module: the member that asks builds a request, the member that answers parses it. No other
module of the server names a path of the internal API. The operator, which shares no code with the server, has
a module of its own for the few paths that it requests; `tests/operator/test_contract.py` holds the two
together.

The wire format is older than these names and stays as it is, so that members of two versions form one cluster
during an upgrade: `origin` on the wire is a `SourceId` here, and `had` is the last page that a member has.
What members tell each other of themselves is in `greeting`, the frames of a connection that carries audio are
in `peer_stream`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from urllib.parse import quote, unquote, urlencode

from audiocast.cluster.errors import BadMessage
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

STATUS = "/internal/status"
DRAIN = "/internal/drain"
HELLO = "/internal/hello"
GOODBYE = "/internal/goodbye"
STREAMS = "/internal/streams"
STREAM = "/internal/streams/{stream_id}"
PLAYING = "/internal/streams/{stream_id}/playing"
REOPEN = "/internal/streams/{stream_id}/reopen"
HLS = "/internal/hls/{stream_id}"
RELAY = "/internal/relay/{stream_id}"
FORWARD = "/internal/forward/{stream_id}"

SIGNATURE_HEADER = "Audiocast-Signature"
SOURCE_ID_HEADER = "Audiocast-Origin"
LAST_PAGE_HEADER = "Audiocast-Had"
GENERATION_HEADER = "Audiocast-Generation"
TITLE_HEADER = "Audiocast-Title"
RESUME_HEADER = "Audiocast-Resume"
AGE_HEADER = "Audiocast-Age"

# The sender hands the stream over: its source belongs to another owner from now on.
MOVED = "moved"

# The source came after the one that the owner has, but its id is smaller: its front's clock is behind. The
# message is the id of the owner's source.
OLDER = "older_source"

TAKEN_OVER = "taken_over"

# After a refusal with one of these codes, the front sends its encoder away.
FINAL = frozenset({TAKEN_OVER, "stream_ended", "bad_key", "server_full"})

MAX_TITLE_CHARACTERS = 200

_STREAM_ID = "{stream_id}"


def route(path: str) -> str:
    """Return a path as the pattern of a route, with a group for the stream id."""
    return path.replace(_STREAM_ID, "([^/]*)")


def format_address(host: str, port: int) -> str:
    """Return "host:port"; an IPv6 address is put in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of what `format_address` returns, the host without brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """An HTTP request to another member.

    Attributes:
        method: GET, POST or DELETE.
        target: Path and query, as they are sent and signed.
        headers: Headers beside the signature.
        body: JSON value. Sent with POST, except when the request opens a `PeerStream`.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None


# The streams that are on the air at the member.
LIST_STREAMS = PeerRequest("GET", STREAMS)


@dataclass(frozen=True, slots=True)
class MemberStreamRequest:
    """`GET` and `DELETE /internal/streams/{stream_id}`: what a member knows of a stream, and its end."""

    stream_id: str

    def build(self) -> PeerRequest:
        """Return the request that asks for a `StreamAnswer`."""
        return PeerRequest("GET", STREAM.format(stream_id=self.stream_id))

    def build_end(self) -> PeerRequest:
        """Return the request that ends the stream for good, because its broadcaster has ended it."""
        return PeerRequest("DELETE", STREAM.format(stream_id=self.stream_id))


@dataclass(frozen=True, slots=True)
class PlayingRequest:
    """`POST /internal/streams/{stream_id}/playing`: title and artist of what is on now."""

    stream_id: str
    title: str
    artist: str

    def build(self) -> PeerRequest:
        """Return the request."""
        body = {"title": self.title, "artist": self.artist}
        return PeerRequest("POST", PLAYING.format(stream_id=self.stream_id), body=body)

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request; a field that is missing is empty."""
        return cls(stream_id, str(body.get("title", "")), str(body.get("artist", "")))


@dataclass(frozen=True, slots=True)
class ReopenRequest:
    """`POST /internal/streams/{stream_id}/reopen`: a stream begins anew under an id that may have ended."""

    stream_id: str
    title: str

    def build(self) -> PeerRequest:
        """Return the request."""
        return PeerRequest("POST", REOPEN.format(stream_id=self.stream_id), body={"title": self.title})

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request; a title that is missing is empty."""
        return cls(stream_id, str(body.get("title", "")))


@dataclass(frozen=True, slots=True)
class StreamListAnswer:
    """The answer to `LIST_STREAMS`: one snapshot of each stream; see `stream_directory`."""

    snapshots: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {"streams": list(self.snapshots)}

    @classmethod
    def parse(cls, body: object) -> Self:
        """Read a JSON value; what is not a snapshot is left out."""
        found = body.get("streams", []) if isinstance(body, dict) else []
        return cls([each for each in found if isinstance(each, dict)])


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """The answer to `MemberStreamRequest`.

    Attributes:
        is_owned: The member is the stream's owner: it has the source to give to others.
        snapshot: What the member knows of the stream; see `stream_directory`.
    """

    is_owned: bool
    snapshot: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {"owned": self.is_owned, "state": dict(self.snapshot)}

    @classmethod
    def parse(cls, body: object) -> Self:
        """Read a JSON value; a snapshot that is missing is empty."""
        fields = body if isinstance(body, dict) else {}
        snapshot = fields.get("state")
        return cls(bool(fields.get("owned")), snapshot if isinstance(snapshot, dict) else {})


@dataclass(frozen=True, slots=True)
class HlsRequest:
    """`GET /internal/hls/{stream_id}?path=`: a file of a stream's HLS, made by the member that is asked.

    Attributes:
        path: Name of the playlist or of what it lists.
        directives: Delivery directives of the player (RFC 8216bis section 6.2.5), as it sent them.
    """

    stream_id: str
    path: str
    directives: Mapping[str, str]

    def build(self) -> PeerRequest:
        """Return the request."""
        query = urlencode({"path": self.path, **self.directives})
        return PeerRequest("GET", f"{HLS.format(stream_id=self.stream_id)}?{query}")

    @classmethod
    def parse(cls, stream_id: str, query: Mapping[str, str]) -> Self:
        """Read the query of a request.

        Raises:
            BadMessage: The query has no path.
        """
        directives = dict(query)
        path = directives.pop("path", None)
        if path is None:
            raise BadMessage("expected a path, got none")
        return cls(stream_id, path, directives)


class ResumePoint(NamedTuple):
    """The last page of a source that a member has: it asks for what comes after."""

    source_id: SourceId
    last_page: Position


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """`POST /internal/relay/{stream_id}?origin=&had=`: an edge asks the owner for a stream's pages.

    Attributes:
        resume_point: What the edge has already; None: nothing.
    """

    stream_id: str
    resume_point: ResumePoint | None

    def build(self) -> PeerRequest:
        """Return the request."""
        query = "?origin={}&had={}".format(*self.resume_point) if self.resume_point is not None else ""
        return PeerRequest("POST", RELAY.format(stream_id=self.stream_id) + query)

    @classmethod
    def parse(cls, stream_id: str, query: Mapping[str, str]) -> Self:
        """Read the query of a request.

        Raises:
            BadMessage: It names no source, or no page.
        """
        source_id, last_page = query.get("origin", ""), query.get("had", "")
        if not source_id and not last_page:
            return cls(stream_id, None)
        try:
            return cls(
                stream_id, ResumePoint(SourceId.parse(source_id or "0-0"), Position.parse(last_page or "0.0"))
            )
        except ValueError as error:
            raise BadMessage(str(error)) from error


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """`POST /internal/forward/{stream_id}`: a front offers a source to the stream's owner.

    Attributes:
        source_id: The source.
        generation: Generation of the source's key.
        title: The stream's title, by that key.
        is_resumed: The source was forwarded before, to this owner or to another one.
        age_seconds: Time since the encoder connected to the front.
    """

    stream_id: str
    source_id: SourceId
    generation: int
    title: str
    is_resumed: bool
    age_seconds: float

    def build(self) -> PeerRequest:
        """Return the request."""
        headers = {
            SOURCE_ID_HEADER: str(self.source_id),
            GENERATION_HEADER: str(self.generation),
            TITLE_HEADER: quote(self.title, safe=""),
            RESUME_HEADER: "1" if self.is_resumed else "0",
            AGE_HEADER: f"{self.age_seconds:.6f}",
        }
        return PeerRequest("POST", FORWARD.format(stream_id=self.stream_id), headers)

    @classmethod
    def parse(cls, stream_id: str, headers: Mapping[str, str]) -> Self:
        """Read the headers of a request.

        Raises:
            BadMessage: They name no source, or a number is none.
        """
        try:
            return cls(
                stream_id,
                source_id=SourceId.parse(headers.get(SOURCE_ID_HEADER, "")),
                generation=int(headers.get(GENERATION_HEADER, "0")),
                title=unquote(headers.get(TITLE_HEADER, ""))[:MAX_TITLE_CHARACTERS],
                is_resumed=headers.get(RESUME_HEADER) == "1",
                age_seconds=float(headers.get(AGE_HEADER, "0")),
            )
        except ValueError as error:
            raise BadMessage(str(error)) from error


@dataclass(frozen=True, slots=True)
class ForwardAnswer:
    """The owner takes the source.

    Attributes:
        last_page: The last page of the source that the owner has; None: it has none.
    """

    last_page: Position | None

    def as_headers(self) -> dict[str, str]:
        """Return what `parse` reads."""
        return {LAST_PAGE_HEADER: str(self.last_page or "")}

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers of an answer.

        Raises:
            BadMessage: The page is none.
        """
        text = headers.get(LAST_PAGE_HEADER, "")
        try:
            return cls(Position.parse(text) if text else None)
        except ValueError as error:
            raise BadMessage(str(error)) from error
