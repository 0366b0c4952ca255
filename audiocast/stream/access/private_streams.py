"""Which streams are private, and which of their listen tokens are revoked, as far as this process knows.

A stream that is on has its visibility in its hub. This table knows it before there is a hub, and after: a
private stream that has ended is as hidden as one that is on.
"""

from collections import OrderedDict
from collections.abc import Mapping

# An id of 64 characters with its entry takes about 250 bytes: 5 MB.
MAX_PRIVATE_STREAMS = 20_000


class PrivateStreams:
    """Ids of private streams, and when tokens of streams were revoked; of each table the newest.

    Args:
        max_streams: How many each table keeps.
    """

    def __init__(self, max_streams: int = MAX_PRIVATE_STREAMS) -> None:
        self._max_streams = max_streams
        self._private: OrderedDict[str, int] = OrderedDict()
        # Of streams that are not private any more, too: they may become so again.
        self._revoked_at_ms: OrderedDict[str, int] = OrderedDict()
        self._said_at_ms: OrderedDict[str, int] = OrderedDict()

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._private

    @property
    def entries(self) -> Mapping[str, int]:
        """Each private stream with the moment of its broadcaster's last revocation, as other members hear it.

        What whoever runs the servers says of it is not in it: they say it to every process.
        """
        return self._private

    def revoked_at_ms(self, stream_id: str) -> int:
        """Return the moment before which made tokens are revoked, Unix milliseconds; 0: none is."""
        return max(self._revoked_at_ms.get(stream_id, 0), self._said_at_ms.get(stream_id, 0))

    def note(self, stream_id: str, *, is_private: bool) -> None:
        """Note how a stream's broadcaster wants it from now on."""
        if is_private:
            self._keep(self._private, stream_id, self._revoked_at_ms.get(stream_id, 0))
        else:
            self._private.pop(stream_id, None)

    def revoke(self, stream_id: str, at_ms: int) -> None:
        """Revoke the tokens that were made before a moment; it never moves back."""
        at_ms = max(at_ms, self._revoked_at_ms.get(stream_id, 0))
        self._keep(self._revoked_at_ms, stream_id, at_ms)
        if stream_id in self._private:
            self._private[stream_id] = at_ms

    def hold_revoked(self, stream_id: str, at_ms: int) -> None:
        """Revoke what whoever runs the servers says, in place of what they said before; 0: nothing.

        It makes no stream private, and whatever its broadcaster does takes none of it back.
        """
        self._said_at_ms.pop(stream_id, None)
        if at_ms:
            self._keep(self._said_at_ms, stream_id, at_ms)

    def _keep(self, table: OrderedDict[str, int], stream_id: str, value: int) -> None:
        table[stream_id] = value
        table.move_to_end(stream_id)
        if len(table) > self._max_streams:
            table.popitem(last=False)
