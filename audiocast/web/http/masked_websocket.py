"""WebSockets whose clients mask their frames, as RFC 6455 section 5.1 demands: others are closed with 1002.

A mask keeps a page from choosing the bytes on the wire, which a proxy on the way could take for another
request (section 10.3). Tornado takes frames with a mask and without, and has no switch for it. Here its
protocol is extended by two methods that are not public; they were read in Tornado 6.6.1, and
tests/integration/sources/test_ingest_socket.py fails where they are not called any more.
"""

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

# RFC 6455 section 5.2: the first bit of a frame's second byte.
MASK_BIT = 0x80

# RFC 6455 section 7.4.1.
PROTOCOL_ERROR = 1002


class MaskedProtocol(WebSocketProtocol13):
    """Tornado's protocol of version 13, which takes no frame without a mask."""

    _is_at_head = False

    async def _receive_frame(self) -> None:
        self._is_at_head = True
        await super()._receive_frame()

    async def _read_bytes(self, n: int) -> bytes:
        """Read the next bytes of a frame; the first that are asked for are the two of its head.

        Raises:
            StreamClosedError: The connection is closed, or was closed here since there is no mask.
        """
        data = await super()._read_bytes(n)
        if self._is_at_head:
            self._is_at_head = False
            if not data[1] & MASK_BIT:
                self.close(PROTOCOL_ERROR, "expected a frame with a mask")
                self._abort()
                raise StreamClosedError
        return data


class MaskedWebSocketHandler(WebSocketHandler):
    """The base class of all WebSockets of the public port."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Return the protocol of the connection; None: the client wants a version that there is not."""
        protocol = super().get_websocket_protocol()
        if protocol is None:
            return None
        assert type(protocol) is WebSocketProtocol13, "expected Tornado's only protocol"
        return MaskedProtocol(self, mask_outgoing=False, params=protocol.params)
