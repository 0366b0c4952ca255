"""A peer_client that reaches members of a test's own making, without a network."""

import asyncio
from collections.abc import Callable
from typing import Any

from audiocast.cluster.errors import ClusterError, NotListening
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import PeerRequest

# Takes target and body, gives the answer.
Answering = Callable[[str, Any], Any]


class FakePeerClient(PeerClient):
    """Answers for each address as the test says; where nobody answers, connections are refused.

    Attributes:
        answers: By address: what answers there, or the error that comes instead.
        asked: Every question so far: address, method, target.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answering | ClusterError] = {}
        self.asked: list[tuple[str, str, str]] = []

    async def ask(self, address: str, request: PeerRequest) -> Any:
        self.asked.append((address, request.method, request.target))
        await asyncio.sleep(0)
        answer = self.answers.get(address, NotListening(f"{address}: Connection refused"))
        if isinstance(answer, ClusterError):
            raise answer
        return answer(request.target, request.body)
