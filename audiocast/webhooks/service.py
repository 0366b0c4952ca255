"""Webhooks of one server: what happens to its streams goes to the targets, from `start` to `stop`."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from audiocast.cluster.greeting import ListName
from audiocast.cluster.node import Node
from audiocast.cluster.stream_directory import StreamDirectory
from audiocast.stream.keys import Visibility
from audiocast.webhooks.addresses import AddressRules
from audiocast.webhooks.delivery_queue import DeliveryQueue, QueueLimits
from audiocast.webhooks.event import Event
from audiocast.webhooks.ready_show import Receipts, ready_event
from audiocast.webhooks.sender import Sender
from audiocast.webhooks.successor import Successor
from audiocast.webhooks.target import Target
from audiocast.webhooks.teller import Teller

if TYPE_CHECKING:
    # A server that records nothing loads nothing of it.
    from audiocast.recordings.show_record import ShowRecord

log = structlog.get_logger()

# How often all streams that are on are looked at: who owns them now, and how many listen.
LOOK_SECONDS = 0.5

# How often other members are asked for their listeners, and how much longer for each stream that is on.
COUNT_SECONDS = 10.0
COUNT_SECONDS_PER_STREAM = 0.05

# Nothing is sent before the other members have a copy of what is about to be: should this one be killed, the
# next owner goes on with the same ids. Copies are made within a second.
CLUSTER_DELAY_SECONDS = 2.0

LAST_TRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Plain values from the settings.

    Attributes:
        targets: Who is told, for as long as the process runs.
        rules: Which addresses may be dialled.
        base: "scheme://host" of links; empty: not known.
        grace_seconds: How long a stream is held without a source.
        version: Of the server.
    """

    targets: tuple[Target, ...]
    rules: AddressRules
    base: str
    grace_seconds: float
    version: str


class Webhooks:
    """Tells the targets. Until there are any it does nothing at all.

    Args:
        options: See there.
        node: This member.
        directory: What all members know of streams.

    Attributes:
        counts: By type and outcome, how tries and deliveries have ended so far.
    """

    def __init__(self, options: WebhookOptions, node: Node, directory: StreamDirectory) -> None:
        streams = node.streams
        self.counts: Counter[tuple[str, str]] = Counter()
        self._options = options
        self._node = node
        self._directory = directory
        self._streams = streams
        self._successor = Successor(node, streams.clock.time, grace_seconds=options.grace_seconds)
        self._teller = Teller(streams, node, self._successor, self._tell, self._link)
        self._sender: Sender | None = None
        self._queue: DeliveryQueue | None = None
        self._receipts = Receipts()
        self._more: Mapping[str, Target] = {}
        self._is_started = False
        self._task: asyncio.Task[None] | None = None
        self._counted_at = 0.0
        self._counting: asyncio.Task[None] | None = None
        if options.targets:
            self._prepare()

    @property
    def queued(self) -> int:
        """How many deliveries wait."""
        return self._queue.count if self._queue is not None else 0

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest of them has waited."""
        return self._queue.oldest_seconds if self._queue is not None else 0.0

    def start(self) -> None:
        """Look at streams from now on."""
        self._is_started = True
        if self._queue is not None:
            self._streams.on_live.append(self._teller.note_live)
            self._task = asyncio.ensure_future(self._run())

    def use(self, targets: Mapping[str, Target]) -> None:
        """Tell these targets, too, from now on, and no others but the settings'.

        Args:
            targets: By their names. What waits for one goes on to the one of its name.
        """
        before, self._more = self._more, targets
        if targets and self._queue is None:
            self._prepare()
            if self._is_started:
                self.start()
        for name, target in before.items():
            heir = targets.get(name)
            if self._queue is not None and heir != target:
                self._queue.replace(target, heir)

    def note_refusal(self, stream_id: str, code: str, message: str) -> None:
        """Tell that a source with a good key was refused."""
        if self._queue is not None:
            self._teller.note_refusal(stream_id, code, message)

    def note_ready(self, record: "ShowRecord") -> asyncio.Future[None] | None:
        """Tell that a show is closed, which this member has done; again, with the same id, if asked again.

        Returns:
            What is done when all targets have taken it, or are given up; None: nobody is told.
        """
        targets = (*self._options.targets, *self._more.values())
        if self._queue is None or not targets:
            return None
        try:
            hub = self._streams.get_or_waiting(record.stream_id)
            event = ready_event(
                record,
                visibility=hub.claims.visibility or Visibility.UNLISTED,
                listen_url=self._link(record.stream_id),
                base=self._options.base,
            )
        except Exception:
            # The show is closed all the same.
            log.exception("webhooks_failed", stream_id=record.stream_id)
            return None
        wanting = [target for target in targets if target.wants(event)]
        if not wanting:
            return None
        told = self._receipts.expect(event, len(wanting))
        for target in wanting:
            # Nothing that other members had to know first is in its id.
            self._queue.put(target, event)
        return told

    async def stop(self) -> None:
        """Try once more what waits, then give up. The streams have ended."""
        for task in (self._task, self._counting):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._teller.stop()
        if self._queue is not None:
            await self._queue.close(LAST_TRY_SECONDS)
        if self._sender is not None:
            self._sender.close()

    def _prepare(self) -> None:
        limits = QueueLimits()
        self._sender = Sender(
            self._options.rules, max_requests=limits.under_way, version=self._options.version
        )
        self._queue = DeliveryQueue(self._streams.clock, self._sender.send, self._note, limits=limits)
        self._node.membership.own_lists.entries[ListName.BROADCASTS] = self._teller.facts

    def _tell(self, event: Event) -> None:
        assert self._queue is not None
        delay_seconds = 0.0 if self._node.is_alone else CLUSTER_DELAY_SECONDS
        for target in (*self._options.targets, *self._more.values()):
            if target.wants(event):
                self._queue.put(target, event, delay_seconds=delay_seconds)

    def _note(self, event: Event, outcome: str) -> None:
        self.counts[event.type.value, outcome] += 1
        self._receipts.note(event, outcome)

    def _link(self, stream_id: str) -> str | None:
        return f"{self._options.base}/listen/{stream_id}" if self._options.base else None

    async def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception:
                # A mistake of ours about one stream must not end the news of all others.
                log.exception("webhooks_failed")
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        self._successor.look()
        self._teller.look_at_all()
        for stream_id, facts in self._successor.orphans():
            self._teller.tell_orphan(stream_id, facts)
        owned = self._teller.owned()
        for hub in owned:
            self._teller.note_listeners(hub, max(hub.listeners, hub.record.peak))
        now = self._streams.clock.time()
        pause = COUNT_SECONDS + COUNT_SECONDS_PER_STREAM * len(owned)
        is_counting = self._counting is not None and not self._counting.done()
        if owned and not self._node.is_alone and not is_counting and now - self._counted_at >= pause:
            self._counted_at = now
            self._counting = asyncio.ensure_future(self._count_all())

    async def _count_all(self) -> None:
        """Count the listeners of streams at all members together."""
        elsewhere: Counter[str] = Counter()
        try:
            for snapshot in await self._directory.others_live():
                elsewhere[str(snapshot.get("stream_id"))] += int(snapshot.get("listeners") or 0)
        except (TypeError, ValueError, OverflowError):
            # What a member of another version says; the next count is in ten seconds.
            return
        for hub in self._teller.owned():
            listeners = hub.listeners + elsewhere[hub.stream_id]
            hub.note_listeners(listeners)
            self._teller.note_listeners(hub, listeners)
