"""What a process before has left in the spool, as chunks that can be written."""

from pathlib import Path

from audiocast.recordings.chunk import BadChunk, ChunkHead, parse_chunk
from audiocast.recordings.recorder import FullChunk
from audiocast.recordings.spool import Spool

Leftover = tuple[FullChunk, Path, int]


async def read_leftovers(spool: Spool) -> dict[str, list[Leftover]]:
    """Return the chunks of each stream, without their data, with their files and sizes.

    What is no chunk is deleted.
    """
    found: dict[str, list[tuple[ChunkHead, Path, int]]] = {}
    for path, size_bytes in await spool.leftovers():
        try:
            head = parse_chunk(await spool.read(path)).head
        except (BadChunk, OSError):
            await spool.drop(path, size_bytes)
            continue
        found.setdefault(head.stream_id, []).append((head, path, size_bytes))
    return {stream_id: _numbered(chunks) for stream_id, chunks in found.items()}


def _numbered(chunks: list[tuple[ChunkHead, Path, int]]) -> list[Leftover]:
    """Return chunks as reels: how they were numbered before nobody knows any more."""
    numbered, reel_end = [], -1
    for number, (head, path, size_bytes) in enumerate(sorted(chunks, key=lambda each: each[0].at_ms)):
        begins_reel = head.start < reel_end or reel_end < 0
        reel_end = head.end
        numbered.append((FullChunk(number, begins_reel, head, b""), path, size_bytes))
    return numbered
