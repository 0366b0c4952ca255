"""Which member makes a stream's HLS, and its answers, at whichever member a player asks for them.

One HLS muxer for the whole cluster: the numbers and the bytes of segments are then the same everywhere, with
nothing to be agreed on. It stays where it is as long as players ask for it (members tell each other in
greetings; of two muxers the older counts), and a new one is at the stream's owner, or where an owner would
be.

When many players ask for the same at the same time, the other member gets one request. It names the client of
the first of them, who is charged for an HLS muxer that the request starts. If that client may have no more,
each of the others is asked for anew.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from audiocast.cluster.errors import BadMessage, NoAnswer, Refused, Unreachable
from audiocast.cluster.member import Member
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import CLIENT_HEADER, HLS, PeerRequest
from audiocast.cluster.signature.identity import Recipient

# Longer than the other side may wait, for a stream and then for its next part.
ANSWER_SECONDS = 15.0

# At a time; more wait. They wait for audio, so they have a client of their own.
MAX_REQUESTS = 2_000


# RFC 6585 section 4: the client that the request names may start no more muxers.
OVER_BUDGET = 429

# At most an IPv6 address.
_CLIENT = re.compile("(?:[0-9a-f]{2}){0,16}")


@dataclass(frozen=True, slots=True)
class HlsRequest:
    """`GET /internal/hls/{stream_id}?path=&admitted=`: a file of a stream's HLS, made by the member asked.

    Attributes:
        path: Name of the playlist or of what it lists.
        directives: Delivery directives of the player (RFC 8216bis section 6.2.5), as it sent them.
        client: Who is charged for an HLS muxer that the request starts; empty: nobody.
        is_admitted: The player may have a private stream.
    """

    stream_id: str
    path: str
    directives: Mapping[str, str]
    client: bytes = b""
    is_admitted: bool = False

    def build(self) -> PeerRequest:
        """Return the request. The client is in a header: all who ask for a file have the same target."""
        admitted = {"admitted": "1"} if self.is_admitted else {}
        query = urlencode({"path": self.path, **self.directives, **admitted})
        headers = {CLIENT_HEADER: self.client.hex()} if self.client else {}
        return PeerRequest("GET", f"{HLS.format(stream_id=self.stream_id)}?{query}", headers)

    @classmethod
    def parse(cls, stream_id: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Self:
        """Read the query and the headers of a request.

        Raises:
            BadMessage: The query has no path, or the client is none.
        """
        directives = dict(query)
        path = directives.pop("path", None)
        if path is None:
            raise BadMessage("expected a path, got none")
        is_admitted = directives.pop("admitted", "") == "1"
        client = headers.get(CLIENT_HEADER, "")
        if not _CLIENT.fullmatch(client):
            raise BadMessage(f"expected a client in hexadecimal digits, got {client[:20]!r}")
        return cls(stream_id, path, directives, bytes.fromhex(client), is_admitted)


@dataclass(frozen=True, slots=True)
class HlsResponse:
    """An HTTP response.

    Attributes:
        status: HTTP status.
        content_type, cache_control: Its headers.
        body: Its body.
    """

    status: int
    content_type: str
    cache_control: str
    body: bytes


class HlsRouter:
    """Finds the member that makes a stream's HLS, and asks it.

    Args:
        node: This member.
        client: Sends the requests, for as long as `ANSWER_SECONDS`; closed by `close`.
    """

    def __init__(self, node: Node, client: PeerClient) -> None:
        self._node = node
        self._client = client
        self._asked: dict[tuple[str, str], asyncio.Task[HlsResponse]] = {}

    def member_for(self, stream_id: str) -> Member | None:
        """Return the member that has the stream's HLS muxer, or shall have it; None: this one."""
        node = self._node
        if node.is_alone:
            return None
        membership = node.membership
        first_numbers = {
            member.name: member.hls_streams[stream_id]
            for member in membership.others
            if stream_id in member.hls_streams and not member.is_draining
        }
        mine = node.hls_streams().get(stream_id)
        if mine is not None and not node.is_draining:
            first_numbers[node.name] = mine
        if first_numbers:
            return membership.get(min(first_numbers, key=lambda name: (first_numbers[name], name)))
        if node.owns(stream_id) and not node.is_draining:
            return None
        return node.peers.owner_for_source(stream_id)

    async def ask(self, member: Member, request: HlsRequest) -> HlsResponse:
        """Return the answer of another member's HLS muxer.

        Args:
            member: As `member_for` returns it.
            request: What the player asks for.

        Raises:
            Unreachable: There is no connection, or it broke.
            Unproven: Another program is at the member's address.
            Refused: No answer in time. A player decides how long an answer takes, and greetings find out
                whether the member is gone.
        """
        peers = self._node.peers
        if not peers.is_listed(request.stream_id) and not peers.unlisted.spend(1):
            message = (
                "expected a stream that is on the air, got one that no member lists; ask again in a moment"
            )
            raise Refused(503, "no_audio_yet", message)
        built = request.build()
        key = (member.address, built.target)
        task = self._asked.get(key)
        is_first = task is None
        if task is None:
            task = self._asked[key] = asyncio.ensure_future(self._fetch(member.recipient, built))
            task.add_done_callback(lambda _: self._asked.pop(key))
        try:
            # One of many players may go; the request is the others' too.
            answer = await asyncio.shield(task)
            if answer.status == OVER_BUDGET and not is_first:
                answer = await self._fetch(member.recipient, built)
            return answer
        except Unreachable as error:
            await self._node.peers.suspect(member.name, error)
            raise

    def close(self) -> None:
        """Close the connections of requests that are not answered yet."""
        self._client.close()

    async def _fetch(self, recipient: Recipient, request: PeerRequest) -> HlsResponse:
        try:
            answer = await self._client.fetch(recipient, request)
        except NoAnswer as error:
            message = "expected audio from another member by now; ask again in a moment"
            raise Refused(503, "no_audio_yet", message) from error
        headers = answer.headers
        return HlsResponse(
            answer.status,
            headers.get("Content-Type", "application/octet-stream"),
            headers.get("Cache-Control", "no-store"),
            answer.body,
        )
