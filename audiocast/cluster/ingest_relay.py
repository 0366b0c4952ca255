"""A source at home: its encoder is connected here, and its pages go to the stream's owner, whoever that is.

The encoder notices nothing of the owners' comings and goings. Its pages are in the log of this member's hub,
so an owner that is new to the stream is sent what it has not got, and then each page as it comes. A front
that is the owner itself sends nothing.
"""

import asyncio
import contextlib
from urllib.parse import quote

import structlog

from audiocast.cluster.errors import ClusterError, Refused
from audiocast.cluster.locate import Locator
from audiocast.cluster.membership import Member, Membership
from audiocast.cluster.page_sender import follow
from audiocast.cluster.peer_client import Dialer
from audiocast.cluster.peer_stream import Kind, Link, ended
from audiocast.stream.errors import SourceError, StreamEnded, TakenOver
from audiocast.stream.hub import Hub
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

log = structlog.get_logger()

RETRY_SECONDS = 0.2
FORWARD = "/internal/forward/"
ORIGIN_HEADER = "Audiocast-Origin"
HAD_HEADER = "Audiocast-Had"
GENERATION_HEADER = "Audiocast-Generation"
TITLE_HEADER = "Audiocast-Title"
RESUME_HEADER = "Audiocast-Resume"
AGE_HEADER = "Audiocast-Age"

MOVED = "moved"
"""END with this code: the owner gives the stream away, and its source shall go to the next one."""

OLDER = "older_source"
"""Refusal of a source that is new but, by its front's clock, older than the one that the owner has."""

FINAL = {"taken_over", "stream_ended", "bad_key", "server_full"}


class Front:
    """Forwards one source for as long as it is connected.

    Args:
        hub: Of this member; the source feeds it.
        source: The encoder's.
        me: Name of this member.
        membership: Who is there.
        locator: Finds the owner.
        dialer: Speaks to it.
    """

    def __init__(
        self,
        hub: Hub,
        source: Source,
        *,
        membership: Membership,
        locator: Locator,
        dialer: Dialer,
    ) -> None:
        self._hub = hub
        self._source = source
        self._membership = membership
        self._locator = locator
        self._dialer = dialer
        self._resumed = False
        self.came_at = asyncio.get_running_loop().time()
        self._turn = asyncio.Event()
        self.owner = ""
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_owner(self) -> bool:
        """This member is the stream's owner, and its source is here."""
        return self.owner == self._membership.name and self._hub.source is self._source

    @property
    def has_audio(self) -> bool:
        """The encoder has sent some."""
        return self._source.has_audio

    def turn(self) -> None:
        """Look for the owner anew: this member gives its streams away, or its view has changed."""
        self._turn.set()

    def dismiss(self, error: SourceError) -> None:
        """Send the encoder away."""
        self._source.dismiss(error)

    def close(self) -> None:
        """The encoder is gone."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            self._turn.clear()
            try:
                await self._forward_once()
            except Refused as error:
                if error.code == OLDER and not self._resumed:
                    self._source.source_id = SourceId.new(newer_than=SourceId.parse(error.message))
                elif error.code in FINAL:
                    self._source.dismiss(_reason(error))
                    return
                elif error.code != MOVED:
                    log.warning("forward_refused", stream_id=self._hub.stream_id, error=str(error)[:200])
                    await asyncio.sleep(RETRY_SECONDS)
            except ClusterError as error:
                log.warning(
                    "owner_lost", stream_id=self._hub.stream_id, member=self.owner, reason=str(error)[:200]
                )
                self._membership.suspect(self.owner, str(error))

    async def _forward_once(self) -> None:
        """Forward to the owner of now; returns when it is time to look again."""
        while not self._source.has_audio:
            await asyncio.sleep(0.02)
        member = self._locator.owner_for_source(self._hub.stream_id)
        if member is None:
            self.owner = self._membership.name
            self._resumed = True
            await self._turn.wait()
            return
        self.owner = member.name
        link, had = await self._connect(member)
        self._resumed = True
        log.info("source_forwarded", stream_id=self._hub.stream_id, member=member.name, had=str(had))
        tasks = [
            asyncio.ensure_future(hear_end(link)),
            asyncio.ensure_future(follow(self._hub, link, source_id=self._source.source_id, had=had)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # The other side's last word counts, before what its closing did to our sending.
            for task in [each for each in tasks if each in done]:
                task.result()
        finally:
            link.close()
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self, member: Member) -> tuple[Link, Position | None]:
        headers = {
            ORIGIN_HEADER: str(self._source.source_id),
            GENERATION_HEADER: str(self._source.generation),
            TITLE_HEADER: quote(self._hub.title, safe=""),
            RESUME_HEADER: "1" if self._resumed else "0",
            AGE_HEADER: f"{asyncio.get_running_loop().time() - self.came_at:.6f}",
        }
        target = FORWARD + self._hub.stream_id
        link, answered = await self._dialer.link(member.address, target, headers)
        had = answered.get(HAD_HEADER, "")
        return link, Position.parse(had) if had else None


async def hear_end(link: Link) -> None:
    """Wait for what the other side has to say, which is only the end.

    Raises:
        Refused: It has ended the link.
        Unreachable: It is gone.
    """
    while True:
        kind, data = await link.receive()
        if kind is Kind.END:
            raise ended(data)


def _reason(error: Refused) -> SourceError:
    kind = StreamEnded if error.code == StreamEnded.code else TakenOver
    return kind(error.message)
