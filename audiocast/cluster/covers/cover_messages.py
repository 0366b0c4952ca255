"""What members say to each other of the pictures that broadcasters have given. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.protocol import COVER, PeerRequest
from audiocast.stream.broadcaster.given_covers import GivenCover


@dataclass(frozen=True, slots=True)
class CoverInfo:
    """A picture that a member has, as its snapshot of the stream says.

    Attributes:
        version: See `Picture.version`.
        media_type, width, height: Of the picture.
        given_at: See `GivenCover`.
        holder: Name of the member.
    """

    version: str
    media_type: str
    width: int
    height: int
    given_at: float
    holder: str

    @classmethod
    def of(cls, cover: GivenCover, holder: str) -> Self:
        """Return what is said of a picture."""
        picture = cover.picture
        return cls(picture.version, picture.media_type, picture.width, picture.height, cover.given_at, holder)

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return asdict(self)

    @classmethod
    def parse(cls, body: object) -> Self | None:
        """Read a JSON value; None: it says nothing of a picture."""
        match body:
            case {
                "version": str(version),
                "media_type": str(media_type),
                "width": int(width),
                "height": int(height),
                "given_at": float(given_at),
                "holder": str(holder),
            }:
                return cls(version, media_type, width, height, given_at, holder)
        return None


@dataclass(frozen=True, slots=True)
class CoverNote:
    """`POST /internal/streams/{stream_id}/cover`: the sender has got a picture, or the last one is no more.

    Attributes:
        generation: That of the broadcaster's key.
        version: See `Picture.version`; empty: there is no picture any more.
        given_at: When its broadcaster gave it or took it back, unix seconds.
        is_for_heir: The sender leaves the cluster, and the receiver is to keep the picture.
    """

    stream_id: str
    generation: int
    version: str
    given_at: float
    is_for_heir: bool = False

    def info(self, holder: str) -> CoverInfo:
        """Return where the picture is to be had; its kind and size are known when it is here."""
        return CoverInfo(self.version, "", 0, 0, self.given_at, holder)

    def build(self) -> PeerRequest:
        """Return the request."""
        body = asdict(self)
        del body["stream_id"]
        return PeerRequest("POST", COVER.format(stream_id=self.stream_id), body=body)

    @classmethod
    def parse(cls, stream_id: str, body: Mapping[str, Any]) -> Self:
        """Read the JSON object of a request.

        Raises:
            BadMessage: It is no such note.
        """
        match body:
            case {"generation": int(generation), "version": str(version), "given_at": float(given_at)}:
                return cls(stream_id, generation, version, given_at, body.get("is_for_heir") is True)
        raise BadMessage(f"expected a note of a picture, got {str(body)[:200]}")


def picture_request(stream_id: str) -> PeerRequest:
    """Return `GET /internal/streams/{stream_id}/cover`: the picture itself, of its own media type."""
    return PeerRequest("GET", COVER.format(stream_id=stream_id))
