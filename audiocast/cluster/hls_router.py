"""Which member has a stream's HLS, and its answers, at whichever member they are asked for.

One HLS muxer for the whole cluster: the numbers and the bytes of segments are then the same everywhere, with
nothing to be agreed on. It stays where it is as long as somebody asks for it (members tell each other in
greetings; of two the older counts), and a new one is at the stream's owner, or where an owner would be.

Many who ask the same at the same time, as players of a stream do, are one question to the other member.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

from audiocast.cluster.errors import Refused, Unreachable
from audiocast.cluster.membership import Member
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import CONNECT_SECONDS, signed_headers, why
from audiocast.cluster.signature import Signer

ANSWER_SECONDS = 15.0
"""Longer than the other side may wait, for a stream and then for its next part."""

MAX_QUESTIONS = 2_000
"""At a time; more wait. Not the dialer's: these wait for audio, and greetings must not wait behind them."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A response.

    Attributes:
        status: HTTP status.
        content_type, cache_control: Its headers.
        body: Of the response.
    """

    status: int
    content_type: str
    cache_control: str
    body: bytes


class Packaging:
    """Finds HLS muxers and asks them.

    Args:
        node: This member.
        packaged: Gives the streams that have an HLS muxer here, see `Greeting.packaged`.
        signer: Of this member; None when it is alone.
    """

    def __init__(self, node: Node, packaged: Callable[[], Mapping[str, int]], signer: Signer | None) -> None:
        self._node = node
        node.membership.packaged = packaged
        self._signer = signer
        self._http = AsyncHTTPClient(
            force_instance=True, max_clients=MAX_QUESTIONS, max_body_size=MAX_ANSWER_BYTES
        )
        self._asked: dict[str, asyncio.Task[Answer]] = {}

    def place(self, stream_id: str) -> Member | None:
        """Give the member that has the stream's HLS muxer, or shall have it; None: this one."""
        node = self._node
        if node.is_alone:
            return None
        membership = node.membership
        began = {
            member.name: member.packaged[stream_id]
            for member in membership.others
            if stream_id in member.packaged and not member.draining
        }
        mine = membership.packaged().get(stream_id)
        if mine is not None and not membership.draining:
            began[node.name] = mine
        if began:
            return membership.get(min(began, key=lambda name: (began[name], name)))
        if node.owns(stream_id) and not membership.draining:
            return None
        return node.locator.owner_for_source(stream_id)

    async def ask(self, member: Member, target: str) -> Answer:
        """Ask another member's HLS muxer.

        Args:
            member: Which one.
            target: Path and query on its internal port.

        Raises:
            Unreachable: There is no connection, or it broke. The member is taken for gone.
            Refused: No answer in time. Greetings find out whether it is gone: how long answers take is in the
                hands of those who ask.
        """
        url = f"http://{member.address}{target}"
        task = self._asked.get(url)
        if task is None:
            task = self._asked[url] = asyncio.ensure_future(self._fetch(url, target))
            task.add_done_callback(lambda _: self._asked.pop(url))
        try:
            # One of many who wait may go; the question is the others' too.
            return await asyncio.shield(task)
        except Unreachable as error:
            self._node.membership.suspect(member.name, str(error))
            raise

    def close(self) -> None:
        """Give up what is still open."""
        self._http.close()

    async def _fetch(self, url: str, target: str) -> Answer:
        request = HTTPRequest(
            url,
            headers=signed_headers(self._signer, "GET", target),
            connect_timeout=CONNECT_SECONDS,
            request_timeout=ANSWER_SECONDS,
            follow_redirects=False,
            decompress_response=False,
        )
        try:
            response = await self._http.fetch(request, raise_error=False)
        except HTTPTimeoutError as error:
            message = "expected audio from another member by now; ask again in a moment"
            raise Refused(503, "no_audio_yet", message) from error
        except (OSError, HTTPClientError) as error:
            raise Unreachable(f"{url}: {why(error)}") from error
        headers = response.headers
        return Answer(
            response.code,
            headers.get("Content-Type", "application/octet-stream"),
            headers.get("Cache-Control", "no-store"),
            response.body,
        )
