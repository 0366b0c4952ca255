"""How many requests go on in one turn of the event loop. It owns no connection: requests wait here.

A crowd's requests arrive together, since its clients connect first and ask then. Handled in one turn, they
delay the audio of every listener by a quarter of a second; and all of them are in memory at once, which
Python does not give back. Eight in a turn delay no audio that anybody could hear.
"""

import asyncio
from collections import deque

# About 4 ms of work: to read a request, find its stream, and send the first audio.
ADMITTED_PER_TURN = 8


class AcceptQueue:
    """Lets a few requests through in one turn, the others in the turns after it, first come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._left = ADMITTED_PER_TURN
        self._is_counting = False

    async def wait_for_turn(self) -> None:
        """Return when the caller may go on; at once when there is no crowd."""
        loop = asyncio.get_running_loop()
        if not self._is_counting:
            self._is_counting = True
            loop.call_soon(self._start_turn)
        if self._left:
            self._left -= 1
            return
        place = loop.create_future()
        self._waiting.append(place)
        await place

    def _start_turn(self) -> None:
        self._left = ADMITTED_PER_TURN
        self._is_counting = bool(self._waiting)
        while self._left and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self._left -= 1
        if self._is_counting:
            asyncio.get_running_loop().call_soon(self._start_turn)
