"""Deliveries: each is an event for a target, tried up to six times within an hour.

Everything is bounded: what waits of all, of a target, of a stream at a target; what is under way of all and
of a target. Where there is no room, the oldest delivery of whoever has most goes: one stream, or one target
that does not answer, takes no other's place.
"""

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

import structlog

from audiocast.stream.clock import Clock, Timer
from audiocast.webhooks.event import Event
from audiocast.webhooks.sender import TryResult
from audiocast.webhooks.target import Target

log = structlog.get_logger()

# Before each try, after the one before.
BACKOFF_SECONDS = (0.0, 5.0, 60.0, 300.0, 900.0, 2_300.0)

# Each wait is shorter by up to so much of it: receivers that come back are not asked by all at once.
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of what waits, deliveries that are under way included, and of what is under way.

    Attributes:
        waiting, waiting_per_target, waiting_per_stream: About 1 KB each; of a stream, at one target.
        under_way, under_way_per_target: Requests at a time: as many as fifty receivers that hang can have,
            so that these keep nobody else waiting.
    """

    waiting: int = 5_000
    waiting_per_target: int = 1_000
    waiting_per_stream: int = 100
    under_way: int = 200
    under_way_per_target: int = 4


@dataclass(slots=True, eq=False)
class _Delivery:
    event: Event
    since: float
    tries: int = 0
    is_over: bool = False


@dataclass(slots=True, eq=False)
class _TargetQueue:
    """The deliveries of one target.

    Attributes:
        target: Whose they are now.
        due: What waits for a try: when, a number, the delivery. What is over is left in it until then.
        streams: By stream, all that are not over, the oldest first.
        count: How many these are.
        under_way: How many of them are being tried.
    """

    target: Target
    due: list[tuple[float, int, _Delivery]] = field(default_factory=list)
    streams: dict[str, dict[_Delivery, None]] = field(default_factory=dict)
    count: int = 0
    under_way: int = 0


class DeliveryQueue:
    """Tries deliveries.

    Args:
        clock: Time and timers.
        send: One try.
        note: Called with the event and how a try, or the delivery, has ended: "delivered", "retried",
            "failed", "gone" or "dropped".
        limits: Bounds.
        chance: Returns a number from 0 to 1.

    Attributes:
        count: How many deliveries wait, or are under way.
    """

    def __init__(
        self,
        clock: Clock,
        send: Callable[[Target, Event], Awaitable[TryResult]],
        note: Callable[[Event, str], None],
        *,
        limits: QueueLimits | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.count = 0
        self._clock = clock
        self._send = send
        self._note = note
        self._limits = limits or QueueLimits()
        self._chance = chance
        self._lines: dict[Target, _TargetQueue] = {}
        self._gone: set[Target] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = count()
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._is_closing = False
        self._empty = asyncio.Event()

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest delivery has waited; 0: none waits."""
        firsts = [next(iter(each)) for line in self._lines.values() for each in line.streams.values()]
        return self._clock.time() - min(first.since for first in firsts) if firsts else 0.0

    def put(self, target: Target, event: Event, *, delay_seconds: float = 0.0) -> None:
        """Deliver an event, at first after a delay."""
        if target in self._gone or self._is_closing:
            self._note(event, "gone" if target in self._gone else "dropped")
            return
        line = self._lines.get(target)
        if line is None:
            line = self._lines[target] = _TargetQueue(target)
        self._make_room(line, event.stream_id)
        now = self._clock.time()
        delivery = _Delivery(event, now)
        line.streams.setdefault(event.stream_id, {})[delivery] = None
        line.count += 1
        self.count += 1
        self._schedule(line, delivery, now + delay_seconds + BACKOFF_SECONDS[0])
        self._pump()

    def replace(self, target: Target, heir: Target | None) -> None:
        """Deliver what waits for a target to the one that is in its place; None: drop it."""
        self._gone.discard(target)
        line = self._lines.pop(target, None)
        if line is None:
            return
        if heir is not None:
            line.target = heir
            self._lines[heir] = line
            return
        dropped = line.count
        self._end_all(line, "dropped")
        if dropped:
            log.warning(
                "webhooks_dropped", target=target.origin, count=dropped, reason="the target was taken out"
            )

    async def close(self, seconds: float) -> None:
        """Try once more what waits, for so long; what is not delivered then is dropped."""
        self._is_closing = True
        now = self._clock.time()
        for line in self._lines.values():
            line.due = [(now, number, each) for _, number, each in line.due]
            heapq.heapify(line.due)
        self._pump()
        if self.count:
            self._empty.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._empty.wait()
            except TimeoutError:
                pass
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        dropped = self.count
        for line in list(self._lines.values()):
            self._end_all(line, "dropped")
        if dropped:
            log.warning("webhooks_dropped", count=dropped, reason="the server stops")

    def _make_room(self, line: _TargetQueue, stream_id: str) -> None:
        limits = self._limits
        mine = line.streams.get(stream_id, {})
        if len(mine) >= limits.waiting_per_stream:
            self._drop_oldest(line, stream_id, "too many of one stream wait")
        elif line.count >= limits.waiting_per_target:
            self._drop_oldest(line, _longest(line), "too many for one target wait")
        elif self.count >= limits.waiting:
            longest = max(self._lines.values(), key=lambda each: each.count)
            self._drop_oldest(longest, _longest(longest), "too many wait")

    def _drop_oldest(self, line: _TargetQueue, stream_id: str, reason: str) -> None:
        delivery = next(iter(line.streams[stream_id]))
        self._end(line, delivery, "dropped")
        log.warning(
            "webhook_dropped",
            target=line.target.origin,
            type=delivery.event.type.value,
            stream_id=stream_id,
            reason=reason,
        )

    def _end_all(self, line: _TargetQueue, outcome: str) -> None:
        for deliveries in list(line.streams.values()):
            for delivery in list(deliveries):
                self._end(line, delivery, outcome)

    def _end(self, line: _TargetQueue, delivery: _Delivery, outcome: str) -> None:
        if delivery.is_over:
            return
        delivery.is_over = True
        stream_id = delivery.event.stream_id
        deliveries = line.streams[stream_id]
        del deliveries[delivery]
        if not deliveries:
            del line.streams[stream_id]
        line.count -= 1
        self.count -= 1
        self._note(delivery.event, outcome)
        self._forget_if_idle(line)
        if not self.count:
            self._empty.set()

    def _forget_if_idle(self, line: _TargetQueue) -> None:
        if not line.count and not line.under_way and self._lines.get(line.target) is line:
            del self._lines[line.target]

    def _schedule(self, line: _TargetQueue, delivery: _Delivery, at: float) -> None:
        heapq.heappush(line.due, (at, next(self._numbers), delivery))

    def _pump(self) -> None:
        """Begin what is due and has a place, a delivery of each target in turn; wait for what is not due."""
        now, next_at = self._clock.time(), None
        limits = self._limits
        has_begun = True
        while has_begun and len(self._tasks) < limits.under_way:
            has_begun, next_at = False, None
            for target, line in list(self._lines.items()):
                while line.due and line.due[0][2].is_over:
                    heapq.heappop(line.due)
                if not line.due or line.under_way >= limits.under_way_per_target:
                    continue
                at = line.due[0][0]
                if at > now:
                    next_at = at if next_at is None else min(at, next_at)
                elif len(self._tasks) < limits.under_way:
                    self._begin(target, line, heapq.heappop(line.due)[2])
                    has_begun = True
        self._wake_at(next_at)

    def _wake_at(self, at: float | None) -> None:
        if self._timer is not None:
            if at == self._timer_at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer_at = at
            self._timer = self._clock.call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._pump()

    def _begin(self, target: Target, line: _TargetQueue, delivery: _Delivery) -> None:
        line.under_way += 1
        # The others come first the next time.
        self._lines[target] = self._lines.pop(target)
        task = asyncio.ensure_future(self._try(target, line, delivery))
        self._tasks.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._tasks.discard(ended)
            line.under_way -= 1
            self._forget_if_idle(line)
            if not ended.cancelled():
                self._pump()

        task.add_done_callback(done)

    async def _try(self, target: Target, line: _TargetQueue, delivery: _Delivery) -> None:
        answer = await self._send(target, delivery.event)
        delivery.tries += 1
        if delivery.is_over:
            # It had to make room meanwhile.
            return
        if answer.is_delivered:
            self._end(line, delivery, "delivered")
        elif answer.is_gone and target == line.target:
            self._give_up_target(line, answer)
        elif delivery.tries >= len(BACKOFF_SECONDS):
            log.warning("webhook_given_up", **_shown(line, delivery), reason=answer.reason)
            self._end(line, delivery, "failed")
        elif self._is_closing:
            self._end(line, delivery, "dropped")
        else:
            wait = BACKOFF_SECONDS[delivery.tries] * (1 - JITTER * self._chance())
            self._note(delivery.event, "retried")
            log.warning(
                "webhook_not_delivered",
                **_shown(line, delivery),
                reason=answer.reason,
                next_try_seconds=round(wait),
            )
            self._schedule(line, delivery, self._clock.time() + wait)

    def _give_up_target(self, line: _TargetQueue, answer: TryResult) -> None:
        self._gone.add(line.target)
        log.warning(
            "webhook_target_gone",
            target=line.target.origin,
            reason=answer.reason,
            dropped=line.count,
            hint="it is told nothing more until the server is started again",
        )
        self._end_all(line, "gone")


def _shown(line: _TargetQueue, delivery: _Delivery) -> dict[str, str | int]:
    """Return what a line of the log says of a delivery."""
    return {
        "target": line.target.origin,
        "type": delivery.event.type.value,
        "webhook_id": delivery.event.event_id,
        "tries": delivery.tries,
    }


def _longest(line: _TargetQueue) -> str:
    return max(line.streams, key=lambda stream_id: len(line.streams[stream_id]))
