"""Titles inside the frames, as SHOUTcast put them there and all radios know them: ICY metadata.

After each `icy-metaint` bytes of frames stands one byte, and sixteen times as many bytes of text as it says,
filled up with zeros: `StreamTitle='ARTIST - TITLE';`. There is no standard; Icecast's source/format_mp3.c has
the server's part of it.

The bytes are counted from the begin of the response, so other servers count them for each listener. Here they
are the same for all: a listener can begin at the begin of a block alone, or be moved there. Blocks are cut
anywhere in a frame, and a decoder finds the next one within 24 ms. Each block tells the title, not only the
first after a change, because any block may be somebody's first.
"""

from audiocast.stream.now_playing import NowPlaying

# 255 units of 16 bytes are the most, and not all radios take as much.
MAX_TITLE_BYTES = 400
UNIT_BYTES = 16


def title_block(playing: NowPlaying | None, fallback: str) -> bytes:
    """Return the bytes that tell a title.

    Args:
        playing: What is on; None: nobody knows.
        fallback: Shown then: the stream's own title.
    """
    names = (playing.artist, playing.title) if playing is not None else (fallback,)
    # Radios look for this pair of characters, which ends the title, and nothing can stand for it.
    text = " - ".join(filter(None, names)).replace("';", "’;")
    title = text.encode()[:MAX_TITLE_BYTES].decode("utf-8", "ignore").encode()
    body = b"StreamTitle='" + title + b"';"
    units = -(-len(body) // UNIT_BYTES)
    return bytes((units,)) + body.ljust(units * UNIT_BYTES, b"\0")


class TitledBlocks:
    """Cuts frames into blocks of so many bytes.

    Args:
        interval_bytes: Of frames in each block.
    """

    def __init__(self, interval_bytes: int) -> None:
        self._interval_bytes = interval_bytes
        self._bytes = bytearray()
        self._samples = 0

    def add(self, data: bytes, samples: int) -> list[tuple[bytes, int]]:
        """Add a frame; return the blocks that are full now, without their titles, and how long each lasts."""
        self._bytes += data
        self._samples += samples
        blocks = []
        while len(self._bytes) >= self._interval_bytes:
            block = bytes(self._bytes[: self._interval_bytes])
            del self._bytes[: self._interval_bytes]
            # What is left of the last frame counts for this block: a few milliseconds of its half second.
            blocks.append((block, self._samples))
            self._samples = 0
        return blocks
