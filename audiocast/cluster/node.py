"""This member: which streams have a front, an owner or an edge here, and what it tells and asks others.

The one object of this package that handlers speak to. A server that is alone has one too, with a ring of one:
it forwards and relays nothing, and asks nobody.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from audiocast.cluster.discovery.peers import Discovery
from audiocast.cluster.edge import Edge
from audiocast.cluster.errors import ClusterError, Unreachable
from audiocast.cluster.ingest_relay import MOVED, Front, hear_end
from audiocast.cluster.locate import Locator
from audiocast.cluster.membership import Membership
from audiocast.cluster.page_sender import follow
from audiocast.cluster.peer_client import Dialer
from audiocast.cluster.peer_stream import Link
from audiocast.cluster.relay_receiver import Inlet
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import SourceError, StreamError
from audiocast.stream.hub import Hub
from audiocast.stream.registry import Registry
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()

SOURCE_AWAY_SECONDS = 0.3
"""An owner that has had no source for so long is none; its edges look elsewhere."""


class _Roles:
    """What this member is for one stream."""

    def __init__(self, hub: Hub, node: "Node") -> None:
        self.hub = hub
        self.inlet = Inlet(hub, node.streams.clock.time)
        self.front: Front | None = None
        self.forwarded: Link | None = None
        self.forwarded_since = 0.0
        self.waiting = 0
        self.edge = Edge(
            hub,
            self.inlet,
            has_source=lambda: self.has_audio,
            is_wanted=lambda: bool(self.hub.is_wanted or self.waiting),
            membership=node.membership,
            locator=node.locator,
            dialer=node.dialer,
        )

    @property
    def has_source(self) -> bool:
        """The stream's source comes to this member by another way than from its owner."""
        return self.front is not None or self.forwarded is not None

    @property
    def has_audio(self) -> bool:
        """Likewise, and it is heard: until then the one before goes on."""
        return self.forwarded is not None or (self.front is not None and self.front.has_audio)

    @property
    def is_owner(self) -> bool:
        return self.forwarded is not None or (self.front is not None and self.front.is_owner)

    @property
    def is_idle(self) -> bool:
        return not (self.has_source or self.waiting or self.hub.is_on)


