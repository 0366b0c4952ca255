"""Why the last source of a stream was refused, for its broadcaster.

Most encoders show nothing of an answer but "Broken pipe", and the page that waits for the stream would wait
for ever. What was refused with a good key is kept for a minute, at the member that refused it; the state of
the stream shows it to those who have the key or an API token, at any member.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from audiocast.web.contract.responses import LastRefusal
from audiocast.web.http.errors import MAX_MESSAGE_CHARACTERS, ApiError

KEPT_SECONDS = 60.0

# About 600 bytes each. Only who has a key adds to them, one for each stream.
MAX_KEPT = 10_000


class LastRefusals:
    """By stream id; the oldest of too many is dropped.

    Args:
        time_of_day: Unix seconds.
        on_note: Called with the stream's id, the error's code and its message.
    """

    def __init__(
        self,
        time_of_day: Callable[[], float] = time.time,
        on_note: Callable[[str, str, str], None] = lambda stream_id, code, message: None,
    ) -> None:
        self._time_of_day = time_of_day
        self._on_note = on_note
        self._refusals: OrderedDict[str, LastRefusal] = OrderedDict()

    def note(self, stream_id: str, error: ApiError) -> None:
        """Keep why a source with a good key was refused."""
        self._refusals.pop(stream_id, None)
        message = error.message[:MAX_MESSAGE_CHARACTERS]
        self._refusals[stream_id] = {"code": error.code, "message": message, "at": self._time_of_day()}
        if len(self._refusals) > MAX_KEPT:
            self._refusals.popitem(last=False)
        self._on_note(stream_id, error.code, message)

    def get(self, stream_id: str) -> LastRefusal | None:
        """Return the last refusal of a stream; None when there was none within `KEPT_SECONDS`."""
        refusal = self._refusals.get(stream_id)
        if refusal is None or self._time_of_day() - refusal["at"] > KEPT_SECONDS:
            self._refusals.pop(stream_id, None)
            return None
        return refusal
