"""The protocol between members: every path, header and code, and each request with its answer. Pure.

Both ends use this module: the member that asks builds a request, the member that answers parses it. No other
module of the server names a path of the internal API. The operator, which shares no code with the server, has
a module of its own for the few paths that it requests; `tests/operator/test_contract.py` holds the two
together.

The wire format is older than these names and keeps its own: `origin` on the wire is a `SourceId` here, and
`had` is the last page that a member has. What members tell each other of themselves is in `greeting`,
requests for audio are in `stream_requests` and for HLS in `hls_router`, the frames of a connection that
carries audio are in `peer_stream`, signatures are in `signature`.

Each request and answer names the version of the protocol (`Audiocast-Protocol`). Members of neighbouring
versions form one cluster, so that it can be upgraded member by member:

- Fields, headers and paths may be added. A member ignores fields and `Audiocast-` headers that it does not
  know, and a missing field means what the version before meant.
- A member asks another one for nothing that the version in that one's greeting does not have.
- What a version needs of the one before goes with the version after it.
- The form of signatures, what they cover, and the three fields of a greeting that name port, version and ring
  do not change. They could only do so with a second signature beside the first for one version.

Versions further apart refuse each other (`protocol_version`). The first one is not spoken any more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

from audiocast.cluster.errors import BadMessage
from audiocast.stream.broadcaster.presentation import NO_PRESENTATION, Presentation
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.hub_state import Rule, StreamEnd

STATUS = "/internal/status"
DRAIN = "/internal/drain"
HELLO = "/internal/hello"
GOODBYE = "/internal/goodbye"
CHANGES = "/internal/changes"
STREAMS = "/internal/streams"
STREAM = "/internal/streams/{stream_id}"
PLAYING = "/internal/streams/{stream_id}/playing"
REOPEN = "/internal/streams/{stream_id}/reopen"
COVER = "/internal/streams/{stream_id}/cover"
RULES = "/internal/streams/{stream_id}/rules"
HLS = "/internal/hls/{stream_id}"
RELAY = "/internal/relay/{stream_id}"
FORWARD = "/internal/forward/{stream_id}"

# Raised with any change that the other side must know of; see above.
PROTOCOL_VERSION = 3
OLDEST_VERSION = 2

PROTOCOL_HEADER = "Audiocast-Protocol"
SIGNATURE_HEADER = "Audiocast-Signature"
# Of an answer that opens a `PeerStream`: a random number, of which the keys of its frames are made.
NONCE_HEADER = "Audiocast-Nonce"
SOURCE_ID_HEADER = "Audiocast-Origin"
LAST_PAGE_HEADER = "Audiocast-Had"
GENERATION_HEADER = "Audiocast-Generation"
TITLE_HEADER = "Audiocast-Title"
VISIBILITY_HEADER = "Audiocast-Visibility"
MUTED_HEADER = "Audiocast-Muted"
PRESENTATION_HEADER = "Audiocast-Presentation"
RESUME_HEADER = "Audiocast-Resume"
AGE_HEADER = "Audiocast-Age"
CLIENT_HEADER = "Audiocast-Client"

# The sender hands the stream over: its source belongs to another owner from now on.
MOVED = "moved"

# The source came after the one that the owner has, but its id is smaller: its front's clock is behind. The
# message is the id of the owner's source.
OLDER = "older_source"

TAKEN_OVER = "taken_over"

# The receiver has sent nothing on the connection for too long. It may live, and connect again.
SILENT = "silent"
# The request is signed for another member or an ended process; the status is 421 (RFC 9110, 15.5.20).
MISADDRESSED = "misaddressed"

# The versions of the protocol are too far apart; the status is 505.
VERSION_APART = "protocol_version"

# After a refusal with one of these codes, the front sends its encoder away.
FINAL = frozenset(
    {TAKEN_OVER, "stream_ended", "broadcast_ended", "stream_suspended", "bad_key", "server_full"}
)

MAX_TITLE_CHARACTERS = 200

# Bound of a request's body on the internal port: greetings have 4 KiB, titles less.
MAX_REQUEST_BYTES = 65_536

# Fields and arguments: a key's generation; whether a stream ends for good, "false" if not; `Rule`'s moment.
GENERATION, FOR_GOOD, LINKS_REVOKED = "generation", "for_good", "listen_links_revoked_at_ms"

# Name of a field and of an argument: the newest ends of streams.
ENDS = "ends"

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


def version_of(headers: Mapping[str, str]) -> int:
    """Return the version of the protocol that a request or an answer names; 0: it names none."""
    text = headers.get(PROTOCOL_HEADER, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def is_version_near(version: int) -> bool:
    """Return whether a member of this version and this one can be in one cluster."""
    return version >= OLDEST_VERSION and abs(version - PROTOCOL_VERSION) <= 1


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """An HTTP request to another member.

    Attributes:
        method: GET, POST or DELETE.
        target: Path and query, as they are sent and signed.
        headers: Headers beside the signature.
        body: JSON value, or the bytes that came; None: there is no body.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def content(self) -> bytes:
        """The body as it is sent and signed."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


# The streams that are on the air at the member. The operator asks for the newest ends of streams as well.
LIST_STREAMS = PeerRequest("GET", STREAMS)
LIST_STREAMS_AND_ENDS = PeerRequest("GET", f"{STREAMS}?{ENDS}=1")


@dataclass(frozen=True, slots=True)
class MemberStreamRequest:
    """`GET` and `DELETE /internal/streams/{stream_id}`: what a member knows of a stream, and its end."""

    stream_id: str

    def build(self) -> PeerRequest:
        """Return the request that asks for a `StreamAnswer`."""
        return PeerRequest("GET", STREAM.format(stream_id=self.stream_id))

    def build_end(self, generation: int | None = None, *, for_good: bool = True) -> PeerRequest:
        """Return the request that ends the stream, or only what is on; see `parse_end` and `is_for_good`."""
        asked = {} if generation is None else {GENERATION: str(generation)}
        asked |= {} if for_good else {FOR_GOOD: "false"}
        return PeerRequest(
            "DELETE", f"{STREAM.format(stream_id=self.stream_id)}?{urlencode(asked)}".rstrip("?")
        )

    @staticmethod
    def parse_end(query: Mapping[str, str]) -> int | None:
        """Return the generation of the key that has ended it; None: whatever key its sources have.

        Raises:
            BadMessage: It is no number.
        """
        return _generation(query) if GENERATION in query else None

    @staticmethod
    def is_for_good(query: Mapping[str, str]) -> bool:
        """Return whether no source may come again."""
        return query.get(FOR_GOOD) != "false"


@dataclass(frozen=True, slots=True)
class PlayingRequest:
    """`POST /internal/streams/{stream_id}/playing`: title and artist of what is on now, or a `StreamEdit`.

    Attributes:
        title, artist: Of the track. With an edit, what the sender shows already: it is nothing new, and a
            member of an earlier version, which knows no edits, shows it as before.
        generation: That of the broadcaster's key: a member that knows of a newer one refuses.
        edit: What is changed instead of the track; None: the track is.
    """

    stream_id: str
    title: str
    artist: str
    generation: int = 0
    edit: StreamEdit | None = None

    def build(self) -> PeerRequest:
        """Return the request."""
        body: dict[str, object] = {"title": self.title, "artist": self.artist, GENERATION: self.generation}
        if self.edit is not None:
            body["edit"] = self.edit.as_json()
        return PeerRequest("POST", PLAYING.format(stream_id=self.stream_id), body=body)

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request; a text that is missing is empty.

        Raises:
            BadMessage: The generation is no number.
        """
        return cls(
            stream_id,
            str(body.get("title", "")),
            str(body.get("artist", "")),
            _generation(body),
            StreamEdit.parse(edit) if isinstance(edit := body.get("edit"), dict) else None,
        )