class Node:
    """One member of the cluster.

    Args:
        name: Of this member.
        internal_port: Gives the port where others reach it.
        discovery: Where others may be; None: alone.
        dialer: Speaks to them.
        streams: Of this member.
    """

    def __init__(
        self,
        name: str,
        *,
        internal_port: Callable[[], int],
        discovery: Discovery | None,
        dialer: Dialer,
        streams: Registry,
    ) -> None:
        self.streams = streams
        self.dialer = dialer
        self.is_alone = discovery is None
        self.membership = Membership(
            name,
            internal_port=internal_port,
            discovery=discovery,
            dialer=dialer,
            clock=streams.clock,
            owned=self.owned,
        )
        self.membership.on_change.add(self._settle_conflicts)
        self.locator = Locator(self.membership, dialer)
        self._roles: dict[str, _Roles] = {}
        self.relays = 0
        self.moves = 0
        self.conflicts = 0
        self.bad_signatures = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """Of this member."""
        return self.membership.name

    def owned(self) -> Mapping[str, str]:
        """Give the streams whose source is this member's to give to others, with its source's id."""
        return {
            stream_id: str(roles.hub.source_id)
            for stream_id, roles in self._roles.items()
            if roles.is_owner and roles.hub.source_id is not None
        }

    def owner_of(self, stream_id: str) -> str:
        """Give the name of a stream's owner, as far as this member knows."""
        roles = self._roles.get(stream_id)
        if self.is_alone or roles is None or roles.is_owner:
            return self.name
        if roles.front is not None:
            return roles.front.owner or self.name
        return roles.edge.relays_from or self.name

    def sends_away(self, stream_id: str) -> bool:
        """Say whether the stream's encoder is connected here and should connect anew: this member leaves."""
        roles = self._roles.get(stream_id)
        return self.membership.draining and roles is not None and roles.front is not None

    def owns(self, stream_id: str) -> bool:
        """Say whether this member has the stream's source to give to others."""
        roles = self._roles.get(stream_id)
        return roles is not None and roles.is_owner and roles.hub.is_on

    async def listen(self, stream_id: str, timeout_seconds: float) -> Hub | None:
        """Give a stream that is on, here or elsewhere; None when it did not come in time."""
        if self.is_alone:
            return await self.streams.wait(stream_id, timeout_seconds)
        roles = self._role(self.streams.open(stream_id))
        roles.waiting += 1
        try:
            if not roles.has_audio:
                roles.edge.supply()
            return await self.streams.wait(stream_id, timeout_seconds)
        finally:
            roles.waiting -= 1

    def connect(self, hub: Hub, source: Source) -> Callable[[], None]:
        """Take note of an encoder; give what to call when it is gone."""
        if self.is_alone:
            return lambda: None
        roles = self._role(hub)
        front = Front(hub, source, membership=self.membership, locator=self.locator, dialer=self.dialer)
        if roles.front is not None:
            roles.front.close()
        roles.front = front

        def gone() -> None:
            front.close()
            if roles.front is front:
                roles.front = None
                roles.inlet.left = source.source_id
                if hub.is_wanted:
                    roles.edge.supply()

        return gone

    def source_age_seconds(self, stream_id: str) -> float | None:
        """Say how long ago the source came that this member has to give to others; None: it has none."""
        roles = self._roles.get(stream_id)
        if roles is None or not roles.is_owner:
            return None
        front = roles.front
        since = front.came_at if front is not None and front.is_owner else roles.forwarded_since
        return asyncio.get_running_loop().time() - since

    async def take_forward(
        self, hub: Hub, link: Link, source_id: SourceId, *, generation: int, age_seconds: float
    ) -> None:
        """Be the owner of a source that another member sends, until that ends.

        Args:
            hub: Of its stream.
            link: From its front.
            source_id: Its name.
            generation: Of its key.
            age_seconds: How long ago it came to its front.
        """
        roles = self._role(hub)
        roles.forwarded = link
        roles.forwarded_since = asyncio.get_running_loop().time() - age_seconds
        try:
            await roles.inlet.take(link, source_id, generation=generation)
        except Unreachable as error:
            log.info("forward_lost", stream_id=hub.stream_id, reason=str(error)[:200])
        except (ClusterError, StreamError, OggError) as error:
            log.info("forward_ended", stream_id=hub.stream_id, reason=str(error)[:200])
        finally:
            if roles.forwarded is link:
                roles.forwarded = None
                if hub.is_wanted:
                    roles.edge.supply()

    async def serve_relay(self, hub: Hub, link: Link, source_id: SourceId, had: Position) -> None:
        """Send a stream's pages to an edge until it goes, or until its source is not here any more."""
        roles = self._role(hub)
        hears = asyncio.ensure_future(hear_end(link))
        sends = asyncio.ensure_future(follow(hub, link, source_id=source_id, had=had))
        watch = asyncio.ensure_future(self._while_source(roles))
        tasks = {hears, sends, watch}
        self.relays += 1
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                await link.end(MOVED, "the source of this stream is not here any more")
        finally:
            self.relays -= 1
            link.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _while_source(self, roles: _Roles) -> None:
        """Return when the source has been away for longer than a front needs to connect anew."""
        loop = asyncio.get_running_loop()
        seen_at = loop.time()
        while loop.time() - seen_at < SOURCE_AWAY_SECONDS:
            # A front that has given its stream away keeps its edges: they get all of this source.
            if roles.is_owner or roles.front is not None:
                seen_at = loop.time()
            await asyncio.sleep(0.1)

    def had(self, stream_id: str, source_id: SourceId) -> str:
        """Give the newest page of a source that is here, as text; empty when it is not here."""
        roles = self._roles.get(stream_id)
        if roles is None or roles.inlet.source_id != source_id:
            return ""
        return str(roles.inlet.had or "")

    async def tell_all(self, method: str, target: str, body: object = None) -> list[Any]:
        """Ask every other member the same; give the answers that came."""
        others = self.membership.others
        answers = await asyncio.gather(
            *(self.dialer.ask(member.address, method, target, body) for member in others),
            return_exceptions=True,
        )
        for member, answer in zip(others, answers, strict=True):
            if isinstance(answer, Unreachable):
                self.membership.suspect(member.name, str(answer))
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    def give_away(self) -> None:
        """Move the owned streams to other members: this one is not in the ring any more."""
        self.membership.draining = True
        for roles in self._roles.values():
            self.moves += roles.is_owner
            self._give_away(roles, MOVED, "the owner gives its streams away")

    def come_back(self) -> None:
        """Be in the ring again."""
        self.membership.draining = False

    async def announce(self) -> None:
        """Tell the others at once what they would hear with the next greeting."""
        await self.membership.announce()

    @property
    def fronts(self) -> int:
        """How many encoders are connected here."""
        return sum(roles.front is not None for roles in self._roles.values())

    def let_source_go(self, error: SourceError, count: int) -> None:
        """Send encoders away, so that they connect to another member."""
        fronts = [roles.front for roles in self._roles.values() if roles.front is not None]
        for front in fronts[:count]:
            front.dismiss(error)

    async def start(self) -> None:
        """Find the others."""
        await self.membership.start()

    async def stop(self) -> None:
        """Say goodbye and hang up."""
        for roles in self._roles.values():
            roles.edge.close()
            roles.inlet.close()
            if roles.front is not None:
                roles.front.close()
        await self.membership.stop()
        self.dialer.close()

    def _role(self, hub: Hub) -> _Roles:
        roles = self._roles.get(hub.stream_id)
        if roles is None or roles.hub is not hub:
            self._forget_idle()
            roles = self._roles[hub.stream_id] = _Roles(hub, self)
        return roles

    def _forget_idle(self) -> None:
        for stream_id in [stream_id for stream_id, roles in self._roles.items() if roles.is_idle]:
            self._roles.pop(stream_id).edge.close()

    def _settle_conflicts(self) -> None:
        """Two members own a stream because their views differed: the newer source wins."""
        for member in self.membership.others:
            for stream_id, text in member.owned.items():
                roles = self._roles.get(stream_id)
                mine = roles.hub.source_id if roles is not None and roles.is_owner else None
                if roles is None or mine is None:
                    continue
                try:
                    theirs = SourceId.parse(text)
                except ValueError:
                    continue
                if mine < theirs:
                    self.conflicts += 1
                    log.warning("owner_conflict", stream_id=stream_id, member=member.name)
                    self._give_away(roles, "taken_over", "a newer source has come through another member")

    def _give_away(self, roles: _Roles, code: str, message: str) -> None:
        if roles.forwarded is not None:
            task = asyncio.ensure_future(roles.forwarded.end(code, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif roles.front is not None:
            roles.front.turn()
