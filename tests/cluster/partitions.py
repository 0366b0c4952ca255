"""The network between members, to be cut: one TCP relay for each direction of each pair.

A cut drops: connections stay open and new ones are taken, but nothing comes through, not even their end. When
it is mended, what was under way arrives late, as after TCP's retransmissions.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from itertools import permutations
from types import TracebackType
from typing import Self

from tests.cluster.loop_thread import LoopThread
from tests.cluster.relay import HOST, Relay

# Where relayed connections come from. Members listen on another address, so the one that they learn from a
# greeting is refused, and only the relays lead from one to the other.
OUTER_HOST = "127.0.0.9"


class PartitionedNetwork:
    """All relays between some members, while the `with` block runs.

    Args:
        ports: Internal ports of the members, by name.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._relay_ports: dict[tuple[str, str], int] = {}
        self._flows = {pair: asyncio.Event() for pair in permutations(ports, 2)}
        self._servers: list[asyncio.Server] = []
        self._thread = LoopThread()

    def __enter__(self) -> Self:
        self._thread.__enter__()
        self._thread.call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.call(self._stop_listening())
        self._thread.__exit__(kind, error, trace)

    def peers_of(self, name: str) -> str:
        """Give a member's `PEERS`: all others, over the network that can be cut."""
        ports = [port for (near, _), port in self._relay_ports.items() if near == name]
        return ",".join(f"{HOST}:{port}" for port in ports)

    def cut(self, name: str, *others: str) -> None:
        """Cut a member off from others, from all unless they are named."""
        self._thread.call(self._let_flow(name, others, flows=False))

    def mend(self, name: str, *others: str) -> None:
        """Undo it."""
        self._thread.call(self._let_flow(name, others, flows=True))

    async def _let_flow(self, name: str, others: tuple[str, ...], *, flows: bool) -> None:
        for pair, event in self._flows.items():
            if name in pair and (not others or set(pair) & set(others)):
                event.set() if flows else event.clear()

    async def _listen(self) -> None:
        for pair, flows in self._flows.items():
            flows.set()
            relay = Relay(partial(self._ports.__getitem__, pair[1]), from_host=OUTER_HOST, flows=flows)
            server = await asyncio.start_server(relay, HOST, 0)
            self._servers.append(server)
            self._relay_ports[pair] = server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
