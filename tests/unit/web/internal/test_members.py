"""Connections with audio between members, where the other member does not wait for the answer."""

import time
from types import SimpleNamespace
from typing import cast

from tornado.iostream import StreamClosedError

from audiocast.cluster.node import AcceptedStream
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.protocol import PeerRequest
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from audiocast.web.internal.members import PeerStreamHandler

FRONT, OWNER = Identity("m0", "f00"), Identity("m1", "f01")
SECRET = "a secret of this test"


class Connection:
    """What a handler detaches.

    Attributes:
        is_gone: The other member has closed it.
        written: What was sent.
    """

    def __init__(self, *, is_gone: bool) -> None:
        self.is_gone = is_gone
        self.written = b""

    def set_nodelay(self, value: bool) -> None:
        assert value

    async def write(self, data: bytes) -> None:
        if self.is_gone:
            raise StreamClosedError
        self.written += data


async def run(connection: Connection) -> list[PeerStream]:
    """Answer a front; give the connections that the node got."""
    request = PeerRequest("POST", "/internal/forward/abc")
    signature = Signer([SECRET], FRONT).sign_request(request, OWNER, time.time())
    check = SimpleNamespace(signer=Signer([SECRET], OWNER))
    handler = SimpleNamespace(
        signature=signature,
        services=SimpleNamespace(node=SimpleNamespace(signature_check=check)),
        detach=lambda: connection,
    )
    got: list[PeerStream] = []

    async def take(peer_stream: PeerStream) -> None:
        got.append(peer_stream)

    await PeerStreamHandler.run(cast(PeerStreamHandler, handler), AcceptedStream({}, take))
    return got


async def test_the_node_gets_a_connection_that_was_answered() -> None:
    connection = Connection(is_gone=False)
    assert len(await run(connection)) == 1
    assert connection.written.startswith(b"HTTP/1.1 200 ")


async def test_who_has_not_waited_for_the_answer_is_no_fault() -> None:
    assert await run(Connection(is_gone=True)) == []
