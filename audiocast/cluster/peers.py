"""The other members as one stream's roles need them: who has a stream, who should have it, and how to ask.

Live streams stay where they are, whatever the ring says (pinned while live). Members list which streams they
own, and the lists are less than a second old. When no member lists a stream, its likely owners are asked in
the ring's order, then every member.

Anybody can make up ids that no member lists, and each would cost every member a question. So questions about
them have a rate, all visitors together, and a client of their own. Without a question left, such a stream is
where nobody knows it, for the second that it takes to be listed.
"""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from audiocast.cluster.errors import (
    ClusterError,
    NoAnswer,
    NotListening,
    PeerSilent,
    Refused,
    Unreachable,
)
from audiocast.cluster.member import Member, OwnedSource
from audiocast.cluster.membership import Membership
from audiocast.cluster.peer_client import PeerAnswer, PeerClient
from audiocast.cluster.peer_stream import SILENCE_SECONDS, PeerStream
from audiocast.cluster.protocol import MISADDRESSED, MemberStreamRequest, PeerRequest, StreamAnswer
from audiocast.cluster.ring import order
from audiocast.cluster.signature.identity import Identity
from audiocast.stream.source_id import SourceId

FIRST_QUESTIONS = 2

# A member that stands still has answered its last greeting longer ago than that when its connections have
# been silent for `SILENCE_SECONDS`; one that goes on is greeted, and answers, twice a second.
ANSWERING_SECONDS = 1.0

# How long a member whose connection broke has to show that it lives. If it is gone, and its host too, its
# streams stand still meanwhile; a host that is there refuses the connection at once.
PROOF_SECONDS = 0.3

# A member that did not answer a question in time is not asked again for so long: the pages of a member whose
# neighbour stands still would all wait for it. Greetings decide meanwhile whether it is gone.
UNASKED_SECONDS = 2.0


# About streams that no member lists, at all visitors' wish together: a question costs the two members about
# 1.4 ms, so these cost a seventh of a core. At first there are more: a member that has just started may have
# missed some.
UNLISTED_PER_SECOND = 100.0
UNLISTED_BURST = 400.0


class QuestionBudget:
    """How many questions about streams that no member lists may be asked now.

    Attributes:
        refusals: How often there was none left.
    """

    def __init__(self) -> None:
        self.refusals = 0
        self._left = UNLISTED_BURST
        self._at = -math.inf

    def spend(self, questions: int) -> bool:
        """Return whether so many may be asked; then they count as asked.

        Args:
            questions: More than there ever are at a time count as all.
        """
        now = asyncio.get_running_loop().time()
        self._left = min(UNLISTED_BURST, self._left + (now - self._at) * UNLISTED_PER_SECOND)
        self._at = now
        questions = min(questions, int(UNLISTED_BURST))
        if questions > self._left:
            self.refusals += 1
            return False
        self._left -= questions
        return True


