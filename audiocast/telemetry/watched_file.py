"""A file that may change while the server runs: looked at every few seconds, its errors said once.

What was read last holds for as long as the file cannot be used, and it is read again until it can be.
"""

import abc
import asyncio
from typing import ClassVar, Generic, TypeVar

LOOK_SECONDS = 5.0

Content = TypeVar("Content")


class WatchedFile(abc.ABC, Generic[Content]):
    """One file, or files that belong together.

    Attributes:
        is_refused: It has changed, and cannot be used; or it is missing.
        look_seconds: From one look to the next.
    """

    look_seconds: ClassVar[float] = LOOK_SECONDS

    def __init__(self) -> None:
        self.is_refused = False
        self._last_error = ""
        self._watching: asyncio.Future[None] | None = None

    def watch(self) -> None:
        """Look every few seconds from now on, in the running loop."""
        self._watching = asyncio.ensure_future(self._look_forever())

    def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()

    async def look(self) -> None:
        """Look once, and use what is new."""
        try:
            content = await asyncio.to_thread(self._read_new)
        except (OSError, ValueError) as error:
            self._note_refusal(str(error))
            return
        self.is_refused, self._last_error = False, ""
        if content is not None:
            self._use(content)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(self.look_seconds)
            await self.look()

    def _note_refusal(self, error: str) -> None:
        self.is_refused = True
        if error != self._last_error:
            self._last_error = error
            self._log_refusal(error)

    @abc.abstractmethod
    def _read_new(self) -> Content | None:
        """Return what is there, for `_use`; None if that is in use already. Called in a thread.

        Raises:
            OSError, ValueError: It cannot be used; the message says why.
        """

    @abc.abstractmethod
    def _use(self, content: Content) -> None:
        """Use it from now on."""

    @abc.abstractmethod
    def _log_refusal(self, error: str) -> None:
        """Log that it cannot be used, and what to do."""
