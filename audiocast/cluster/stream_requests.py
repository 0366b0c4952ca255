"""The requests that open a connection with audio, and their answers; see `peer_stream`. Pure.

A front offers a source to its owner (`ForwardRequest`), an edge asks an owner for a stream (`RelayRequest`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import quote, unquote

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.protocol import (
    AGE_HEADER,
    FORWARD,
    GENERATION_HEADER,
    LAST_PAGE_HEADER,
    MAX_TITLE_CHARACTERS,
    MUTED_HEADER,
    PRESENTATION_HEADER,
    RELAY,
    RESUME_HEADER,
    SOURCE_ID_HEADER,
    TITLE_HEADER,
    VISIBILITY_HEADER,
    PeerRequest,
)
from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.keys import Visibility, parse_visibility
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

# Whether the broadcaster wants the stream recorded: 1, 0, or empty for what they have not said.
RECORD_HEADER = "Audiocast-Record"

# The first version of the protocol whose members keep private streams from strangers.
PRIVATE_VERSION = 3


class ResumePoint(NamedTuple):
    """The last page of a source that a member has: it asks for what comes after."""

    source_id: SourceId
    last_page: Position


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """`POST /internal/relay/{stream_id}?origin=&had=&private=`: an edge asks the owner for a stream's pages.

    Attributes:
        resume_point: What the edge has already; None: nothing.
        keeps_private: The edge keeps private streams from strangers; one of an earlier version does not.
    """

    stream_id: str
    resume_point: ResumePoint | None
    keeps_private: bool = True

    def build(self) -> PeerRequest:
        """Return the request."""
        query = "origin={}&had={}&".format(*self.resume_point) if self.resume_point is not None else ""
        return PeerRequest("POST", f"{RELAY.format(stream_id=self.stream_id)}?{query}private=1")

    @classmethod
    def parse(cls, stream_id: str, query: Mapping[str, str]) -> Self:
        """Read the query of a request.

        Raises:
            BadMessage: It names no source, or no page.
        """
        source_id, last_page = query.get("origin", ""), query.get("had", "")
        keeps_private = query.get("private") == "1"
        if not source_id and not last_page:
            return cls(stream_id, None, keeps_private)
        try:
            source, page = SourceId.parse(source_id or "0-0"), Position.parse(last_page or "0.0")
            return cls(stream_id, ResumePoint(source, page), keeps_private)
        except ValueError as error:
            raise BadMessage(str(error)) from error


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """The owner sends the stream's pages.

    Attributes:
        muted_source: The source that the broadcaster has muted; None: none is.
        visibility: Of the stream; None: an owner of an earlier version.
        record: See `Claims`.
    """

    muted_source: SourceId | None
    visibility: Visibility | None = None
    record: bool | None = None

    def as_headers(self) -> dict[str, str]:
        """Return what `parse` reads."""
        return {
            MUTED_HEADER: str(self.muted_source or ""),
            VISIBILITY_HEADER: self.visibility or "",
            RECORD_HEADER: _RECORD[self.record],
        }

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers of an answer.

        Raises:
            BadMessage: The source is none.
        """
        text = headers.get(MUTED_HEADER, "")
        try:
            muted_source = SourceId.parse(text) if text else None
            visibility = parse_visibility(headers.get(VISIBILITY_HEADER))
            return cls(muted_source, visibility, _record(headers))
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
        visibility: Of the stream, as the front has found it; None: a front of an earlier version.
        is_muted: The broadcaster has muted the source.
        presentation: By that key; None: a front of an earlier version.
        record: See `Claims`.
    """

    stream_id: str
    source_id: SourceId
    generation: int
    title: str
    is_resumed: bool
    age_seconds: float
    visibility: Visibility | None = None
    is_muted: bool = False
    presentation: Presentation | None = None
    record: bool | None = None

    def build(self) -> PeerRequest:
        """Return the request."""
        headers = {
            SOURCE_ID_HEADER: str(self.source_id),
            GENERATION_HEADER: str(self.generation),
            TITLE_HEADER: quote(self.title, safe=""),
            RESUME_HEADER: "1" if self.is_resumed else "0",
            AGE_HEADER: f"{self.age_seconds:.6f}",
            VISIBILITY_HEADER: self.visibility or "",
            MUTED_HEADER: "1" if self.is_muted else "0",
            RECORD_HEADER: _RECORD[self.record],
        }
        if self.presentation is not None:
            # ASCII, and no line ends.
            headers[PRESENTATION_HEADER] = json.dumps(self.presentation.as_json())
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
                visibility=parse_visibility(headers.get(VISIBILITY_HEADER)),
                is_muted=headers.get(MUTED_HEADER) == "1",
                presentation=_presentation(headers.get(PRESENTATION_HEADER)),
                record=_record(headers),
            )
        except (ValueError, RecursionError) as error:
            raise BadMessage(str(error)) from error


_RECORD = {True: "1", False: "0", None: ""}


def _record(headers: Mapping[str, str]) -> bool | None:
    return {"1": True, "0": False}.get(headers.get(RECORD_HEADER, ""))


def _presentation(text: str | None) -> Presentation | None:
    fields = json.loads(text) if text is not None else None
    return Presentation.parse(fields) if isinstance(fields, dict) else None


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
