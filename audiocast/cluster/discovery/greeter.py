"""Finds out which member is at an address, by greeting it."""

import structlog

from audiocast.cluster.errors import Refused
from audiocast.cluster.greeting import Greeting
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.protocol import MISADDRESSED
from audiocast.cluster.signature.identity import NOBODY, Identity, Recipient

log = structlog.get_logger()

MAX_REASON_CHARACTERS = 200


class Greeter:
    """Greets addresses.

    A greeting is addressed to the process that has answered before. When another one answers that it is not
    meant, whoever is there now is greeted.

    Args:
        client: Sends the greetings.
    """

    def __init__(self, client: PeerClient) -> None:
        self._client = client
        self._identities: dict[str, Identity] = {}
        self._refusing: set[str] = set()

    async def greet(self, address: str, greeting: Greeting) -> Greeting:
        """Return the greeting of the member at an address.

        Raises:
            Refused: It answers with an error. The first one is logged.
            ClusterError: No member has answered with a greeting.
        """
        try:
            answer = await self._ask(address, greeting)
        except Refused as error:
            if address not in self._refusing:
                self._refusing.add(address)
                reason = str(error)[:MAX_REASON_CHARACTERS]
                log.warning("greeting_refused", address=address, reason=reason)
            raise
        self._refusing.discard(address)
        self._identities[address] = answer.identity
        return answer

    def forget(self, address: str) -> None:
        """Forget an address that is greeted no more."""
        self._identities.pop(address, None)
        self._refusing.discard(address)

    async def _ask(self, address: str, greeting: Greeting) -> Greeting:
        request = greeting.build()
        known = self._identities.get(address, NOBODY)
        try:
            sender, body = await self._client.greet(Recipient(address, known), request)
        except Refused as error:
            if error.code != MISADDRESSED:
                raise
            self._identities.pop(address, None)
            sender, body = await self._client.greet(Recipient(address), request)
        return Greeting.parse(body, sender)
