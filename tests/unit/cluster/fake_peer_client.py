"""A peer_client that reaches members of a test's own making, without a network."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from audiocast.cluster.errors import ClusterError, NotListening
from audiocast.cluster.greeting import ChangesRequest, Greeting, ListName
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import CHANGES, PeerRequest
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.cluster.versioned_list import AnnouncedList

# Takes target and body, gives the answer; that to a greeting as `greeting` of the harness makes it.
Answering = Callable[[str, Any], Any]


class FakePeerClient(PeerClient):
    """Answers for each address as the test says; where nobody answers, connections are refused.

    What a member says of its streams in answers to greetings is its list, of which changes are given.

    Attributes:
        answers: By address: what answers there, or the error that comes instead.
        asked: Every question so far but those for changes: address, method, target.
        recipients: Those of the same questions.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answering | ClusterError] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.recipients: list[Recipient] = []
        self._lists: dict[tuple[str, str], dict[ListName, AnnouncedList]] = {}

    async def ask(self, recipient: Recipient, request: PeerRequest) -> Any:
        if request.target.startswith(CHANGES):
            changes = ChangesRequest.parse(dict(parse_qsl(urlsplit(request.target).query)))
            lists = self._lists[recipient.address, recipient.identity.instance]
            return lists[changes.list_name].page_after(changes.cursor).as_json()
        self.recipients.append(recipient)
        self.asked.append((recipient.address, request.method, request.target))
        await asyncio.sleep(0)
        default = NotListening(f"{recipient.address}: Connection refused")
        answer = self.answers.get(recipient.address, default)
        if isinstance(answer, ClusterError):
            raise answer
        return answer(request.target, request.body)

    async def greet(self, recipient: Recipient, request: PeerRequest) -> tuple[Identity, Any]:
        said = await self.ask(recipient, request)
        return self.wire(recipient.address, said)

    def close(self) -> None:
        """There is no connection to close."""

    def wire(self, address: str, said: dict[str, Any]) -> tuple[Identity, Any]:
        """Give a greeting as members send it: who signs it, and its JSON."""
        identity = Identity(said["name"], said["instance"])
        lists = self._lists.setdefault(
            (address, identity.instance), {name: AnnouncedList() for name in ListName}
        )
        lists[ListName.OWNED].update(said["owned"])
        lists[ListName.HLS].update(said.get("packaged", {}))
        greeting = Greeting(
            identity,
            internal_port=said["internal_port"],
            is_draining=said["draining"],
            view=said["view"],
            lists={name: own.summary for name, own in lists.items()},
        )
        return identity, {**greeting.as_json(), **said.get("on_the_wire", {})}
