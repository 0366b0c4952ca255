"""Which member makes a stream's HLS, and its answers, at whichever member a player asks for them.

One HLS muxer for the whole cluster: the numbers and the bytes of segments are then the same everywhere, with
nothing to be agreed on. It stays where it is as long as players ask for it (members tell each other in
greetings; of two muxers the older counts), and a new one is at the stream's owner, or where an owner would
be.

When many players ask for the same at the same time, the other member gets one request.
"""

import asyncio
from dataclasses import dataclass

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.errors import Refused, Unreachable
from audiocast.cluster.membership import Member
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import CONNECT_SECONDS, no_answer, signed_headers
from audiocast.cluster.protocol import HlsRequest, PeerRequest
from audiocast.cluster.signature import Signer

# Longer than the other side may wait, for a stream and then for its next part.
ANSWER_SECONDS = 15.0

# At a time; more wait. Greetings must not wait behind requests that wait for audio, so `PeerClient` counts
# its own.
MAX_REQUESTS = 2_000

MAX_ANSWER_BYTES = 8 * 1024 * 1024


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
        signer: Signs the requests; None when this server is alone and sends none.
        resolver: Looks up the names of hosts; not owned.
    """

    def __init__(self, node: Node, signer: Signer | None, resolver: AddressResolver) -> None:
        self._node = node
        self._signer = signer
        self._http = AsyncHTTPClient(
            force_instance=True, max_clients=MAX_REQUESTS, max_body_size=MAX_ANSWER_BYTES, resolver=resolver
        )
        self._asked: dict[str, asyncio.Task[HlsResponse]] = {}

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
            Refused: No answer in time. A player decides how long an answer takes, and greetings find out
                whether the member is gone.
        """
        built = request.build()
        url = f"http://{member.address}{built.target}"
        task = self._asked.get(url)
        if task is None:
            task = self._asked[url] = asyncio.ensure_future(self._fetch(url, built))
            task.add_done_callback(lambda _: self._asked.pop(url))
        try:
            # One of many players may go; the request is the others' too.
            return await asyncio.shield(task)
        except Unreachable as error:
            self._node.peers.suspect(member.name, error)
            raise

    def close(self) -> None:
        """Close the connections of requests that are not answered yet."""
        self._http.close()

    async def _fetch(self, url: str, request: PeerRequest) -> HlsResponse:
        sent = HTTPRequest(
            url,
            headers=signed_headers(self._signer, request),
            connect_timeout=CONNECT_SECONDS,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            response = await self._http.fetch(sent, raise_error=False)
        except HTTPTimeoutError as error:
            message = "expected audio from another member by now; ask again in a moment"
            raise Refused(503, "no_audio_yet", message) from error
        except (OSError, HTTPClientError) as error:
            raise no_answer(url, error) from error
        headers = response.headers
        return HlsResponse(
            response.code,
            headers.get("Content-Type", "application/octet-stream"),
            headers.get("Cache-Control", "no-store"),
            response.body,
        )
