"""A thread of the engine: it runs once, and reports the trouble that ended it, or None for a proper end."""

import logging
import threading
from collections.abc import Callable

from tk_streamer.errors import ClientError
from tk_streamer.trouble import Trouble

log = logging.getLogger(__name__)


class EngineThread:
    """A daemon thread, so that a device or a network that hangs cannot keep the program from ending.

    Args:
        name: What logs call the thread.
        work: Runs on the thread. Returns the trouble that ended it, or None; an error that it raises becomes
            a trouble.
        on_end: Called on the thread with that trouble, when `work` has ended.
    """

    def __init__(
        self, name: str, work: Callable[[], Trouble | None], on_end: Callable[[Trouble | None], None]
    ) -> None:
        self._work = work
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread. Returns at once."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread, at most `seconds`; return whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            trouble = self._work()
        except ClientError as error:
            trouble = Trouble.of_error(error)
        except Exception as error:
            log.exception("a fault of the thread %r", self._thread.name)
            trouble = Trouble.of_fault(error)
        self._on_end(trouble)
