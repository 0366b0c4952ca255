"""How many come in, in one turn of the event loop. It owns no connection: it says when one may go on.

A crowd's requests arrive together, since its clients connect first and ask then. Taken all in one turn, they
hold up everybody's audio for a quarter of a second; and they are all in memory at once, of which Python keeps
for itself what it once had. By eights, nobody hears them.
"""

import asyncio
from collections import deque

ADMITTED_PER_TURN = 8
"""About 4 ms of work: to read a request, find its stream, and send the first audio."""


class AcceptQueue:
    """Lets so many through in one turn, the others in the turns after it, first come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._left = ADMITTED_PER_TURN
        self._is_counting = False

    async def wait_for_turn(self) -> None:
        """Return when it is one's turn; at once when there is no crowd."""
        loop = asyncio.get_running_loop()
        if not self._is_counting:
            self._is_counting = True
            loop.call_soon(self._begin_turn)
        if self._left:
            self._left -= 1
            return
        place = loop.create_future()
        self._waiting.append(place)
        await place

    def _begin_turn(self) -> None:
        self._left = ADMITTED_PER_TURN
        self._is_counting = bool(self._waiting)
        while self._left and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self._left -= 1
        if self._is_counting:
            asyncio.get_running_loop().call_soon(self._begin_turn)
