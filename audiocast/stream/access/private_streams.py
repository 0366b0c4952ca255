"""Which streams are private, and which of their listen tokens are revoked, as far as this process knows.

A stream that is on has its visibility in its hub. This table knows it before there is a hub, and after: a
private stream that has ended is as hidden as one that is on.
"""

from collections import OrderedDict
from collections.abc import Mapping

# An id of 64 characters with its entry takes about 250 bytes: 5 MB.
MAX_PRIVATE_STREAMS = 20_000


class PrivateStreams:
    """Ids of private streams, those that were learned longest ago first.

    Args:
        max_streams: How many are kept.
    """

    def __init__(self, max_streams: int = MAX_PRIVATE_STREAMS) -> None:
        self._max_streams = max_streams
        self._revoked_at_ms: OrderedDict[str, int] = OrderedDict()

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._revoked_at_ms

    @property
    def entries(self) -> Mapping[str, int]:
        """Each id with the moment before which made tokens are revoked, Unix milliseconds; 0: none is."""
        return self._revoked_at_ms

    def revoked_at_ms(self, stream_id: str) -> int:
        """Return the moment before which made tokens are revoked; 0: none is."""
        return self._revoked_at_ms.get(stream_id, 0)

    def note(self, stream_id: str, *, is_private: bool) -> None:
        """Note how a stream's broadcaster wants it from now on."""
        if is_private:
            self._keep(stream_id, self.revoked_at_ms(stream_id))
        else:
            self._revoked_at_ms.pop(stream_id, None)

    def revoke(self, stream_id: str, at_ms: int) -> None:
        """Revoke the tokens that were made before a moment; it never moves back."""
        self._keep(stream_id, max(at_ms, self.revoked_at_ms(stream_id)))

    def _keep(self, stream_id: str, revoked_at_ms: int) -> None:
        self._revoked_at_ms[stream_id] = revoked_at_ms
        self._revoked_at_ms.move_to_end(stream_id)
        if len(self._revoked_at_ms) > self._max_streams:
            self._revoked_at_ms.popitem(last=False)
