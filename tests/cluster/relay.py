"""A TCP connection passed on, both ways, until one side ends it."""

import asyncio
import contextlib
from collections.abc import Callable

HOST = "127.0.0.1"

_READ_BYTES = 65_536


class Relay:
    """Takes the connections of one `asyncio.start_server`.

    Args:
        port: Gives where the next connection goes.
        from_host: Where it comes from there.
        flows: While it is not set nothing comes through, not even the end of a connection.
    """

    def __init__(
        self, port: Callable[[], int], *, from_host: str = HOST, flows: asyncio.Event | None = None
    ) -> None:
        self._port = port
        self._from_host = from_host
        self._flows = flows or asyncio.Event()
        if flows is None:
            self._flows.set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        # Streams log a handler that is cancelled, which is how all of them end.
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.CancelledError):
            await self._flows.wait()
            far_reader, far_writer = await asyncio.open_connection(
                HOST, self._port(), local_addr=(self._from_host, 0)
            )
            with contextlib.closing(far_writer):
                ways = [self._pass_on(reader, far_writer), self._pass_on(far_reader, writer)]
                tasks = [asyncio.ensure_future(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
            await self._flows.wait()
