"""The receiver of webhooks: who may tell it something, and how often that is said."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from audiocast.notify import receiver
from audiocast.notify.receiver import MAX_UNDER_WAY, Inbox, application
from audiocast.notify.texts import Message, Wishes
from audiocast.webhooks.event import Event, EventType
from audiocast.webhooks.signature import parse_secret, signed_headers
from tests.support.webhooks.receiver import SECRET

KEY = parse_secret(SECRET)
SHOW = {"title": "Morning", "visibility": "public"}


class Services:
    """Two services that say what they are given, when a test lets them."""

    def __init__(self) -> None:
        self.said: list[tuple[int, str]] = []
        self.broken: set[int] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish(self, message: Message, said: set[int]) -> bool:
        await self.gate.wait()
        for number in {0, 1} - said - self.broken:
            self.said.append((number, message.title))
            said.add(number)
        return len(said) == 2


Post = Callable[..., Any]


@pytest.fixture
async def services() -> Services:
    return Services()


@pytest.fixture
async def post(services: Services) -> AsyncIterator[Post]:
    listening, port = bind_unused_port()
    server = HTTPServer(application(services, [KEY], Wishes()))
    server.add_sockets([listening])
    client = AsyncHTTPClient(force_instance=True)

    async def send(body: bytes, headers: dict[str, str] | None = None, event_id: str = "evt_1") -> int:
        given = signed_headers([KEY], event_id, int(time.time()), body) if headers is None else headers
        url = f"http://127.0.0.1:{port}/"
        answer = await client.fetch(url, method="POST", body=body, headers=given, raise_error=False)
        return answer.code

    yield send
    client.close()
    server.stop()
    await server.close_all_connections()


LIVE = Event(EventType.STREAM_LIVE, "m", "evt_1", 0.0, 1, SHOW).body


async def test_it_is_said_everywhere_once_however_often_it_comes(post: Post, services: Services) -> None:
    for _ in range(3):
        assert await post(LIVE) == 204
    assert sorted(services.said) == [(0, "Morning is on air"), (1, "Morning is on air")]
    assert await post(LIVE, event_id="evt_2") == 204
    assert len(services.said) == 4


async def test_one_that_comes_twice_at_the_same_time_is_said_once(post: Post, services: Services) -> None:
    services.gate.clear()
    both = asyncio.gather(post(LIVE), post(LIVE))
    await asyncio.sleep(0.1)
    services.gate.set()
    assert await both == [204, 204]
    assert len(services.said) == 2


async def test_what_one_service_did_not_say_is_said_there_at_the_next_try(
    post: Post, services: Services
) -> None:
    services.broken = {1}
    assert await post(LIVE) == 503
    services.broken = set()
    assert await post(LIVE) == 204
    assert sorted(number for number, _ in services.said) == [0, 1]


async def test_who_has_not_the_secret_is_refused(post: Post, services: Services) -> None:
    other = signed_headers([b"x" * 24], "evt_1", int(time.time()), LIVE)
    old = signed_headers([KEY], "evt_1", int(time.time()) - 400, LIVE)
    for headers in ({}, other, old):
        assert await post(LIVE, headers) == 401
    assert services.said == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type": 5, "data": {}}', b"[" * 5000, b"\xff"])
async def test_what_is_signed_and_no_event_is_refused(post: Post, body: bytes) -> None:
    assert await post(body) == 400


async def test_what_nobody_wants_to_know_is_taken(post: Post, services: Services) -> None:
    body = json.dumps({"type": "of.later", "data": {}}).encode()
    assert await post(body) == 204
    assert services.said == []


async def test_what_takes_too_long_is_asked_for_again_and_said_once(
    post: Post, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "ANSWER_SECONDS", 0.05)
    services.gate.clear()
    assert await post(LIVE) == 503
    services.gate.set()
    await asyncio.sleep(0.05)
    assert await post(LIVE) == 204
    assert len(services.said) == 2


async def test_a_flood_is_bounded(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "ANSWER_SECONDS", 0.2)
    services.gate.clear()
    inbox = Inbox(services)
    took = await asyncio.gather(*(inbox.handle(f"evt_{number}", Message("a", "b")) for number in range(500)))
    assert not any(took)
    services.gate.set()
    await asyncio.sleep(0.1)
    assert len(services.said) == 2 * MAX_UNDER_WAY
