"""The role *edge*: while somebody listens to a stream here, one copy of its pages comes from its owner.

When the owner is lost, the edge finds the next one and asks it for what comes after the last page that is
here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from audiocast.cluster.errors import ClusterError, Refused, Unreachable
from audiocast.cluster.member import Member
from audiocast.cluster.membership import MAX_REASON_CHARACTERS
from audiocast.cluster.peers import Peers
from audiocast.cluster.relay_receiver import RelayReceiver
from audiocast.cluster.stream_requests import RelayAnswer, RelayRequest
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import StreamError
from audiocast.stream.hub import Hub

log = structlog.get_logger()

# A relay that nobody listens to is kept so long: listeners reload pages, and players reconnect.
LINGER_SECONDS = 10.0

FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 1.0


class Edge:
    """Keeps one hub supplied, as long as it is wanted.

    Args:
        hub: Supplied with pages.
        receiver: Feeds the hub.
        has_source: Returns whether the stream's source is connected here, or is forwarded here.
        is_wanted: Returns whether somebody listens or waits.
        peers: Finds the owner.

    Attributes:
        relays_from: Name of the member that the pages come from now; empty: they come from none.
    """

    def __init__(
        self,
        hub: Hub,
        receiver: RelayReceiver,
        *,
        has_source: Callable[[], bool],
        is_wanted: Callable[[], bool],
        peers: Peers,
    ) -> None:
        self._hub = hub
        self._receiver = receiver
        self._has_source = has_source
        self._is_wanted = is_wanted
        self._peers = peers
        self._task: asyncio.Task[None] | None = None
        self.relays_from = ""

    def supply(self) -> None:
        """Start, unless it is running. It stops by itself when the stream is wanted no more."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    def close(self) -> None:
        """Stop now."""
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
                member = await self._peers.find_holder(self._hub.stream_id, ask_all=ask_all)
                # Greetings tell the rest: a request for a stream that is not there must not make this member
                # ask all others again and again.
                ask_all = False
                if member is not None and await self._relay(member):
                    delay_seconds, ask_all = FIRST_RETRY_SECONDS, True
            await asyncio.sleep(delay_seconds)
            delay_seconds = min(2 * delay_seconds, LAST_RETRY_SECONDS)

    async def _relay(self, member: Member) -> bool:
        """Receive the stream from a member until the connection breaks; return whether any page came."""
        stream_id = self._hub.stream_id
        # What waits for its turn is here too, and is not to come twice.
        self._receiver.process_received()
        resume_point = self._receiver.resume_point
        before = self._hub.source_log.end if self._hub.source_log is not None else 0
        try:
            request = RelayRequest(stream_id, resume_point).build()
            peer_stream, headers = await self._peers.open_stream(member, request)
            if self._has_source() or self._receiver.resume_point != resume_point:
                # Pages have come another way meanwhile, and those that were asked for would be old.
                peer_stream.close()
                return True
            self.relays_from = member.name
            log.info(
                "relay_began",
                stream_id=stream_id,
                member=member.name,
                last_page=str(resume_point.last_page) if resume_point is not None else "",
            )
            watch = asyncio.ensure_future(self._wait_until_unneeded())
            watch.add_done_callback(lambda _: peer_stream.close())
            try:
                answer = RelayAnswer.parse(headers)
                self._hub.muted_source = answer.muted_source
                if answer.visibility is not None:
                    claims = replace(self._hub.claims, visibility=answer.visibility)
                    self._hub.claims = replace(claims, record=answer.record)
                await self._receiver.receive(peer_stream, self._receiver.source_id)
            finally:
                watch.cancel()
        except Unreachable as error:
            if not self._has_source() and self._is_wanted():
                self._log(log.warning, "relay_lost", member, error)
                await self._peers.suspect(member.name, error)
        except Refused as error:
            self._log(log.info, "relay_ended", member, error)
        except (ClusterError, StreamError, OggError) as error:
            self._log(log.warning, "relay_broken", member, error)
        finally:
            self.relays_from = ""
        return self._hub.source_log is not None and self._hub.source_log.end > before

    def _log(self, write: Callable[..., object], event: str, member: Member, error: Exception) -> None:
        reason = str(error)[:MAX_REASON_CHARACTERS]
        write(event, stream_id=self._hub.stream_id, member=member.name, reason=reason)

    async def _wait_until_unneeded(self) -> None:
        loop = asyncio.get_running_loop()
        wanted_at = loop.time()
        while loop.time() - wanted_at < LINGER_SECONDS and not self._has_source():
            if self._is_wanted():
                wanted_at = loop.time()
            await asyncio.sleep(0.25)
