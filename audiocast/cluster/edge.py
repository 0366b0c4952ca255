"""A stream at its listeners: while somebody here listens to it, one copy of its pages comes from its owner.

When the owner is lost, the next one is found and asked for the page after the last that is here.
"""

import asyncio
from collections.abc import Callable

import structlog

from audiocast.cluster.errors import ClusterError, Refused, Unreachable
from audiocast.cluster.locate import Locator
from audiocast.cluster.membership import Member, Membership
from audiocast.cluster.peer_client import Dialer
from audiocast.cluster.relay_receiver import Inlet
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import StreamError
from audiocast.stream.hub import Hub

log = structlog.get_logger()

RELAY = "/internal/relay/"
LINGER_SECONDS = 10.0
"""A relay that nobody listens to is kept so long: pages are reloaded, players reconnect."""

FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0


class Edge:
    """Keeps one hub supplied, as long as it is wanted.

    Args:
        hub: Of this member.
        inlet: Feeds it.
        has_source: Whether the stream's source is heard here, or is forwarded here.
        is_wanted: Whether somebody listens or waits.
        membership: Who is there.
        locator: Finds the owner.
        dialer: Speaks to it.
    """

    def __init__(
        self,
        hub: Hub,
        inlet: Inlet,
        *,
        has_source: Callable[[], bool],
        is_wanted: Callable[[], bool],
        membership: Membership,
        locator: Locator,
        dialer: Dialer,
    ) -> None:
        self._hub = hub
        self._inlet = inlet
        self._has_source = has_source
        self._is_wanted = is_wanted
        self._membership = membership
        self._locator = locator
        self._dialer = dialer
        self._task: asyncio.Task[None] | None = None
        self.relays_from = ""

    def supply(self) -> None:
        """Begin, if it is not running."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        wanted_at = loop.time()
        delay_seconds = FIRST_RETRY_SECONDS
        ask_all = True
        while True:
            if self._is_wanted():
                wanted_at = loop.time()
            elif loop.time() - wanted_at >= LINGER_SECONDS:
                return
            if self._is_wanted() and not self._has_source():
                member = await self._locator.holder(self._hub.stream_id, ask_all=ask_all)
                # Greetings tell the rest. Who asks for streams that are not there must not make us ask all.
                ask_all = False
                if member is not None and await self._relay(member):
                    delay_seconds, ask_all = FIRST_RETRY_SECONDS, True
            await asyncio.sleep(delay_seconds)
            delay_seconds = min(2 * delay_seconds, LAST_RETRY_SECONDS)

    async def _relay(self, member: Member) -> bool:
        """Take the stream from a member until the link breaks; say whether it brought anything."""
        stream_id = self._hub.stream_id
        known = self._inlet.known
        query = "?origin={}&had={}".format(*known) if known is not None else ""
        before = self._hub.source_log.end if self._hub.source_log is not None else 0
        try:
            link, _ = await self._dialer.link(member.address, RELAY + stream_id + query, {})
            self.relays_from = member.name
            log.info("relay_began", stream_id=stream_id, member=member.name, known=query)
            watch = asyncio.ensure_future(self._watch())
            watch.add_done_callback(lambda _: link.close())
            try:
                await self._inlet.take(link, self._inlet.source_id)
            finally:
                watch.cancel()
        except Unreachable as error:
            if not self._has_source() and self._is_wanted():
                log.warning("relay_lost", stream_id=stream_id, member=member.name, reason=str(error)[:200])
                self._membership.suspect(member.name, str(error))
        except Refused as error:
            log.info("relay_ended", stream_id=stream_id, member=member.name, reason=str(error)[:200])
        except (ClusterError, StreamError, OggError) as error:
            log.warning("relay_broken", stream_id=stream_id, member=member.name, reason=str(error)[:200])
        finally:
            self.relays_from = ""
        return self._hub.source_log is not None and self._hub.source_log.end > before

    async def _watch(self) -> None:
        """Return when the relay is needed no more."""
        loop = asyncio.get_running_loop()
        wanted_at = loop.time()
        while loop.time() - wanted_at < LINGER_SECONDS and not self._has_source():
            if self._is_wanted():
                wanted_at = loop.time()
            await asyncio.sleep(0.25)
