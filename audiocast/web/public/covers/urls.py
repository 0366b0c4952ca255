"""Where a stream's cover is: the address has the cover's version in it, so caches may keep what comes."""

from collections.abc import Mapping
from typing import Any

from audiocast.cluster.covers.cover_messages import CoverInfo
from audiocast.web.public.covers.art import WIDE, CoverArt


def art_of(stream_id: str, state: Mapping[str, Any]) -> CoverArt:
    """Return what is drawn for a stream.

    Args:
        stream_id: The stream.
        state: What the cluster knows of it; empty: nothing.
    """
    return CoverArt(stream_id, str(state.get("title") or ""), str(state.get("accent") or ""))


def cover_version(stream_id: str, state: Mapping[str, Any]) -> str:
    """Return a text that changes with the stream's cover; see `art_of`."""
    given = CoverInfo.parse(state.get("cover"))
    return given.version if given is not None else art_of(stream_id, state).version


def card_size(state: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many pixels the picture of a stream's card has: the given one, or the drawn one."""
    given = CoverInfo.parse(state.get("cover"))
    return (given.width, given.height) if given is not None else WIDE


def cover_path(stream_id: str, name: str, version: str) -> str:
    """Return the path and query of a cover.

    Args:
        stream_id: The stream.
        name: "cover.svg", "cover.png" or "cover-square.png".
        version: See `cover_version`.
    """
    return f"/listen/{stream_id}/{name}?v={version}"
