"""Many listeners that connect again when their connection ends, as the player on the page does."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from audiocast.ogg.reader import PageReader
from tests.cluster.loop_thread import LoopThread
from tests.cluster.members import Members
from tests.cluster.relay import HOST
from tests.cluster.service import Service
from tests.support.audio.capture import HEADER_PAGES

PREROLL_SECONDS = 3.5
AGAIN_SECONDS = 0.25
HEAR_SECONDS = 30.0
PAGE_SECONDS = 0.02
_READ_BYTES = 65_536


@dataclass(slots=True)
class Visit:
    """One connection of a listener.

    Attributes:
        member: That it came to.
        pages: Bodies of the audio pages; a page of 20 ms is a packet.
    """

    member: str
    pages: list[bytes] = field(default_factory=list)


class Crowd:
    """Listens until its thread ends.

    Args:
        thread: Where all of it runs.
        members: Where to listen.
        service: Chooses the member of each connection.
    """

    def __init__(self, thread: LoopThread, members: Members, service: Service) -> None:
        self._thread = thread
        self._members = members
        self._service = service
        self._tasks: list[asyncio.Task[None]] = []
        # The same bytes come to hundreds: they are kept once.
        self._bodies: dict[bytes, bytes] = {}
        self.visits: dict[tuple[str, int], list[Visit]] = {}

    def listen(self, stream_ids: Sequence[str], count: int) -> None:
        """Begin with `count` listeners of each stream."""
        self._thread.call(self._listen(stream_ids, count))

    def wait_until_all_hear(self, audio_seconds: float) -> None:
        """Wait until each listener has heard so much more audio, whatever connections it takes."""
        wanted = {who: self._heard(who) + audio_seconds / PAGE_SECONDS for who in self.visits}
        deadline = time.monotonic() + HEAR_SECONDS
        while late := [who for who, pages in wanted.items() if self._heard(who) < pages]:
            assert time.monotonic() < deadline, f"{len(late)} do not hear {audio_seconds} s: {late[:3]}"
            time.sleep(0.1)

    def _heard(self, who: tuple[str, int]) -> int:
        return sum(len(visit.pages) for visit in self.visits[who])

    def leave(self) -> None:
        """Stop listening."""
        self._thread.call(self._leave())

    async def _listen(self, stream_ids: Sequence[str], count: int) -> None:
        for stream_id in stream_ids:
            for number in range(count):
                visits = self.visits[stream_id, number] = []
                self._tasks.append(asyncio.ensure_future(self._listener(stream_id, visits)))

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listener(self, stream_id: str, visits: list[Visit]) -> None:
        while True:
            visit = Visit(self._service.choose())
            visits.append(visit)
            with contextlib.suppress(OSError):
                await self._stay(stream_id, visit)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _stay(self, stream_id: str, visit: Visit) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._members[visit.member].port)
        with contextlib.closing(writer):
            target = f"/stream/{stream_id}?preroll={PREROLL_SECONDS}"
            writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                return
            pages = PageReader()
            headers = HEADER_PAGES
            while data := await reader.read(_READ_BYTES):
                pages.feed(data)
                while (page := pages.next_page()) is not None:
                    if headers:
                        headers -= 1
                    else:
                        visit.pages.append(self._bodies.setdefault(page.body, page.body))
