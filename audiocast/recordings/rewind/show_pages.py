"""Where in a show's file its audio is, for those who still listen to it as a show that is on.

The file is read once from its beginning to its end, page heads alone are looked at, and about one place for
each second is kept: 43,000 for twelve hours.
"""

from array import array
from bisect import bisect_left, bisect_right

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import HEADER_BYTES
from audiocast.ogg.reader import PageReader
from audiocast.recordings.store.store import Store, StoreError

READ_BYTES = 1_048_576


class ShowPages:
    """The pages of one file.

    Args:
        store: Where it is.
        key: Its key.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        # Of each page with audio: where it begins, and which sample.
        self._offsets, self._samples = array("Q"), array("Q")
        self._size = 0

    async def scan(self) -> None:
        """Find the pages.

        Raises:
            StoreError: The file cannot be read, or is no show's.
        """
        self._size = await self._store.size(self._key)
        reader, offset, base, end = PageReader(), 0, 0, 0
        for at in range(0, self._size, READ_BYTES):
            reader.feed(await self._store.read(self._key, at, min(at + READ_BYTES, self._size)))
            try:
                while (page := reader.next_page()) is not None:
                    if page.is_bos:
                        base = end
                    if page.granule_position > 0:
                        if not page.is_continued:
                            self._offsets.append(offset)
                            self._samples.append(end)
                        end = base + page.granule_position
                    offset += HEADER_BYTES + len(page.lacing) + len(page.body)
            except OggError as error:
                raise StoreError(f"expected the file of a show, got: {error}") from error

    async def packets(self, start: int, samples: int, opus_head: OpusHead) -> list[bytes]:
        """Return the packets from a sample on.

        Args:
            start: Position of the first one.
            samples: How long all of them are.
            opus_head: Their set-up.

        Raises:
            StoreError: They are not there.
        """
        first = bisect_right(self._samples, start) - 1
        last = bisect_left(self._samples, start + samples)
        if first < 0:
            raise StoreError("expected audio, got none")
        until = self._offsets[last] if last < len(self._offsets) else self._size
        data = await self._store.read(self._key, self._offsets[first], until)
        reader, assembler = PageReader(), PacketAssembler()
        reader.feed(data)
        found: list[bytes] = []
        at = self._samples[first]
        try:
            while (page := reader.next_page()) is not None:
                if page.is_bos:
                    break
                for packet in assembler.push(page):
                    if start <= at < start + samples:
                        found.append(packet)
                    at += packet_samples(packet, opus_head.stream_count)
        except OggError as error:
            raise StoreError(f"expected audio of a show, got: {error}") from error
        if not found:
            raise StoreError("expected audio, got none")
        return found