class Peers:
    """Finds members and asks them.

    Args:
        membership: Who is there.
        client: Sends the requests.
        unlisted_client: Sends questions about streams that no member lists.

    Attributes:
        unlisted: How many of these questions may be asked.
        questions: How many members were asked for a stream so far.
    """

    def __init__(
        self, membership: Membership, client: PeerClient, unlisted_client: PeerClient | None = None
    ) -> None:
        self.membership = membership
        self.questions = 0
        self.unlisted = QuestionBudget()
        self._client = client
        self._unlisted_client = unlisted_client or client
        self._unasked: dict[str, float] = {}
        self._proofs: dict[Identity, asyncio.Task[bool]] = {}

    @property
    def own_name(self) -> str:
        """Name of this member."""
        return self.membership.name

    def owner_for_source(self, stream_id: str) -> Member | None:
        """Return the member that a source should go to; None: this one."""
        membership = self.membership
        holder = self._announced_holder(stream_id)
        if holder is not None and not holder.is_draining:
            return holder
        names = order(stream_id, membership.ring)
        if not names or names[0] == membership.name:
            return None
        return membership.get(names[0])

    async def find_holder(self, stream_id: str, *, ask_all: bool) -> Member | None:
        """Return another member that has the stream's source, or None.

        Args:
            stream_id: A checked id.
            ask_all: Ask every member, when no greeting names the stream and its likely owners have not got
                it.
        """
        announced = self._announced_holder(stream_id)
        if announced is not None:
            return announced
        if not self.unlisted.spend(len(self.membership.others) if ask_all else FIRST_QUESTIONS):
            return None
        by_name = {member.name: member for member in self.membership.others}
        ranked = [by_name[name] for name in order(stream_id, by_name)]
        for member in ranked[:FIRST_QUESTIONS]:
            if await self._has_source(member, stream_id):
                return member
        rest = ranked[FIRST_QUESTIONS:] if ask_all else []
        answers = await asyncio.gather(*(self._has_source(member, stream_id) for member in rest))
        return next((member for member, has in zip(rest, answers, strict=True) if has), None)

    async def open_stream(self, member: Member, request: PeerRequest) -> tuple[PeerStream, Mapping[str, str]]:
        """Open a connection; see `PeerClient.open_stream`. Suspecting the member is left to the caller."""
        return await self._client.open_stream(member.recipient, request)

    async def fetch(self, member: Member, request: PeerRequest) -> PeerAnswer:
        """Send one member a request; see `PeerClient.fetch`."""
        return await self._client.fetch(member.recipient, request)

    def is_listed(self, stream_id: str) -> bool:
        """Return whether another member lists the stream."""
        return any(
            stream_id in member.owned_streams or stream_id in member.hls_streams
            for member in self.membership.others
        )

    async def ask_about_unlisted(self, request: PeerRequest) -> list[Any] | None:
        """Ask every other member about a stream that none lists; None: no question is left.

        Args:
            request: A question about the stream.
        """
        if not self.unlisted.spend(len(self.membership.others)):
            return None
        return await self._ask_all(request, self._unlisted_client)

    async def broadcast(self, request: PeerRequest) -> list[Any]:
        """Send every other member the same request, and return the JSON values of the answers that came.

        Args:
            request: A question (GET) is not sent to members that have just not answered one.
        """
        return await self._ask_all(request, self._client)

    async def suspect(self, name: str, error: Unreachable) -> None:
        """Take a member out of the ring, if its connection's end proves that its process is gone.

        An address that refuses connections proves it. A request that was not answered in time does not, nor
        does a silence in which this member's own loop was late, or the other one answered a greeting: of a
        thousand connections with a busy neighbour one is silent soon, and the neighbour must not be taken
        for dead. Greetings decide these. Other programs break connections, too (a mesh's proxy that is
        replaced, a node's table of connections that overflows), so a member whose connection broke is asked
        first.

        Returns when it is decided, for a broken connection within `PROOF_SECONDS`.
        """
        if isinstance(error, NoAnswer):
            return
        if isinstance(error, PeerSilent):
            if self.membership.was_late(SILENCE_SECONDS) or self.membership.has_answered(
                name, ANSWERING_SECONDS
            ):
                return
        elif not isinstance(error, NotListening):
            member = self.membership.get(name)
            if member is None or await self._is_alive(member) or self.membership.was_late(PROOF_SECONDS):
                return
        self.membership.suspect(name, str(error))

    def close(self) -> None:
        """Close the connections of questions that are not answered yet."""
        for proof in self._proofs.values():
            proof.cancel()
        self._client.close()
        if self._unlisted_client is not self._client:
            self._unlisted_client.close()

    async def _is_alive(self, member: Member) -> bool:
        """Return whether the process of a member answers; all whose connection to it broke ask once."""
        identity = member.recipient.identity
        proof = self._proofs.get(identity)
        if proof is None:
            proof = self._proofs[identity] = asyncio.ensure_future(self._prove(member))
            proof.add_done_callback(lambda _: self._proofs.pop(identity))
        return await asyncio.shield(proof)

    async def _prove(self, member: Member) -> bool:
        try:
            async with asyncio.timeout(PROOF_SECONDS):
                await self._client.ask(member.recipient, self.membership.greeting().build())
        except Refused as error:
            # The member says no, or another process is there now.
            return error.code != MISADDRESSED
        except (ClusterError, TimeoutError):
            return False
        return True

    def _announced_holder(self, stream_id: str) -> Member | None:
        """Return the member whose greeting names the stream; of several, the one with the newest source."""
        owners = [member for member in self.membership.others if stream_id in member.owned_streams]
        return max(owners, key=lambda member: _source_id(member.owned_streams[stream_id]), default=None)

    async def _has_source(self, member: Member, stream_id: str) -> bool:
        if not self._is_asked(member):
            return False
        self.questions += 1
        answer = await self._ask(member, MemberStreamRequest(stream_id).build(), self._unlisted_client)
        return answer is not None and StreamAnswer.parse(answer).is_owned

    async def _ask_all(self, request: PeerRequest, client: PeerClient) -> list[Any]:
        others = self.membership.others
        if request.method == "GET":
            others = [member for member in others if self._is_asked(member)]
        answers = await asyncio.gather(*(self._ask(member, request, client) for member in others))
        return [answer for answer in answers if answer is not None]

    async def _ask(self, member: Member, request: PeerRequest, client: PeerClient) -> Any | None:
        """Return the JSON value of a member's answer; None: it gave none that is a success."""
        try:
            return await client.ask(member.recipient, request)
        except NotListening as error:
            self.membership.suspect(member.name, str(error))
        except NoAnswer:
            self._unasked[member.name] = asyncio.get_running_loop().time() + UNASKED_SECONDS
        except ClusterError:
            pass
        return None

    def _is_asked(self, member: Member) -> bool:
        """Return whether a question to a member makes sense now."""
        until = self._unasked.get(member.name, -math.inf)
        if until <= asyncio.get_running_loop().time():
            self._unasked.pop(member.name, None)
            return True
        return False


def _source_id(text: str) -> SourceId:
    try:
        return OwnedSource.parse(text).source_id
    except ValueError:
        return SourceId(0, 0)
