"""Takes webhooks over HTTP: of this receiver's secret, of the last five minutes, each id once.

It answers when something has been said at all services, so what fails is sent again by the server; then it is
said only where it was not.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from tornado.web import Application, RequestHandler

from audiocast.notify.texts import Message, Wishes, message_of
from audiocast.webhooks.signature import BadWebhook, check_signature

log = structlog.get_logger()

MAX_BODY_BYTES = 65_536

# Sooner than the sender gives up.
ANSWER_SECONDS = 10.0

# Ids that are remembered, about 300 bytes each; and how many are being said at a time.
MAX_REMEMBERED = 10_000
MAX_UNDER_WAY = 100


class Says(Protocol):
    """Where things are said; see `messengers`."""

    async def publish(self, message: Message, said: set[int]) -> bool:
        """See `Messengers.publish`."""


class Inbox:
    """Has each event said once.

    Args:
        messengers: Where.
    """

    def __init__(self, messengers: Says) -> None:
        self._messengers = messengers
        self._said: OrderedDict[str, set[int]] = OrderedDict()
        self._done: OrderedDict[str, None] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[bool]] = {}

    async def handle(self, event_id: str, message: Message) -> bool:
        """Have something said; return whether it has been, now or before.

        Args:
            event_id: Of the event.
            message: What.
        """
        if event_id in self._done:
            return True
        task = self._under_way.get(event_id)
        if task is None:
            if len(self._under_way) >= MAX_UNDER_WAY:
                return False
            task = self._under_way[event_id] = asyncio.ensure_future(self._say(event_id, message))
        done, _ = await asyncio.wait([task], timeout=ANSWER_SECONDS)
        return bool(done) and task.result()

    async def _say(self, event_id: str, message: Message) -> bool:
        said = self._said.setdefault(event_id, set())
        if len(self._said) > MAX_REMEMBERED:
            self._said.popitem(last=False)
        try:
            is_done = await self._messengers.publish(message, said)
        finally:
            del self._under_way[event_id]
        if is_done:
            self._said.pop(event_id, None)
            self._done[event_id] = None
            if len(self._done) > MAX_REMEMBERED:
                self._done.popitem(last=False)
        return is_done


class _WebhookHandler(RequestHandler):
    """`POST /`: one webhook."""

    def initialize(
        self, inbox: Inbox, secrets: Sequence[bytes], wishes: Wishes, now: Callable[[], float]
    ) -> None:
        """Take what it works with."""
        self._inbox, self._secrets, self._wishes, self._now = inbox, secrets, wishes, now

    async def post(self) -> None:
        """Check it, and have it said."""
        try:
            event_id, _ = check_signature(self._secrets, self.request.headers, self.request.body, self._now())
        except BadWebhook as error:
            log.warning("webhook_refused", reason=str(error))
            self._answer(401, str(error))
            return
        event = _parse(self.request.body)
        if event is None:
            self._answer(400, "expected a JSON object with type and data")
            return
        message = message_of(*event, self._wishes)
        if message is not None and not await self._inbox.handle(event_id, message):
            self._answer(503, "not said everywhere yet; send it again")
            return
        self.set_status(204)

    def _answer(self, status: int, message: str) -> None:
        self.set_status(status)
        self.finish({"message": message})


class _HealthHandler(RequestHandler):
    """`GET /health`: this process answers."""

    def get(self) -> None:
        """Say so."""
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish("ok\n")


def application(
    messengers: Says, secrets: Sequence[bytes], wishes: Wishes, now: Callable[[], float] = time.time
) -> Application:
    """Return what answers.

    Args:
        messengers: Where things are said.
        secrets: One of them has signed each webhook.
        wishes: What is to be told.
        now: Unix seconds.
    """
    parts = {"inbox": Inbox(messengers), "secrets": secrets, "wishes": wishes, "now": now}
    return Application(
        [("/", _WebhookHandler, parts), ("/health", _HealthHandler)], log_function=_log_nothing
    )


def _parse(body: bytes) -> tuple[str, dict[str, Any]] | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match payload:
        case {"type": str(event_type), "data": dict(data)}:
            return event_type, data
    return None


def _log_nothing(_: RequestHandler) -> None:
    """Webhooks that are refused are logged by themselves."""
