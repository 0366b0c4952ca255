"""A member leaves without being heard: its streams move at once, listeners and encoders one after the other.

A listener or an encoder whose connection is closed connects anew, to another member, and does so by itself;
all at once they would be a storm. A balancer that still sends them here would have them cut again: so
it comes first that this member is not ready. A drain can be undone until its end. A server that is alone does
not drain.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from audiocast.cluster.node import Node
from audiocast.stream.errors import ShuttingDown

log = structlog.get_logger()

TICK_SECONDS = 0.1

# So long the streams may take to be owned by others, before connections of listeners are closed.
MOVE_SECONDS = 3.0

# Part of the time in which no encoder's connection is closed. A stream's state says that its encoder should
# connect anew; an encoder that reads the state does so by itself in this time, and no packet is lost on its
# way.
SOURCES_STAY = 0.5

REPORT_SECONDS = 5.0

# So long balancers may take to learn that this member is not ready: the period of their probes, and the way
# to each of them. Whoever is let go before would come back, and be let go again. It is what `preStopSeconds`
# of the chart is before SIGTERM.
NOTICE_SECONDS = 5.0


class DrainState(StrEnum):
    """How far a drain is."""

    NO = "no"
    DRAINING = "draining"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a drain is, and how many connections are left.

    Attributes:
        state: Not started or undone, under way, or over.
        listeners_left: Listeners that are connected.
        sources_left: Encoders that are connected.
        seconds_left: Time until the end at the latest; 0 when the drain is not under way.
    """

    state: DrainState
    listeners_left: int
    sources_left: int
    seconds_left: float


class Drain:
    """Drains one member.

    Args:
        node: This member.
        seconds: How long the drain may take in all.
        on_change: Called with True when the drain starts, with False when it is undone.

    Attributes:
        done: Set when the drain is over.
    """

    def __init__(self, node: Node, *, seconds: float, on_change: Callable[[bool], None]) -> None:
        self._node = node
        self._seconds = seconds
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._ends_at = 0.0
        self._notice_seconds = 0.0
        self.done = asyncio.Event()

    @property
    def progress(self) -> Progress:
        """How far the drain is now."""
        state, seconds_left = DrainState.NO, 0.0
        if self.done.is_set():
            state = DrainState.DONE
        elif self._task is not None:
            state = DrainState.DRAINING
            seconds_left = max(0.0, self._ends_at - asyncio.get_running_loop().time())
        return Progress(state, self._listeners, self._sources, round(seconds_left, 1))

    def start(self, *, notice_seconds: float = 0.0) -> None:
        """Start, unless the drain is under way or over.

        Args:
            notice_seconds: How long to close no connection, so that balancers learn of it first; at most half
                of the drain's time. 0: they know already, as after a SIGTERM.
        """
        if self._task is None:
            self._notice_seconds = min(notice_seconds, self._seconds / 2)
            log.info("drain_began", seconds=self._seconds, listeners=self._listeners, sources=self._sources)
            self._ends_at = asyncio.get_running_loop().time() + self._seconds
            self._on_change(True)
            self._node.hand_over()
            self._task = asyncio.ensure_future(self._run())

    def undo(self) -> None:
        """Stay in the cluster after all, with the connections that are left."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.done.clear()
            self._node.rejoin()
            self._on_change(False)
            log.info("drain_undone", listeners=self._listeners, sources=self._sources)

    @property
    def _listeners(self) -> int:
        return self._node.streams.counters.listeners

    @property
    def _sources(self) -> int:
        return self._node.connected_sources

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = self._ends_at
        began_at = ends_at - self._seconds
        await self._node.announce()
        await self._node.covers.hand_over(self._seconds)
        while self._node.owned_streams() and loop.time() < min(began_at + MOVE_SECONDS, ends_at):
            await asyncio.sleep(TICK_SECONDS)
        # Also when nobody is connected: somebody may come until balancers know.
        await asyncio.sleep(began_at + self._notice_seconds - loop.time())
        reported_at = began_at
        while (self._listeners or self._sources) and loop.time() < ends_at:
            ticks = max(1.0, (ends_at - loop.time()) / TICK_SECONDS / 2)
            self._close_listeners(math.ceil(self._listeners / ticks))
            if self._sources and loop.time() >= began_at + self._seconds * SOURCES_STAY:
                error = ShuttingDown("this server stops; connect again with the same key")
                self._node.dismiss_sources(error, math.ceil(self._sources / ticks))
            if loop.time() - reported_at >= REPORT_SECONDS:
                reported_at = loop.time()
                left = self.progress
                log.info(
                    "draining",
                    listeners=left.listeners_left,
                    sources=left.sources_left,
                    seconds_left=left.seconds_left,
                )
            await asyncio.sleep(TICK_SECONDS)
        log.info("drain_done", listeners=self._listeners, sources=self._sources)
        self.done.set()

    def _close_listeners(self, count: int) -> None:
        for hub in self._node.streams:
            count -= hub.close_listeners(count)
            if count <= 0:
                return