@dataclass(frozen=True, slots=True)
class ReopenRequest:
    """`POST /internal/streams/{stream_id}/reopen`: a stream begins anew under an id that may have ended."""

    stream_id: str
    title: str
    presentation: Presentation = NO_PRESENTATION

    def build(self) -> PeerRequest:
        """Return the request."""
        body = {"title": self.title, **self.presentation.as_json()}
        return PeerRequest("POST", REOPEN.format(stream_id=self.stream_id), body=body)

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request; a text that is missing is empty."""
        return cls(stream_id, str(body.get("title", "")), Presentation.parse(body))


@dataclass(frozen=True, slots=True)
class RulesRequest:
    """`POST /internal/streams/{stream_id}/rules`: the operator suspends a stream, or knows of a newer key."""

    stream_id: str
    rule: Rule

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request; what is missing is no rule.

        Raises:
            BadMessage: The generation, or the moment, is no number.
        """
        suspended, ended = (body.get(name) is True for name in ("suspended", "ended"))
        return cls(stream_id, Rule(_generation(body), suspended, ended, _generation(body, LINKS_REVOKED)))


@dataclass(frozen=True, slots=True)
class StreamListAnswer:
    """The answer to `LIST_STREAMS`: one snapshot of each stream; see `stream_directory`.

    Attributes:
        ends: For the operator, and only when it has asked; members leave them alone. An end that was taken
            back is told as such, so that nobody takes it for one that was forgotten.
    """

    snapshots: Sequence[Mapping[str, Any]]
    ends: Sequence[StreamEnd] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads, and the ends."""
        answer: dict[str, Any] = {"streams": list(self.snapshots)}
        if self.ends is not None:
            answer[ENDS] = [
                {
                    "stream_id": each.stream_id,
                    GENERATION: each.generation,
                    "at": each.at,
                    "reopened": each.is_reopened,
                }
                for each in self.ends
            ]
        return answer

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


def _generation(fields: Mapping[str, Any], name: str = GENERATION) -> int:
    """Return the generation of a key, or another number; 0 when it is missing.

    Raises:
        BadMessage: It is no number.
    """
    try:
        return int(fields.get(name, 0))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadMessage(f"expected a {name}, got {str(fields[name])[:20]!r}") from error
